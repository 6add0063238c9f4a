"""The controller's command line, as a person on call uses it, and sites that answer health checks."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import paths, process

CTL = Path(os.environ.get("WPD_CTL", paths.TARGET / "wp-dynamodb-ctl"))
EAST, WEST = paths.REGIONS
# Whatever a command says, it never says this.
SECRET = "a-secret-access-key"


class Ctl:
    """Runs `wp-dynamodb-ctl` against a lab. What each command says is looked through for secrets."""

    def __init__(self, ports: paths.Ports, control_table: str):
        self.control_table = control_table
        self.secrets = [SECRET]
        self.env = process.base_env() | {
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true", "USER": "jo",
            "WP_DYNAMODB_CONTROL_TABLE": control_table,
            "WP_DYNAMODB_ENDPOINTS": ",".join(f"{r}=http://127.0.0.1:{ports.dynamodb(r)}" for r in paths.REGIONS),
            "WP_DYNAMODB_SSM_ENDPOINTS": ",".join(f"{r}=http://127.0.0.1:{ports.ssm(r)}" for r in paths.REGIONS),
        }

    def command(self, *arguments: str) -> list[str]:
        return [str(CTL), *arguments]

    def run(self, *arguments: str, code: int = 0, stdin: str | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        done = subprocess.run(
            self.command(*arguments), env=self.env | (env or {}), capture_output=True, text=True, timeout=60, check=False, input=stdin,
        )
        print(done.stdout, done.stderr)
        for secret in self.secrets:
            assert secret not in done.stdout + done.stderr
        assert done.returncode == code, done.stderr
        return done

    def json(self, *arguments: str, **options) -> dict | list:
        """Standard output is one JSON document and nothing else."""
        return json.loads(self.run("--json", *arguments, **options).stdout)


class Answers(BaseHTTPRequestHandler):
    """`/healthz` of a site."""

    def do_GET(self) -> None:
        status, body = self.server.answers.get(self.path.split("?")[0], (404, b"FAIL"))
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Sites:
    """Public health checks of both Regions, each at an address of its own."""

    def __init__(self) -> None:
        self.servers = {}
        for region in paths.REGIONS:
            server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
            server.answers = {"/healthz": (200, b"OK\n")}
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self.servers[region] = server

    def answer(self, region: str, status: int, body: bytes) -> None:
        self.servers[region].answers["/healthz"] = (status, body)

    @property
    def urls(self) -> str:
        return ",".join(f"{region}=http://127.0.0.1:{server.server_port}/healthz?level=region" for region, server in self.servers.items())


@contextmanager
def sites() -> Iterator[Sites]:
    made = Sites()
    try:
        yield made
    finally:
        for server in made.servers.values():
            server.shutdown()
            server.server_close()
