"""Compose's containers, asked and moved with Docker's own command line."""

import os
import subprocess
import tempfile
from pathlib import Path


class Containers:
    def __init__(self) -> None:
        self._docker = os.environ["DOCKER"]
        self._project = os.environ["COMPOSE_PROJECT_NAME"]
        self.site = f"http://127.0.0.1:{os.environ['PORT']}"

    def _run(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run([self._docker, *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=False)
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(arguments)}: code {done.returncode}: {done.stdout[-500:]}{done.stderr[-1500:]}")
        return done

    def compose(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess:
        return self._run("compose", *arguments, stdin=stdin, check=check)

    def inspect(self, service: str, template: str) -> str:
        return self._run("inspect", "--format", template, self._container(service)).stdout.strip()

    def inside(self, service: str, *command: str) -> str:
        return self.compose("exec", "-T", service, *command).stdout.strip()

    def ctl(self, *arguments: str) -> tuple[int, str]:
        done = self.compose("run", "--rm", "-T", "ctl", *arguments, check=False)
        return done.returncode, done.stdout + done.stderr

    def start(self, service: str, environment: dict[str, str]) -> tuple[int, str]:
        """One more container of a service, which is expected to end by itself."""
        variables = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        done = self.compose("run", "--rm", "-T", "--no-deps", *variables, service, check=False)
        return done.returncode, done.stdout + done.stderr

    # Networks

    def disconnect(self, network: str, service: str) -> str:
        """Takes a container off a network at once, whatever is under way; returns what was named."""
        link = (f"{self._project}_{network}", self._container(service))
        self._run("network", "disconnect", *link)
        return " ".join(link)

    def connect(self, network: str, service: str) -> None:
        self._run("network", "connect", f"{self._project}_{network}", self._container(service))

    def _container(self, service: str) -> str:
        return f"{self._project}-{service}-1"

    # The controller

    def invoke(self, event: str, region: str) -> str:
        """Takes the program out of its image and has the lab invoke it; says what became of it."""
        lambda_image, lab_image = os.environ["LAMBDA_IMAGE"], os.environ["LAB_IMAGE"]
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            created = self._run("create", lambda_image).stdout.strip()
            self._run("cp", f"{created}:/var/runtime/bootstrap", f"{folder}/bootstrap")
            self._run("rm", created)
            done = self._run(
                "run", "--rm", "--interactive", "--network", f"container:{self._container('lab')}", "--volume", f"{folder}/bootstrap:/opt/bootstrap:ro",
                "--entrypoint", "wp-dynamodb-lab", lab_image, "lambda", "--bootstrap", "/opt/bootstrap", "--event", "-", "--region", region, "--port", "18700",
                # There are no addresses of sites and no alarms here: DynamoDB alone is looked at.
                "--env", "WP_DYNAMODB_QUORUM=1",
                stdin=event, check=False,
            )
        return done.stdout + done.stderr
