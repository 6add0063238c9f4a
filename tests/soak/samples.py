"""Memory and open files of php-fpm's processes over time."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median

from harness.fpm import Fpm

# Seconds since the trial began, and what was seen then.
Points = list[tuple[float, float]]


@dataclass
class Series:
    """One line of a plot: a unit and its points."""

    unit: str
    points: Points = field(default_factory=list)

    def between(self, begin: float, end: float) -> list[float]:
        return [value for at, value in self.points if begin <= at < end]


class Samples:
    def __init__(self, hosts: Iterable[Fpm]):
        self.hosts = list(hosts)
        self.series: dict[str, Series] = {}

    def take(self, at: float) -> None:
        for host in self.hosts:
            # Between the list and the look a reload may end a worker.
            with suppress(FileNotFoundError, ProcessLookupError, StopIteration):
                pids = host.pids()
                self._add(f"{host.name}: a worker's own memory, the median", "KiB", at, median(host.anonymous_kib(pid) for pid in pids))
                self._add(f"{host.name}: open files of a worker, the most", "files", at, max(open_files(pid) for pid in pids))
                self._add(f"{host.name}: the master's own memory", "KiB", at, host.anonymous_kib(host.master))
                self._add(f"{host.name}: open files of the master", "files", at, open_files(host.master))

    def _add(self, name: str, unit: str, at: float, value: float) -> None:
        self.series.setdefault(name, Series(unit)).points.append((round(at, 1), value))


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
