"""An hour of everything at once: what grows, however slowly, is seen."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle

from harness import paths
from harness.fpm import Fpm
from harness.lab import Lab

from .result import Progress, Result, Start
from .samples import Samples
from .visitors import every_second, visit

EAST, WEST = paths.REGIONS[:2]
VISITORS = 16
# Between two pages of a visitor: an hour long the machine shall have time for what is measured.
PAUSE_S = 0.1
# What a worker may grow by after the first round of faults. One byte a page would be 35 KiB, a leak of 100 bytes 3.4 MiB.
ALLOWED_KIB = 1024
# Connections come and go with the faults.
ALLOWED_FILES = 4


def hour(lab: Lab, start: Start, size: int, workers: int, progress: Progress) -> Result:
    """Pages for `size` seconds while Regions fail in every way, the active Region moves and one of two hosts is reloaded: no process grows."""
    result = Result("hour")
    bridging = {"failover": "auto", "switch_window": "5"}
    stays = start("stays", EAST, workers, bridging | {"session_write": "behind"})
    reloaded = start("reloaded", WEST, workers, bridging | {"session_locking": "1"})
    samples = Samples([stays, reloaded])
    first = set(stays.pids())

    events = steps(lab, reloaded)
    rounds = len(FAULTS) * 2 + 4
    # A step takes ten seconds; in the short form all of them must come twice.
    step = min(10, max(1, size // (2 * rounds)))
    began = time.monotonic()
    seconds = 0

    def second() -> None:
        nonlocal seconds
        samples.take(time.monotonic() - began)
        if seconds % step == 0:
            next(events)()
        seconds += 1

    def goes_on(_: object) -> bool:
        time.sleep(PAUSE_S)
        return time.monotonic() - began < size

    with every_second(second):
        seen = visit(samples.hosts, VISITORS, goes_on, progress, "hour")
    lab.reset()

    result.hold("pages", "any", seen.pages, True)
    result.hold("pages that a worker's end left without an answer", "0", seen.unanswered, seen.unanswered == 0)
    result.hold("pages without a session", "any: missing rights and throttling are no reason to leave a Region", seen.refused, True)
    result.hold("workers of the host that is not reloaded: the first ones", f"{workers} of {workers}", len(first & set(stays.pids())), first == set(stays.pids()))
    for name, series in samples.series.items():
        early, late = series.between(rounds * step, rounds * step + size / 6), series.between(size * 5 / 6, size)
        if series.unit == "KiB":
            grown = round(sum(late) / len(late) - sum(early) / len(early))
            result.hold(f"{name}, grown", f"≤ {ALLOWED_KIB} KiB", f"{grown} KiB (to {late[-1]:.0f})", grown <= ALLOWED_KIB)
        else:
            grown = round(max(late) - max(early))
            result.hold(f"{name}, grown", f"≤ {ALLOWED_FILES}", f"{grown} (to {max(late):.0f})", grown <= ALLOWED_FILES)
    result.series = samples.series
    return result


# Of the active Region, all of its services.
FAULTS: tuple[dict, ...] = (
    {"kind": "refuse"}, {"kind": "blackhole"}, {"kind": "reset"}, {"kind": "5xx"}, {"kind": "hang"}, {"kind": "noconnect"}, {"kind": "denied"},
    {"kind": "latency", "ms": 40}, {"kind": "throttle", "rate": 0.2},
)


def steps(lab: Lab, reloaded: Fpm) -> Iterator[Callable[[], object]]:
    """What happens, one after the other, for ever: each fault and its end, a switch, a reload, the way back, a reload in an outage."""
    one: list[Callable[[], object]] = []
    for fault in FAULTS:
        one += [lambda fault=fault: lab.fault(EAST, "all", **fault), lambda: lab.fault(EAST, "all", "none")]
    one += [lambda: lab.region(WEST), reloaded.reload, lambda: lab.region(EAST), reloaded.reload]
    return cycle(one)
