"""Visitors who look at their carts all the time: some threads, a limited rate, everything written down."""

import threading
import time
from dataclasses import dataclass

import requests
from harness.visitor import Visitor

THREADS = 4
PAUSE = 0.05


@dataclass
class Page:
    at: float
    seconds: float
    problem: str | None
    host_region: str | None
    route: str | None


class Load:
    """Looks at the carts of `visitors`, each of which holds `Ticket NUMBER`, while the `with` lasts."""

    def __init__(self, site: str, visitors: list[Visitor]):
        self._site, self._visitors = site, visitors
        self._pages: list[Page] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._look, args=(number,), daemon=True) for number in range(THREADS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=40)

    def between(self, begin: float, end: float = float("inf")) -> list[Page]:
        """The pages that were asked for in this time and have been answered."""
        return [page for page in list(self._pages) if begin <= page.at < end]

    def first(self, since: float, **state: str) -> float | None:
        """When the first good page with this state was there that was asked for after `since`."""
        return min((page.at + page.seconds for page in self.between(since) if _is(page, state)), default=None)

    def wait_for(self, seconds: float, **state: str) -> float | None:
        since = time.monotonic()
        while time.monotonic() < since + seconds:
            if found := self.first(since, **state):
                return found
            time.sleep(0.05)
        return None

    def _look(self, thread: int) -> None:
        mine = list(range(thread, len(self._visitors), THREADS))
        turn = 0
        while not self._stop.is_set():
            number = mine[turn % len(mine)]
            turn += 1
            at = time.monotonic()
            self._pages.append(self._page(number, at))
            self._stop.wait(PAUSE)

    def _page(self, number: int, at: float) -> Page:
        problem, state = None, {}
        try:
            answer = self._visitors[number].cart_response(self._site)
            if answer.status_code == 200:
                state = answer.json()
                if state["cart"] != {f"Ticket {number}": 1}:
                    problem = f"another cart: {state['cart']}"
            else:
                problem = f"status {answer.status_code}"
        except (requests.RequestException, ValueError) as error:
            problem = type(error).__name__
        return Page(at, time.monotonic() - at, problem, state.get("host_region"), state.get("route"))


def _is(page: Page, state: dict[str, str]) -> bool:
    return not page.problem and all(getattr(page, name) == value for name, value in state.items())
