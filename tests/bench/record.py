"""What was seen, turn by turn; and the figures made from it: medians with their spread."""

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .clients import Page

BARE = "bare"


@dataclass
class Block:
    """Some pages of one kind, one after the other or side by side."""

    pages: list[Page]
    # Of all workers of the pool, from before the first page until what follows the last one is done.
    cpu_ms: float | None
    calls: Counter[str]

    @property
    def answered(self) -> list[Page]:
        return [page for page in self.pages if page.answer]

    def whole_ms(self) -> float:
        return statistics.median(page.whole_ms for page in self.answered)

    def cpu_each(self) -> float | None:
        return None if self.cpu_ms is None else self.cpu_ms / len(self.pages)


@dataclass
class Seen:
    """All blocks of one cell."""

    whole: list[float] = field(default_factory=list)
    wait: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    write: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    failed: int = 0
    lost: int = 0


# Handler, round trip, clients, kind of page.
Cell = tuple[str, int, int, str]


class Record:
    def __init__(self) -> None:
        self.cells: dict[Cell, Seen] = defaultdict(Seen)
        self.raw: dict[tuple[str, int], list[float]] = defaultdict(list)

    def turn(self, handler: str, rtt: int, clients: int, blocks: dict[str, Block]) -> None:
        """What a page waits and uses is measured against the bare page of its own turn: whatever else the machine does strikes both."""
        bare = blocks[BARE]
        for kind, block in blocks.items():
            seen = self.cells[handler, rtt, clients, kind]
            seen.pages += len(block.pages)
            seen.failed += len(block.pages) - len(block.answered)
            seen.calls += block.calls
            for page in block.answered:
                seen.whole.append(page.whole_ms)
                seen.wait.append(page.whole_ms - bare.whole_ms())
                seen.read.append(page.answer["read_ms"])
                seen.write.append(page.answer["write_ms"])
            cpu, least = block.cpu_each(), bare.cpu_each()
            if cpu is not None and least is not None:
                seen.cpu.append(cpu if kind == BARE else cpu - least)
            if kind == "locked":
                # Each page has counted up: a number seen twice is a change that another one has overwritten.
                seen.lost += len(block.answered) - len({page.answer["n"] for page in block.answered})


def spread(values: list[float]) -> dict[str, float] | None:
    """The median, and where most values are. None of none."""
    if not values:
        return None
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    figures = {"median": statistics.median(ordered), "p10": at(0.1), "p90": at(0.9), "p99": at(0.99)}
    return {name: round(figure, 3) for name, figure in figures.items()}
