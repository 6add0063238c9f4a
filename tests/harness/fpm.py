"""One php-fpm master with its workers: what a container of one Region is in production."""

import os
import shutil
import signal
import stat
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from . import doors, fastcgi, paths, process, wait

PROBE = Path(__file__).parent / "php" / "probe.php"
# Who sends it with a health check gets details.
HEALTHZ_SECRET = "lab-healthz-secret"


def extension_ini(ports: paths.Ports, home: str, by_name: bool = False) -> dict[str, str]:
    """The extension's settings that point a host of Region `home` at the lab: local doors of its own Region, remote doors of the others."""

    def endpoints(service: str) -> str:
        return ",".join(f"{r}={doors.url(ports, service, r, remote=r != home, by_name=by_name)}" for r in paths.REGIONS)

    return {
        "session.save_handler": "dynamodb",
        "wp_dynamodb.regions": ",".join(paths.REGIONS),
        "wp_dynamodb.endpoints": endpoints("dynamodb"),
        "wp_dynamodb.ssm_endpoints": endpoints("ssm"),
        "wp_dynamodb.region_parameter": paths.PARAMETER,
        "wp_dynamodb.table": paths.TABLE,
    }


def server_ini(log: Path) -> dict[str, str]:
    """What a server sets for PHP: what a page may take, where its errors go, and what Debian sets."""
    return {
        "error_log": str(log), "log_errors": "1", "display_errors": "0", "error_reporting": "32767",
        "memory_limit": "256M", "opcache.enable": "1", "opcache.validate_timestamps": "1", "opcache.revalidate_freq": "0",
        "session.gc_probability": "0",
    }


def ini_text(ini: dict[str, str]) -> str:
    return "".join(f'{name} = "{value}"\n' for name, value in ini.items())


def lab_env(region: str) -> dict[str, str]:
    """The environment of a container in one Region, with the lab's credentials."""
    return {
        "AWS_REGION": region, "AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab", "AWS_EC2_METADATA_DISABLED": "true",
        "WP_DYNAMODB_HEALTHZ_SECRET": HEALTHZ_SECRET,
    }


def installed_extension(folder: Path, build: Path = paths.EXTENSION) -> Path:
    """A copy of the extension that php-fpm's user can read. Replaced by rename: running workers keep the file they mapped."""
    target = folder / "lib" / "wp_dynamodb.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not build.is_file():
        raise RuntimeError(f"{build} is missing: build it first (make build)")
    new = target.with_suffix(".new")
    shutil.copyfile(build, new)
    new.chmod(0o644)
    new.replace(target)
    return target


class Fpm:
    def __init__(
        self, name: str, run: Path, ports: paths.Ports, region: str, *, docroot: Path, workers: int = 2,
        ini: dict[str, str] | None = None, env: dict[str, str] | None = None, extension: bool = True, build: Path | None = None, health_workers: int = 0,
        names: bool = False, max_requests: int = 0,
    ):
        self.name, self.region, self.docroot, self.workers, self.health_workers = name, region, docroot, workers, health_workers
        # After so many requests a worker ends and another one begins; 0: never.
        self.max_requests = max_requests
        self.run = run / "fpm" / name
        self.socket = self.run / "fpm.sock"
        # A pool of its own for health checks and status pages, under the same master: it answers while the site's workers all wait.
        self.health_socket = self.run / "health.sock" if health_workers else self.socket
        self.state_file = self.run / "state" / "region.json"
        self.php_log = self.run / "log" / "php.log"
        # Settings of the virtual host that the next requests go to, as a web server hands them over.
        self.vhost: dict[str, str] = {}
        self._daemon = process.Daemon(f"fpm-{name}", run)
        # By name, faults of kind "dns" reach this host; it lives in the lab's world of names then.
        self._named_by = run if names else None
        self._env = {**lab_env(region), **(env or {})}
        self._ini = server_ini(self.php_log)
        if extension:
            library = installed_extension(self.run, build) if build else installed_extension(run)
            self._ini |= {"extension": str(library)} | extension_ini(ports, region, names) | {"wp_dynamodb.state_file": str(self.state_file)}
        else:
            sessions = self.run / "sessions"
            self._ini |= {"session.save_handler": "files", "session.save_path": str(paths.give_to_web_user(sessions))}
        self._ini |= ini or {}
        for folder in (self.run / "state", self.run / "log"):
            paths.give_to_web_user(folder)

    # Life

    def start(self) -> "Fpm":
        ini, conf = self.run / "php.ini", self.run / "fpm.conf"
        ini.write_text(ini_text(self._ini))
        conf.write_text(self._conf())
        shutil.copyfile(PROBE, self.run / PROBE.name)
        self.socket.unlink(missing_ok=True)
        self.health_socket.unlink(missing_ok=True)
        command = [*paths.PHP_FPM, "--nodaemonize", "--force-stderr", "--php-ini", str(ini), "--fpm-config", str(conf)]
        if self._named_by:
            command = doors.wrap(self._named_by, command)
        self._daemon.start(command, env=self._env, ready=self._is_up)
        return self

    def stop(self) -> None:
        self._daemon.stop()

    def kill(self) -> None:
        self._daemon.kill()

    def restart(self) -> "Fpm":
        self.stop()
        return self.start()

    def _is_up(self) -> bool:
        return self.socket.exists() and self.health_socket.exists() and len(self._children()) >= self.workers + self.health_workers

    def pause(self) -> None:
        """Freezes the host as it is: nobody polls, nobody answers."""
        for pid in self._children():
            process.send(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in self._children():
            process.send(pid, signal.SIGCONT)

    def kill_workers(self, pids: Iterable[int] | None = None) -> None:
        """`kill -9` of these workers, or of all; waits for those that come in their place. (One that has not quite died may still accept.)"""
        dead = set(self.pids() if pids is None else pids)
        for pid in dead:
            process.send(pid, signal.SIGKILL)
        wait.until(
            lambda: not dead & set(self.pids()) and len(self.pids()) >= self.workers,
            what=f"new workers of {self.name}", timeout=15, logs=self.logs, every=0.01,
        )

    def reload(self) -> None:
        """As `systemctl reload php-fpm`: the master starts anew in its place, with the settings as they are now."""
        master = self._daemon.pid
        before = self.pids()
        os.kill(master, signal.SIGUSR2)
        wait.until(
            lambda: not set(before) & set(self.pids()) and len(self.pids()) >= self.workers,
            what=f"reload of {self.name}", timeout=15, logs=self.logs,
        )

    def _conf(self) -> str:
        return f"""[global]
daemonize = no
error_log = {self.run}/log/fpm.log
log_level = notice
; A reload lets the workers finish the request they have; php-fpm's default of 0 cuts it.
process_control_timeout = 10

{self._pool("site", self.socket, self.workers)}
{self._pool("health", self.health_socket, self.health_workers) if self.health_workers else ""}"""

    def _pool(self, name: str, socket: Path, workers: int) -> str:
        env = "".join(f'env[{name}] = "{value}"\n' for name, value in self._env.items() if value)
        return f"""[{name}]
user = {paths.WEB_USER}
group = {paths.WEB_USER}
listen = {socket}
listen.owner = {paths.WEB_USER}
listen.group = {paths.WEB_USER}
listen.mode = 0660
pm = static
pm.max_children = {workers}
pm.max_requests = {self.max_requests}
clear_env = yes
catch_workers_output = yes
decorate_workers_output = no
request_terminate_timeout = 60
{env}"""

    # What it is doing

    @property
    def logs(self) -> list[Path]:
        return [self._daemon.log, self.run / "log" / "fpm.log", self.php_log]

    @property
    def master(self) -> int | None:
        return self._daemon.pid

    def pids(self) -> list[int]:
        """The site's workers that are alive."""
        return [pid for pid in self._children() if not process.title(pid).endswith("pool health")]

    def _children(self) -> list[int]:
        return process.children(self.master) if self.master else []

    @staticmethod
    def anonymous_kib(pid: int) -> int:
        """The worker's own memory: what it shares with the master does not count."""
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))

    def probe(self, wait_ms: int = 0) -> dict:
        """One worker's pid and active Region."""
        return self._ask(self.run, PROBE.name, {"wait": wait_ms}, {}, 30).json()

    def status(self) -> dict:
        """One worker's wp_dynamodb_status()."""
        return self._ask(self.run, PROBE.name, {"status": 1}, {}, 30).json()["status"]

    def metrics(self) -> dict:
        """The host's wp_dynamodb_metrics()."""
        return self._ask(self.run, PROBE.name, {"metrics": 1}, {}, 30).json()["metrics"]

    def active_regions(self) -> dict[int, str]:
        """The active Region as each worker sees it, by pid. Asks until every worker has answered."""
        seen: dict[int, str] = {}

        def every_worker() -> bool:
            with ThreadPoolExecutor(self.workers) as pool:
                for answer in pool.map(lambda _: self.probe(10), range(self.workers)):
                    seen[answer["pid"]] = answer["active"]
            return set(self.pids()) <= set(seen)

        wait.until(every_worker, what=f"an answer of each worker of {self.name}", timeout=20, logs=self.logs, every=0)
        return seen

    def follows(self, region: str) -> bool:
        return set(self.active_regions().values()) == {region}

    # Requests

    def get(self, page: str, cookies: dict[str, str] | None = None, timeout: float = 30, **query: object) -> fastcgi.Response:
        """Asks for a page of the docroot ("read.php"), as nginx would."""
        return self._ask(self.docroot, page, query, cookies or {}, timeout)

    def _ask(self, docroot: Path, page: str, query: dict, cookies: dict[str, str], timeout: float) -> fastcgi.Response:
        text = urlencode(query)
        params = {
            "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "harness", "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "GET",
            "DOCUMENT_ROOT": str(docroot), "SCRIPT_NAME": f"/{page}", "SCRIPT_FILENAME": str(docroot / page),
            "REQUEST_URI": f"/{page}?{text}", "QUERY_STRING": text,
        }
        if self.vhost:
            params["PHP_ADMIN_VALUE"] = "\n".join(f"{name}={value}" for name, value in self.vhost.items())
        if cookies:
            params["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        started = time.monotonic()
        try:
            response = fastcgi.request(self.socket, params, timeout=timeout)
        except TimeoutError as error:
            raise wait.Timeout(f"{self.name}: no answer to {page} within {timeout:g} s{wait.tails(self.logs)}") from error
        response.seconds = time.monotonic() - started
        return response


def publish(source: Path, target: Path) -> Path:
    """Copies a folder of pages to where php-fpm's user can read it."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if stat.S_ISDIR(path.stat().st_mode) else 0o644)
    return target
