"""`make soak`: starts everything, runs the trials, reports; exit code 1 when a promise was broken."""

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from harness import paths, process
from harness.fpm import Fpm, publish
from harness.lab import Lab
from harness.site import clean

from . import web
from .result import Result
from .trials import PAGES, TRIALS, Trial


def main() -> int:
    asked = options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = []
    run, ports = paths.run_dir("soak"), paths.ports(25700)
    clean(run)
    try:
        lab = Lab(run, ports).start()
        pages = publish(PAGES, run / "pages")
        for name in asked.trials:
            result = tried(name, TRIALS[name], lab, run, ports, pages, asked.scale)
            print(result.text(), flush=True)
            results.append(result)
    finally:
        process.stop_all(run)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(result) | {"met": result.met} for result in results], indent=1) + "\n")
    if asked.html:
        build = "release" if paths.EXTENSION.parent.name == "release" else "debug"
        asked.html.write_text(web.page(results, f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, {build} build."))
    broken = [result.name for result in results if not result.met]
    print(f"{len(results) - len(broken)} of {len(results)} trials kept their promises" + (f"; not {', '.join(broken)}" if broken else ""))
    return 1 if broken else 0


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/soak/run", description="Promises about large numbers, counted. Trials: " + " ".join(f"{name}: {trial.what}" for name, trial in TRIALS.items())
    )
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"which ones (default: all): {', '.join(TRIALS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times the pages, kills or seconds of each (default 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was counted to this file")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page with plots, which needs nothing else")
    asked = parser.parse_args()
    if unknown := set(asked.trials) - set(TRIALS):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}; there are {', '.join(TRIALS)}")
    if asked.scale <= 0:
        parser.error("--scale: above 0")
    asked.trials = asked.trials or list(TRIALS)
    return asked


def tried(name: str, trial: Trial, lab: Lab, run: Path, ports: paths.Ports, pages: Path, scale: float) -> Result:
    size = max(1, round(trial.size * scale))
    say(f"{name}: {trial.what}")
    hosts: list[Fpm] = []

    def start(host: str, region: str, workers: int, settings: dict[str, str]) -> Fpm:
        ini = {f"wp_dynamodb.{key}": value for key, value in settings.items()}
        hosts.append(Fpm(host, run, ports, region, docroot=pages, workers=workers, ini=ini))
        return hosts[-1].start()

    began, told = time.monotonic(), time.monotonic()

    def progress(pages: int) -> None:
        nonlocal told
        if time.monotonic() - told >= 5:
            told = time.monotonic()
            say(f"{name}: {pages} pages after {told - began:.0f} s")

    try:
        result = trial.run(lab, start, size, trial.workers, progress)
    finally:
        for host in hosts:
            host.stop()
        lab.reset()
    result.seconds = round(time.monotonic() - began, 1)
    return result


def say(what: str) -> None:
    print(f"[soak] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
