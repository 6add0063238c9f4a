"""PHP behind another server than php-fpm: asked over HTTP, with the same settings, in one Region of the lab."""

import os
import time
from pathlib import Path
from urllib.parse import urlencode

import requests

from . import paths, process, wait
from .fastcgi import Response
from .fpm import extension_ini, ini_text, installed_extension, lab_env, server_ini


class WebServer:
    """What Apache and PHP's own server have in common. The pages are those of `docroot`."""

    def __init__(self, name: str, run: Path, ports: paths.Ports, region: str, *, docroot: Path, port: int, ini: dict[str, str] | None = None):
        self.name, self.region, self.docroot, self.port = name, region, docroot, port
        self.run = run / "web" / name
        self.php_log = self.run / "log" / "php.log"
        self.ini = self.run / "php.ini"
        for folder in (self.run / "state", self.run / "log"):
            paths.give_to_web_user(folder)
        library = installed_extension(run)
        settings = server_ini(self.php_log) | {"extension": str(library)} | extension_ini(ports, region)
        settings |= {"wp_dynamodb.state_file": str(self.run / "state" / "region.json")} | (ini or {})
        self.ini.write_text(ini_text(settings))
        self.env = lab_env(region)
        self.daemon = process.Daemon(f"web-{name}", run)

    def stop(self) -> None:
        self.daemon.stop()

    @property
    def logs(self) -> list[Path]:
        return [self.daemon.log, self.php_log]

    def pids(self) -> list[int]:
        """The processes that answer requests."""
        master = self.daemon.pid
        return process.children(master) if master else []

    def get(self, page: str, cookies: dict[str, str] | None = None, timeout: float = 30, **query: object) -> Response:
        """As Fpm.get(), through the server's port; each on a connection of its own, which any process may take."""
        headers = {"Connection": "close"}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        began = time.monotonic()
        with requests.Session() as http:
            http.trust_env = False
            answer = http.get(f"http://127.0.0.1:{self.port}/{page}?{urlencode(query)}", headers=headers, timeout=timeout)
        return Response(answer.status_code, list(answer.headers.items()), answer.text, seconds=time.monotonic() - began)

    def answers(self) -> bool:
        try:
            return self.get("session.php", timeout=5, do="none").status == 200
        except requests.ConnectionError:
            return False

    def regions(self, workers: int) -> dict[int, str]:
        """The active Region as each of so many processes sees it, by pid."""
        seen: dict[int, str] = {}

        def every_worker() -> bool:
            answer = self.get("session.php", do="none", boot=20).json()
            seen[answer["pid"]] = answer["region"]
            return len(set(self.pids()) & set(seen)) >= workers

        wait.until(every_worker, what=f"an answer of {workers} processes of {self.name}", timeout=20, logs=self.logs, every=0)
        return seen

    def kill_one(self) -> int:
        """`kill -9` of one process that answers requests."""
        pid = self.pids()[0]
        os.kill(pid, 9)
        wait.until(lambda: pid not in self.pids(), what=f"end of {pid}", timeout=10)
        return pid
