"""A WordPress site in two Regions on one machine: one database, a php-fpm host and a vhost per Region, a front before them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from . import paths, process, wait
from .fpm import Fpm
from .mariadb import MariaDb
from .nginx import Nginx
from .wordpress import ADMIN, WordPress


class Site:
    def __init__(
        self, run: Path, ports: paths.Ports, *, workers: int = 4, ini: dict[str, str] | None = None, extension: bool = True
    ):
        self.run, self.ports = run, ports
        self.wordpress = WordPress(run, ports)
        self.database = MariaDb(run, self.wordpress.secrets["database"])
        # Each php-fpm stands for a host: its own environment, shared memory and state file.
        self.hosts = {
            region: Fpm(f"site-{region}", run, ports, region, docroot=self.wordpress.docroot, workers=workers, ini=ini, extension=extension)
            for region in paths.REGIONS
        }
        self.nginx = Nginx(run, ports, self.wordpress.docroot, self.hosts, self.wordpress.healthz)
        self.user, self.password = ADMIN, self.wordpress.password

    def start(self, progress=lambda step: None) -> "Site":
        progress("MariaDB")
        self.database.start()
        progress("WordPress's files")
        self.wordpress.copy()
        self.wordpress.configure(self.database)
        progress("WordPress's installation")
        self.wordpress.install()
        for region, fpm in self.hosts.items():
            progress(f"php-fpm in {region}")
            fpm.start()
        progress("nginx")
        self.nginx.start()
        for url in (self.front, *map(self.url, self.hosts)):
            wait.until(lambda url=url: self._is_up(url), what=f"front page of {url}", timeout=30, logs=self.logs)
        return self

    def stop(self) -> None:
        self.nginx.stop()
        for fpm in self.hosts.values():
            fpm.stop()
        self.database.stop()

    def reload(self) -> None:
        for fpm in self.hosts.values():
            fpm.reload()

    @contextmanager
    def instead(self, *regions: str, **options: object) -> Iterator[dict[str, Fpm]]:
        """Other hosts in the place of the usual ones of these Regions: with other settings, another environment, or without the extension."""
        usual = {region: self.hosts[region] for region in regions}
        for fpm in usual.values():
            fpm.stop()
        others = {
            region: Fpm(fpm.name, self.run, self.ports, region, docroot=self.wordpress.docroot, workers=fpm.workers, **options)
            for region, fpm in usual.items()
        }
        try:
            for region, fpm in others.items():
                self.hosts[region] = fpm.start()
            yield others
        finally:
            for region, fpm in usual.items():
                others[region].stop()
                self.hosts[region] = fpm.start()

    @property
    def front(self) -> str:
        return f"http://127.0.0.1:{self.ports.front}"

    def url(self, region: str) -> str:
        return f"http://127.0.0.1:{self.ports.vhost(region)}"

    @property
    def logs(self) -> list[Path]:
        return [log for part in (self.nginx, *self.hosts.values()) for log in part.logs]

    @staticmethod
    def _is_up(url: str) -> bool:
        with requests.Session() as http:
            http.trust_env = False
            return http.get(url + "/", timeout=10, allow_redirects=False).status_code == 200


def clean(run: Path) -> list[str]:
    """Stops what is left of a former run and empties the run folder; returns what was stopped."""
    stopped = process.stop_all(run)
    for entry in run.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return stopped
