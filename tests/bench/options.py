"""The options of the command, and the plan they make."""

import argparse
from dataclasses import dataclass
from pathlib import Path

KINDS = ("unchanged", "changed", "fresh", "locked")
# Pages of one client in one block. Short blocks mix the handlers well; longer ones would see connections in steadier use.
BLOCK = 10
QUICK = {"rtt": [0, 6], "pages": 20}


@dataclass(frozen=True)
class Plan:
    rtts: list[int]
    clients: list[int]
    kinds: list[str]
    pages: int
    work: str
    busy: bool

    @property
    def rounds(self) -> int:
        return -(-self.pages // BLOCK)

    def each(self, clients: int) -> int:
        """Pages of each client in a block: many clients see more pages together, in less time."""
        block = min(BLOCK, self.pages)
        return block if clients == 1 else -(-block // 2)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="What a page waits for its session, and what that costs; all handlers in turns.")
    parser.add_argument("--quick", action="store_true", help="round trips of 0 and 6 ms, 20 pages: some minutes instead of half an hour")
    parser.add_argument("--rtt", type=numbers, metavar="MS,…", help="round trips to the stores (default 0,1,6,60)")
    parser.add_argument("--pages", type=int, help="pages of each kind with one client (default 60)")
    parser.add_argument("--clients", type=numbers, default=[1, 8], metavar="N,…", help="clients at a time, 8 at most (default 1,8)")
    parser.add_argument("--kinds", type=names, default=list(KINDS), metavar="KIND,…", help=f"kinds of page (default {','.join(KINDS)})")
    parser.add_argument("--handlers", type=names, metavar="KEY,…", help="only these, such as files,redis,redis-locks,memcached,sync,behind")
    parser.add_argument("--against", type=Path, metavar="SO", help="another build of the extension, measured in turns with this one")
    parser.add_argument("--work", default="15,10,5", metavar="MS,MS,MS", help="a page's work before its session, in it, and after it (default 15,10,5)")
    parser.add_argument("--busy", action="store_true", help="work keeps the processor busy instead of sleeping")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page with plots, which needs nothing else")
    parser.add_argument("--readme", action="store_true", help="print a short table in Markdown")
    parser.add_argument("--from", dest="source", type=Path, metavar="JSON", help="measure nothing: take the figures from a file of --json")
    options = parser.parse_args()
    options.rtt = options.rtt or (QUICK["rtt"] if options.quick else [0, 1, 6, 60])
    options.pages = options.pages or (QUICK["pages"] if options.quick else 60)
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"no such kind of page: {', '.join(sorted(unknown))}")
    if not all(1 <= clients <= 8 for clients in options.clients):
        parser.error("clients: from 1 to 8, as many as a pool has workers")
    return options


def plan(options: argparse.Namespace) -> Plan:
    return Plan(options.rtt, options.clients, options.kinds, options.pages, options.work, options.busy)


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
