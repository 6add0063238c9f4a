"""What workers use. Seen from outside, for a page cannot see what is done before its first line and after its last."""

import statistics
from pathlib import Path

from harness.fpm import Fpm


def cpu_ms(pids: list[int]) -> dict[tuple[int, int], float]:
    """Processor time of each thread of some processes so far, user and system: what getrusage(2) tells, to the nanosecond."""
    times = {}
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            try:
                times[pid, int(thread.name)] = int((thread / "schedstat").read_text().split()[0]) / 1e6
            except OSError:
                pass  # It has just ended.
    return times


def between(before: dict[tuple[int, int], float], after: dict[tuple[int, int], float]) -> float | None:
    """Milliseconds that all threads used. A thread that ended took its figure along: nothing can be said then."""
    if before.keys() - after.keys():
        return None
    return sum(time - before.get(thread, 0.0) for thread, time in after.items())


def memory_kib(pool: Fpm, pids: list[int]) -> int:
    """A worker's own memory."""
    return int(statistics.median(pool.anonymous_kib(pid) for pid in pids))
