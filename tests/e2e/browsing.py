"""What the tests of plain pages share: a visitor of tests/e2e/pages/session.php."""

from harness.fastcgi import Response
from harness.fpm import Fpm

PAGE = "session.php"


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
