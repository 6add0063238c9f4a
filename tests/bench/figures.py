"""The figures of a run as JSON holds them, and how they are found again."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from harness import paths

from . import bill
from .handlers import Handler
from .options import Plan
from .record import Cell, Record, Seen, spread

PACKAGES = ("php8.2-fpm", "redis-server", "memcached", "php8.2-redis", "php8.2-memcached", "nginx-light")


def make(plan: Plan, handlers: list[Handler], skipped: list[str], record: Record, item_bytes: int, memory: dict[str, int], config: dict) -> dict:
    consistent = config["wp_dynamodb.session_consistent_read"]["value"] == "1"
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "plan": {"rtts": plan.rtts, "clients": plan.clients, "kinds": plan.kinds, "pages": plan.pages, "work_ms": plan.work, "busy": plan.busy},
        "handlers": {h.key: {"title": h.title, "ours": h.ours, "locks": h.locks, "ini": h.ini, "other_build": h.build is not None} for h in handlers},
        "skipped": skipped,
        "prefetch_known": "wp_dynamodb.session_prefetch" in config,
        "raw_ms": {f"{store} {rtt}": spread(values) for (store, rtt), values in record.raw.items()},
        "item_bytes": item_bytes,
        "consistent_reads": consistent,
        "regions": len(paths.REGIONS),
        "memory_kib": memory,
        "cells": [cell(of, seen, item_bytes, consistent) for of, seen in record.cells.items()],
    }


def cell(of: Cell, seen: Seen, item_bytes: int, consistent: bool) -> dict:
    handler, rtt, clients, kind = of
    calls = {name: round(count / seen.pages, 3) for name, count in sorted(seen.calls.items())}
    read, write = bill.units(calls, item_bytes, consistent)
    return {
        "handler": handler, "rtt_ms": rtt, "clients": clients, "kind": kind, "pages": seen.pages, "failed": seen.failed, "lost": seen.lost,
        "whole_ms": spread(seen.whole), "wait_ms": spread(seen.wait), "read_ms": spread(seen.read), "write_ms": spread(seen.write),
        "cpu_ms": spread(seen.cpu), "calls": calls, "read_units": round(read, 3), "write_units": round(write, 3),
        "usd_per_million": round(bill.usd_per_million(read, write, len(paths.REGIONS)), 3),
    }


def find(figures: dict, handler: str, rtt: int, kind: str, clients: int = 1) -> dict | None:
    """One cell, or nothing when it was not measured."""
    of = {"handler": handler, "rtt_ms": rtt, "clients": clients, "kind": kind}
    return next((cell for cell in figures["cells"] if of.items() <= cell.items()), None)


def median(cell: dict | None, what: str) -> float | None:
    return cell[what]["median"] if cell and cell[what] else None


def raw(figures: dict) -> list[tuple[str, int, dict]]:
    """Store, round trip that was set, what a raw client saw."""
    return sorted((*key_of(name), values) for name, values in figures["raw_ms"].items())


def key_of(name: str) -> tuple[str, int]:
    store, _, rtt = name.rpartition(" ")
    return store, int(rtt)


def usual_rtt(figures: dict) -> int:
    """The round trip that the budgets speak of; the middle one, when it was not measured."""
    rtts = figures["plan"]["rtts"]
    return 6 if 6 in rtts else sorted(rtts)[len(rtts) // 2]


def machine() -> dict:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES], capture_output=True, text=True, check=False
    ).stdout
    return {
        "cpu": model[1] if model else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
        "packages": dict(line.split(" ", 1) for line in versions.splitlines()),
    }
