"""Who is measured when. All handlers take turns in every round, so that what else the machine does strikes all alike."""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable

from harness import paths
from harness.fpm import Fpm
from harness.lab import Lab

from . import raw, usage
from .clients import Crowd
from .handlers import Handler
from .options import Plan
from .pools import REGION, WORKERS
from .record import BARE, Block, Record
from .stores import Store

# What a kind of page asks page.php for; its cookie; and whether only handlers with locks are asked.
KINDS = {BARE: BARE, "unchanged": "unchanged", "changed": "changed", "fresh": "fresh", "locked": "changed"}


class Suite:
    def __init__(self, plan: Plan, ports: paths.Ports, lab: Lab, stores: dict[str, Store], handlers: list[Handler], pools: dict[str, Fpm], crowd: Crowd):
        self.plan, self.ports, self.lab, self.stores, self.handlers, self.pools, self.crowd = plan, ports, lab, stores, handlers, pools, crowd
        self.workers = {key: pool.pids() for key, pool in pools.items()}
        self.record = Record()
        # The same order in each run of the same plan.
        self._random = random.Random(1)

    def seed(self) -> None:
        """Writes all sessions; every handler must be able to."""
        self.far(0)
        for handler in self.handlers:
            for kind in ("unchanged", "changed", "locked"):
                pages = self.crowd.ask(handler.key, self._query(handler, "changed", 0), [self._cookie(kind, n) for n in range(WORKERS)], 1)
                if not all(page.answer for page in pages):
                    logs = "".join(f"\n{log}" for log in self.pools[handler.key].logs)
                    raise RuntimeError(f"{handler.title} has stored no session; see{logs}")

    def run(self, progress: Callable[[str], None]) -> Record:
        began = time.monotonic()
        try:
            for number in range(1, self.plan.rounds + 1):
                for rtt in self.plan.rtts:
                    self._round(rtt)
                    progress(f"round {number} of {self.plan.rounds}, round trip {rtt} ms: done after {time.monotonic() - began:.0f} s")
        except KeyboardInterrupt:
            # Every round has all handlers: those that are done are a shorter run.
            progress("stopped; the figures are of what was done so far")
        return self.record

    def _round(self, rtt: int) -> None:
        self.far(rtt)
        for handler in self._random.sample(self.handlers, len(self.handlers)):
            for clients in self.plan.clients:
                self.record.turn(handler.key, rtt, clients, self._turn(handler, rtt, clients))

    def far(self, rtt: int) -> None:
        """Moves all stores away alike, and looks how far they are. What the lab makes of a round trip, the others get, too."""
        if rtt:
            self.lab.fault(REGION, "dynamodb", "latency", ms=rtt)
        else:
            self.lab.fault(REGION, "dynamodb", "none")
        seen = raw.dynamodb(self.ports, REGION, 15)
        self.record.raw["dynamodb", rtt] += seen
        for store in self.stores.values():
            if rtt:
                raw.set_length(store, statistics.median(seen) - statistics.median(self.record.raw["dynamodb", 0]))
            self.record.raw[store.name, rtt] += raw.ping(store, rtt, 15)

    def _turn(self, handler: Handler, rtt: int, clients: int) -> dict[str, Block]:
        # Wakes all workers and their connections, and renews the sessions, so that none is due for a new expiry in between.
        self.crowd.ask(handler.key, self._query(handler, "changed", rtt), [self._cookie("unchanged", n) for n in range(WORKERS)], 1)
        self._settle(rtt)
        kinds = [BARE, *(kind for kind in self.plan.kinds if kind != "locked" or handler.locks)]
        return {kind: self._block(handler, kind, rtt, clients) for kind in self._random.sample(kinds, len(kinds))}

    def _block(self, handler: Handler, kind: str, rtt: int, clients: int) -> Block:
        cookies = [self._cookie(kind, n) for n in range(clients)]
        workers, calls = self.workers[handler.key], self._calls(handler)
        cpu = usage.cpu_ms(workers)
        pages = self.crowd.ask(handler.key, self._query(handler, KINDS[kind], rtt), cookies, self.plan.each(clients))
        self._settle(rtt)
        cpu_ms = usage.between(cpu, usage.cpu_ms(workers))
        return Block(pages, cpu_ms, self._calls(handler) - calls)

    def _query(self, handler: Handler, kind: str, rtt: int) -> dict:
        query = {"kind": kind, "work": self.plan.work} | ({"busy": 1} if self.plan.busy else {})
        return query | ({"path": self.stores[handler.store].path(rtt)} if handler.store in self.stores else {})

    @staticmethod
    def _cookie(kind: str, client: int) -> str | None:
        if kind in (BARE, "fresh"):
            return None
        # Clients that meet at a lock are one browser, which asks for several pages at once.
        return f"bench{kind}{0 if kind == 'locked' else client}".ljust(32, "0")

    def _calls(self, handler: Handler) -> Counter[str]:
        calls: Counter[str] = Counter()
        if handler.ours:
            for services in self.lab.counters().values():
                calls.update(services.get("dynamodb", {}))
        return calls

    @staticmethod
    def _settle(rtt: int) -> None:
        """Until what the response did not wait for is done, too."""
        time.sleep(0.02 + 2 * rtt / 1000)
