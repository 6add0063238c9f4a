"""The budgets of the design, held against the figures of a run. A benchmark's verdict is for people: nothing fails by it."""

from dataclasses import dataclass

from .figures import find, median

RTT = 6


@dataclass(frozen=True)
class Verdict:
    what: str
    limit: str
    # None: this run does not tell.
    measured: str | None
    met: bool | None


def verdicts(figures: dict) -> list[Verdict]:
    sync = next((key for key in ("sync", "plain") if key in figures["handlers"]), "")
    # Without prefetch the page's own clock shows the call and nothing else.
    unread = "unread" if "unread" in figures["handlers"] or figures["prefetch_known"] else sync

    def wait(handler: str, kind: str) -> float | None:
        return median(find(figures, handler, RTT, kind), "wait_ms")

    unchanged = find(figures, sync, RTT, "unchanged")
    raw = figures["raw_ms"].get(f"dynamodb {RTT}")
    # Without a round trip, which would stand in both figures and hide what is ours.
    bare_read, bare = median(find(figures, unread, 0, "unchanged"), "read_ms"), figures["raw_ms"].get("dynamodb 0")
    read = median(find(figures, unread, RTT, "unchanged"), "read_ms")
    memory = figures["memory_kib"]
    more = (memory[sync] - memory["redis"]) / 1024 if sync in memory and "redis" in memory else None
    redis, behind = wait("redis", "changed"), wait("behind", "changed")
    # Behind may be below what can be measured: a hundredth of a millisecond stands for it then.
    longer = redis / max(behind, 0.01) if redis is not None and behind is not None else None
    return [
        at_most(f"wait for an unchanged session, round trip {RTT} ms", 0.3, wait(sync, "unchanged"), "ms"),
        # A raw client's round trip: the lab takes a little longer than it is told to.
        at_most(f"wait for a changed session, sync, round trip {RTT} ms", (raw["median"] if raw else RTT) + 0.4, wait(sync, "changed"), "ms"),
        at_most(f"wait for a changed session, behind, round trip {RTT} ms", 0.5, behind, "ms"),
        at_least("Redis waits as many times longer than behind", 20, longer),
        at_most("CPU of the worker for one read and one write", 0.25, median(find(figures, sync, RTT, "changed"), "cpu_ms"), "ms"),
        at_most(f"one GetItem against a raw client, round trip {RTT} ms", 1.5, read / raw["median"] if read and raw else None, "times"),
        at_most("the same without a round trip", 1.5, bare_read / bare["median"] if bare_read and bare else None, "times"),
        at_most("reads of an unchanged page", 1, unchanged and unchanged["calls"].get("GetItem", 0), ""),
        at_most("writes of an unchanged page", 0, unchanged and unchanged["write_units"], ""),
        at_most("memory of a worker over one with Redis", 2, more, "MB"),
    ]


def at_most(what: str, limit: float, measured: float | None, unit: str) -> Verdict:
    return Verdict(what, f"≤ {round(limit, 2):g} {unit}".strip(), shown(measured, unit), None if measured is None else measured <= limit)


def at_least(what: str, limit: float, measured: float | None) -> Verdict:
    return Verdict(what, f"≥ {limit:g}", shown(measured, ""), None if measured is None else measured >= limit)


def shown(measured: float | None, unit: str) -> str | None:
    return None if measured is None else f"{measured:.2f} {unit}".strip()
