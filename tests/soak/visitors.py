"""Visitors that all come at once, each with its own number to count up, or all with the same."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import fastcgi
from harness.fpm import Fpm

PAGE = "count.php"


@dataclass(frozen=True)
class Gap:
    """A change that the next page of its visitor did not find."""

    # The worker that had answered the page whose change it was, and when (monotonic seconds).
    pid: int
    at: float
    # What the next page should have found, and what it did find.
    wanted: int
    found: int


@dataclass
class Tally:
    """What one or all visitors saw."""

    pages: int = 0
    # Pages whose worker died before it had answered: they may have changed the session or not.
    unanswered: int = 0
    # Pages that said they had no session.
    refused: int = 0
    gaps: list[Gap] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.pages += other.pages
        self.unanswered += other.unanswered
        self.refused += other.refused
        self.gaps += other.gaps
        return self


def visit(hosts: list[Fpm], count: int, goes_on: Callable[[Tally], bool], progress: Callable[[int], None], name: str, shared: bool = False) -> Tally:
    """`count` visitors at a time, for as long as `goes_on` says of what each has seen. `shared`: all of them in one session, where none can tell a gap."""
    tallies = [Tally() for _ in range(count)]
    failures: list[BaseException] = []

    def one(number: int) -> None:
        cookies = {"PHPSESSID": (name if shared else f"{name}-{number}").ljust(32, "x")}
        try:
            one_visitor(hosts[number % len(hosts)], cookies, tallies[number], goes_on, shared)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(1) if threads[0].is_alive() else time.sleep(0.05)
        progress(sum(tally.pages for tally in tallies))
    if failures:
        raise failures[0]
    total = Tally()
    for tally in tallies:
        total += tally
    return total


def one_visitor(host: Fpm, cookies: dict[str, str], tally: Tally, goes_on: Callable[[Tally], bool], shared: bool) -> None:
    last: tuple[int, int, float] | None = None
    while goes_on(tally):
        try:
            page = host.get(PAGE, cookies).json()
        except (fastcgi.Lost, ConnectionError):
            tally.unanswered += 1
            # Whether that page changed the session nobody knows: the next answer is where counting goes on.
            last = None
            continue
        tally.pages += 1
        if not page["started"]:
            tally.refused += 1
            continue
        if last and not shared and page["n"] != last[0] + 1:
            tally.gaps.append(Gap(last[1], last[2], last[0] + 1, page["n"]))
        last = (page["n"], page["pid"], time.monotonic())


@contextmanager
def every_second(act: Callable[[], None]) -> Iterator[None]:
    """Does something once a second meanwhile."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(1):
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
