"""What the tests of plain pages share: a visitor of tests/e2e/pages/session.php, and looks at the host that serves it."""

import time
from collections.abc import Callable

from harness import paths, wait
from harness.fastcgi import Response
from harness.fpm import Fpm

PAGE = "session.php"
EAST, WEST = paths.REGIONS[:2]

# What fixtures that start hosts hand to tests.
Start = Callable[..., Fpm]


class Guest:
    """Keeps the session cookie, as a browser does."""

    def __init__(self, host: Fpm):
        self.host = host
        self.cookies: dict[str, str] = {}
        self.last: Response | None = None

    @property
    def id(self) -> str:
        return self.cookies["PHPSESSID"]

    def get(self, do: str = "read", **query: object) -> dict:
        self.last = self.host.get(PAGE, self.cookies, do=do, **query)
        self.cookies |= self.last.cookies
        assert self.last.status == 200, f"{self.last.status} {self.last.body[:500]} {self.last.errors[:500]}"
        return self.last.json()

    def ok(self, do: str = "read", **query: object) -> dict:
        """The same, of which nothing may have gone wrong."""
        answer = self.get(do, **query)
        assert answer["started"] is True and answer["warnings"] == [], answer
        return answer


def route(host: Fpm) -> str:
    return host.status()["route"]


def uses(host: Fpm, region: str, timeout: float) -> float:
    """Waits until the host uses a Region; the seconds it took."""
    began = time.monotonic()
    wait.until(lambda: route(host) == region, what=f"{host.name} to use {region}", timeout=timeout, logs=host.logs, every=0.02)
    return time.monotonic() - began


def no_window(host: Fpm, timeout: float = 15) -> None:
    """Waits until the host asks one Region alone."""
    wait.until(lambda: host.status()["window"] is None, what=f"{host.name} to ask one Region alone", timeout=timeout, logs=host.logs)


def lines(host: Fpm, text: str) -> int:
    """How many lines of the host's PHP log hold a text."""
    return sum(text in line for line in host.php_log.read_text().splitlines()) if host.php_log.exists() else 0
