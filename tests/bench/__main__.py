"""`make bench`: starts everything, measures, reports."""

import json
import signal
import statistics
import sys
from pathlib import Path

from harness import paths, process
from harness.fpm import publish
from harness.lab import Lab
from harness.site import clean

from . import bill, figures, handlers, options, pools, table, usage, web
from .clients import Crowd
from .front import Front
from .handlers import Handler
from .options import Plan
from .stores import Store
from .suite import Suite


def main() -> int:
    asked = options.parse()
    # Whoever ends a run gets the figures so far, and no process stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = json.loads(asked.source.read_text()) if asked.source else measured(options.plan(asked), asked.handlers, asked.against)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    if asked.html:
        asked.html.write_text(web.page(found))
    print(table.readme(found) if asked.readme else table.terminal(found))
    return 0


def measured(plan: Plan, wanted: list[str] | None, against: Path | None) -> dict:
    chosen, skipped = compared(wanted, against)
    for reason in skipped:
        say(reason)
    run, ports = paths.run_dir("bench"), paths.ports(29700)
    clean(run)
    try:
        return measured_in(run, ports, plan, chosen, skipped)
    finally:
        process.stop_all(run)


def compared(wanted: list[str] | None, against: Path | None) -> tuple[list[Handler], list[str]]:
    chosen, skipped = handlers.ours(paths.EXTENSION)
    chosen = [*handlers.OTHERS, *chosen]
    if against:
        others, skipped_too = handlers.ours(against, "other-", "other build", other=True)
        chosen, skipped = chosen + others, skipped + skipped_too
    if wanted:
        if unknown := set(wanted) - {handler.key for handler in chosen}:
            raise SystemExit(f"bench: no such handler: {', '.join(sorted(unknown))}; there are {', '.join(h.key for h in chosen)}")
        chosen, skipped = [handler for handler in chosen if handler.key in wanted], []
    return chosen, skipped


def measured_in(run: Path, ports: paths.Ports, plan: Plan, chosen: list[Handler], skipped: list[str]) -> dict:
    say("starting the lab and the stores")
    lab = Lab(run, ports).start()
    # The other Region's copies are not what is measured.
    lab.replication(state="pause")
    stores = {name: Store(name, run, ports).start() for name in ("redis", "memcached") if any(h.store == name for h in chosen)}
    say(f"starting {len(chosen)} pools of php-fpm with {pools.WORKERS} workers each, and nginx")
    docroot = publish(Path(__file__).parent / "pages", run / "pages")
    running = {handler.key: pools.pool(handler, run, ports, docroot).start() for handler in chosen}
    front = Front(run, ports, docroot, running).start()
    suite = Suite(plan, ports, lab, stores, chosen, running, Crowd(front.port, pools.WORKERS))
    suite.seed()
    items = [bill.item_size(item) for item in lab.dump(pools.REGION)]
    record = suite.run(say)
    memory = {key: usage.memory_kib(pool, suite.workers[key]) for key, pool in running.items()}
    item_bytes = int(statistics.median(items)) if items else 0
    return figures.make(plan, chosen, skipped, record, item_bytes, memory, handlers.config(paths.EXTENSION))


def say(what: str) -> None:
    print(f"[bench] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
