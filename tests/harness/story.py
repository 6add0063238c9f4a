"""The demo's story in steps that can fail: sessions and a login live through a switch of Regions. Told by demo/story, tested by tests/e2e."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from . import paths, wait
from .lab import Lab
from .site import Site
from .visitor import Visitor

FROM, TO = paths.REGIONS[:2]
GOODS = ("Tea", "Coffee", "Honey", "Oranges", "Bread")
# The promise: every worker of a host uses the new Region within this time.
FOLLOW_SECONDS = 10


@dataclass
class Figures:
    """What was measured."""

    sessions: int = 0
    sessions_lost: int = 0
    login_kept: bool = False
    workers: int = 0
    follow_seconds: float = 0
    calls_per_unchanged_page: float = 0
    writes_per_unchanged_page: float = 0
    writes_per_fresh_page: float = 0
    requests_while_watching_ssm: int = 0
    ssm_calls_while_watching: int = 0
    ssm_calls_of_pollers_at_most: int = 0
    pages_after_switch: int = 0
    calls_in_old_region_after_switch: int = 0
    calls_in_new_region_after_switch: int = 0

    def as_dict(self) -> dict:
        return asdict(self)

    @property
    def ssm_calls_by_requests(self) -> int:
        """Those that the pollers alone cannot account for."""
        return max(0, self.ssm_calls_while_watching - self.ssm_calls_of_pollers_at_most)

    def broken_promises(self) -> list[str]:
        """What of the story is not true; empty when all is well."""
        checks = {
            f"{self.sessions_lost} of {self.sessions} sessions were lost": self.sessions_lost == 0,
            "the login was lost": self.login_kept,
            f"the last worker took {self.follow_seconds:.1f} s to follow": self.follow_seconds <= FOLLOW_SECONDS,
            f"an unchanged page made {self.calls_per_unchanged_page:g} DynamoDB calls, not 1": self.calls_per_unchanged_page == 1,
            f"an unchanged page made {self.writes_per_unchanged_page:g} writes": self.writes_per_unchanged_page == 0,
            f"a fresh page that stores nothing made {self.writes_per_fresh_page:g} writes": self.writes_per_fresh_page == 0,
            f"requests made {self.ssm_calls_by_requests} SSM calls": self.ssm_calls_by_requests == 0,
            f"{FROM} still got {self.calls_in_old_region_after_switch} DynamoDB calls after the switch": self.calls_in_old_region_after_switch == 0,
            f"{TO} got no DynamoDB call after the switch window": self.calls_in_new_region_after_switch > 0,
        }
        return [text for text, holds in checks.items() if not holds]


class Story:
    def __init__(self, lab: Lab, site: Site, tell: Callable[[str], None], sessions: int = 50, poll_interval: float = 5):
        self.lab, self.site, self.tell = lab, site, tell
        self.figures = Figures(sessions=sessions, workers=sum(host.workers for host in site.hosts.values()))
        self._poll_interval = poll_interval
        self._reader = Visitor()
        self._shoppers: list[tuple[Visitor, dict]] = []

    def play(self) -> Figures:
        self.log_in()
        self.fill_carts()
        self.count_calls()
        self.watch_ssm()
        self.switch()
        self.look_again()
        return self.figures

    def log_in(self) -> None:
        base = self.site.url(FROM)
        self._reader.login(base, self.site.user, self.site.password)
        self._reader.cart(base, "add", "Tea")
        state = self._reader.cart(base, "add", "Honey")
        self.tell(f"logged in as {state['user']} over {FROM} and put {', '.join(state['cart'])} into the cart; sessions go to {state['route']}")

    def fill_carts(self) -> None:
        def shop(number: int) -> tuple[Visitor, dict]:
            visitor, base = Visitor(), self.site.url(paths.REGIONS[number % 2])
            visitor.cart(base, "add", f"Ticket {number}")
            return visitor, visitor.cart(base, "add", GOODS[number % len(GOODS)])["cart"]

        with ThreadPoolExecutor(4) as pool:
            self._shoppers = list(pool.map(shop, range(self.figures.sessions)))
        self.tell(f"{self.figures.sessions} more visitors, half of them over {TO}, each with a cart of their own")

    def count_calls(self, pages: int = 20) -> None:
        base = self.site.url(FROM)
        visitor, _ = self._shoppers[0]
        self.lab.counters_reset()
        for _ in range(pages):
            visitor.cart(base, "json")
        self.figures.calls_per_unchanged_page = self.lab.calls() / pages
        self.figures.writes_per_unchanged_page = self.lab.writes() / pages
        self.lab.counters_reset()
        for _ in range(pages):
            Visitor().cart(base, "fresh")
        self.figures.writes_per_fresh_page = self.lab.writes() / pages
        self.tell(
            f"a page with an unchanged session makes {self.figures.calls_per_unchanged_page:g} DynamoDB call,"
            f" a fresh page that stores nothing {self.figures.writes_per_fresh_page:g} writes"
        )

    def watch_ssm(self, seconds: float = 6) -> None:
        """SSM's calls under load: they must be the pollers', whatever the number of requests."""
        self.lab.counters_reset()
        started, requests = time.monotonic(), 0
        while time.monotonic() - started < seconds:
            visitor, _ = self._shoppers[requests % len(self._shoppers)]
            visitor.cart(self.site.url(paths.REGIONS[requests % 2]), "read")
            requests += 1
        elapsed = time.monotonic() - started
        self.figures.requests_while_watching_ssm = requests
        self.figures.ssm_calls_while_watching = self.lab.calls(None, "ssm")
        # One poller a host asks every Region; the interval is jittered, and a poll may fall on either end.
        polls = int(elapsed / (self._poll_interval * 0.8)) + 1
        self.figures.ssm_calls_of_pollers_at_most = polls * len(self.site.hosts) * len(paths.REGIONS)
        self.tell(
            f"{requests} requests in {elapsed:.0f} s made {self.figures.ssm_calls_by_requests} SSM calls"
            f" ({self.figures.ssm_calls_while_watching} calls in all, the pollers')"
        )

    def switch(self) -> None:
        self.tell(f"writing {TO} to the parameter {paths.PARAMETER}, as an operator would")
        started = time.monotonic()
        done = self.lab.command("region", TO)
        if done.returncode:
            raise RuntimeError(f"wp-dynamodb-lab region {TO}: code {done.returncode} {done.stdout}{done.stderr}")
        for region, host in self.site.hosts.items():
            wait.until(lambda host=host: host.follows(TO), what=f"all workers in {region} to use {TO}", timeout=30, logs=host.logs)
        self.figures.follow_seconds = time.monotonic() - started
        took = f"{self.figures.follow_seconds:.1f} s after the parameter was written"
        self.tell(f"all {self.figures.workers} workers of {len(self.site.hosts)} hosts use {TO}, {took}")

    def look_again(self) -> None:
        base = self.site.url(TO)
        self.figures.login_kept = self._reader.is_logged_in(base)
        state = self._reader.cart(base, "add", "Bread")
        lost = 0 if set(state["cart"]) == {"Tea", "Honey", "Bread"} else 1
        login = "still logged in" if self.figures.login_kept else "NOT logged in any more"
        self.tell(f"the same browser over {TO}: {login}, cart {', '.join(state['cart'])}; sessions go to {state['route']}")
        lost += self._carts_that_differ()
        # The reader's own session counts as well.
        self.figures.sessions = len(self._shoppers) + 1
        self.tell(f"{lost} of {self.figures.sessions} sessions lost; for a while both Regions are asked, whatever replication has managed so far")
        for region, host in self.site.hosts.items():
            wait.until(lambda host=host: host.status()["window"] is None, what=f"the end of {region}'s switch window", timeout=90, logs=host.logs)
        self.lab.counters_reset()
        lost += self._carts_that_differ()
        self.figures.sessions_lost = lost
        self.figures.pages_after_switch = len(self._shoppers)
        self.figures.calls_in_old_region_after_switch = self.lab.calls(FROM)
        self.figures.calls_in_new_region_after_switch = self.lab.calls(TO)
        self.tell(
            f"the switch window is over: {self.figures.pages_after_switch} more pages, {lost} sessions lost; {FROM} got"
            f" {self.figures.calls_in_old_region_after_switch} DynamoDB calls, {TO} {self.figures.calls_in_new_region_after_switch}"
        )

    def _carts_that_differ(self) -> int:
        regions = paths.REGIONS
        return sum(visitor.cart(self.site.url(regions[n % 2]), "json")["cart"] != cart for n, (visitor, cart) in enumerate(self._shoppers))
