"""The trials. Each gets hosts of its own, sends its pages, and tells what it counted against what must hold."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness import paths, wait
from harness.fpm import Fpm
from harness.lab import Lab

from .hour import hour
from .result import Progress, Result, Start
from .visitors import PAGE, Gap, every_second, visit

PAGES = Path(__file__).parent / "pages"
VISITORS = 16
WINDOWS = 64
# A write of a killed worker may have begun so long before the kill that ended it: request_timeout_ms.
UNDER_WAY = 1.5


def stale(lab: Lab, start: Start, size: int, workers: int, progress: Progress) -> Result:
    """Changed pages with session_write = behind, each as soon as the one before has answered, by whichever worker is free."""
    result = Result("stale")
    host = start("stale", paths.REGIONS[0], workers, {"session_write": "behind"})
    before = host.metrics()["sessions"]
    seen = visit([host], VISITORS, lambda tally: tally.pages < size // VISITORS, progress, "stale")
    after = host.metrics()["sessions"]
    result.hold("pages", f"≥ {size // VISITORS * VISITORS}", seen.pages, seen.pages >= size // VISITORS * VISITORS)
    result.hold("of them, writes that went behind", "> 9 of 10", after["behind"] - before["behind"], after["behind"] - before["behind"] > 0.9 * seen.pages)
    result.hold("stale sessions", "0", len(seen.gaps), not seen.gaps)
    result.hold("pages without a session, or without an answer", "0", seen.refused + seen.unanswered, seen.refused + seen.unanswered == 0)
    return result


def kills(lab: Lab, start: Start, size: int, workers: int, progress: Progress) -> Result:
    """The same, while each second one of the workers is killed (kill -9), `size` times."""
    result = Result("kills")
    host = start("kills", paths.REGIONS[0], workers, {"session_write": "behind"})
    # Writes that take a while are under way more often.
    lab.fault(paths.REGIONS[0], "dynamodb", "latency", ms=20)
    killed: list[tuple[int, float]] = []

    def kill() -> None:
        if len(killed) < size:
            pid = random.choice(host.pids())
            killed.append((pid, time.monotonic()))
            host.kill_workers([pid])

    with every_second(kill):
        seen = visit([host], VISITORS, lambda _: len(killed) < size or time.monotonic() - killed[-1][1] < 1, progress, "kills")
    lab.fault(paths.REGIONS[0], "dynamodb", "none")
    # The worker that polls counts them within a tick; it may have been the one that was killed last.
    lost = [gap for gap in seen.gaps if gap.found < gap.wanted]

    def counted() -> int:
        return host.metrics()["sessions"]["killed"]

    with suppress(wait.Timeout):
        wait.until(lambda: counted() >= len(lost), what="lost changes to be counted", timeout=15)
    result.hold("workers killed", f"≥ {size}", len(killed), len(killed) >= size)
    result.hold("pages", "any", seen.pages, True)
    result.hold("pages whose worker died before it had answered", f"≤ {len(killed)}", seen.unanswered, seen.unanswered <= len(killed))
    others = [gap for gap in seen.gaps if not under_way(gap, killed)]
    result.hold("changes lost although their worker had stored them, or lived", "0", len(others), not others)
    result.hold("changes lost that were under way when their worker was killed", "each counted", len(lost), len(lost) <= counted())
    result.hold("changes that the host counts as under way in a killed worker", "any", counted(), True)
    result.hold("pages without a session", "0", seen.refused, seen.refused == 0)
    return result


def under_way(gap: Gap, killed: list[tuple[int, float]]) -> bool:
    """Whether a change may be lost: its worker was killed, at once after it had answered."""
    return any(pid == gap.pid and gap.at - 0.05 <= at <= gap.at + UNDER_WAY for pid, at in killed)


def locks(lab: Lab, start: Start, size: int, workers: int, progress: Progress) -> Result:
    """Sixty-four windows of one visitor count in one session, on one host: exactly as many pages as counts, and nobody asks in vain."""
    host = start("locks", paths.REGIONS[0], workers, {"session_locking": "1", "session_lock_wait": "60"})
    return locked("locks", lab, [host], size, progress, most=2.0)


def locks_two_hosts(lab: Lab, start: Start, size: int, workers: int, progress: Progress) -> Result:
    """The same on two hosts, which share nothing but the lock in the table."""
    hosts = [start(f"locks-{n}", region, -(-workers // 2), {"session_locking": "1", "session_lock_wait": "60"}) for n, region in enumerate(paths.REGIONS[:2])]
    return locked("locks-two-hosts", lab, hosts, size, progress, most=None)


def locked(name: str, lab: Lab, hosts: list[Fpm], size: int, progress: Progress, most: float | None) -> Result:
    result = Result(name)
    lab.counters_reset()
    seen = visit(hosts, WINDOWS, lambda tally: tally.pages < -(-size // WINDOWS), progress, name, shared=True)
    calls = lab.calls(paths.REGIONS[0], "dynamodb") / seen.pages
    found = hosts[0].get(PAGE, {"PHPSESSID": name.ljust(32, "x")}, look=1).json()["n"]
    result.hold("pages", f"≥ {size}", seen.pages, seen.pages >= size)
    result.hold("counted in the session", str(seen.pages), found, found == seen.pages)
    result.hold("pages without a session, or without an answer", "0", seen.refused + seen.unanswered, seen.refused + seen.unanswered == 0)
    result.hold("DynamoDB calls a page", f"≤ {most:g}" if most else "any", f"{calls:.2f}", most is None or calls <= most)
    return result


def touch(lab: Lab, start: Start, size: int, workers: int, progress: Progress) -> Result:
    """Pages that leave their session as it is, within the touch window: one read each, and no write."""
    result = Result("touch")
    host = start("touch", paths.REGIONS[0], workers, {})
    cookies = {"PHPSESSID": "touch".ljust(32, "x")}
    host.get(PAGE, cookies)
    lab.counters_reset()
    for page in range(size):
        assert host.get(PAGE, cookies, look=1).json() | {"waited": 0, "pid": 0} == {"started": True, "n": 1, "waited": 0, "pid": 0}
        if page % 100 == 99:
            progress(page + 1)
    reads, writes = lab.calls(None, "dynamodb", "GetItem"), lab.writes()
    result.hold("reads", str(size), reads, reads == size)
    result.hold("writes", "0", writes, writes == 0)
    return result


@dataclass(frozen=True)
class Trial:
    run: Callable[[Lab, Start, int, int, Progress], Result]
    # Pages, kills, or seconds.
    size: int
    workers: int
    # The same for tests/e2e.
    short: tuple[int, int]

    @property
    def what(self) -> str:
        return (self.run.__doc__ or "").splitlines()[0]


TRIALS: dict[str, Trial] = {
    "stale": Trial(stale, 100_000, 50, (2_000, 12)),
    "kills": Trial(kills, 30, 50, (4, 12)),
    "locks": Trial(locks, 10_000, 64, (640, 16)),
    "locks-two-hosts": Trial(locks_two_hosts, 10_000, 64, (640, 16)),
    "touch": Trial(touch, 1_000, 2, (200, 2)),
    "hour": Trial(hour, 3_600, 8, (50, 2)),
}
