"""The figures as one HTML page that needs nothing else."""

from collections.abc import Iterable
from html import escape

from harness import report

from . import bill, plots
from .figures import raw, usual_rtt
from .limits import verdicts

SPREAD = ("median", "p10", "p90", "p99")


def page(figures: dict) -> str:
    rtt, plan = usual_rtt(figures), figures["plan"]
    parts = [intro(figures), "<h2>Budgets</h2>", budgets(figures), "<h2>Wait for the session</h2>"]
    parts += [plots.waits(figures, at, plan["clients"][0]) for at in sorted(plan["rtts"], key=lambda each: each != rtt)]
    parts += [plots.distances(figures, kind) for kind in ("unchanged", "changed") if kind in plan["kinds"] and len(plan["rtts"]) > 1]
    parts += [plots.waits(figures, rtt, clients) for clients in plan["clients"][1:]]
    parts += ["<h2>What it uses</h2>", plots.processor(figures, rtt), plots.memory(figures)]
    if any(handler["ours"] for handler in figures["handlers"].values()):
        parts += [plots.dollars(figures, rtt), prices(figures)]
    parts += ["<h2>All figures</h2>", round_trips(figures), everything(figures), "<h2>Where</h2>", machine(figures)]
    return report.document("What a page waits for its session", parts)


def intro(figures: dict) -> str:
    boot, inside, rest = figures["plan"]["work_ms"].split(",")
    text = (
        f"A page works {boot} ms before its session, {inside} ms in it and {rest} ms after it. It waits for its session as long as it takes longer "
        "than the same page without one, seen by the client and in the same turn. All handlers take turns on one machine behind the same nginx and "
        "php-fpm, and all stores are as many milliseconds away. CPU is that of all threads of the worker, with what is done before and after the page. "
        f"{figures['when']}"
    )
    missing = "".join(f"<li>{escape(reason)}</li>" for reason in figures["skipped"])
    return f"<p>{escape(text)}</p>" + (f"<ul>{missing}</ul>" if missing else "")


def budgets(figures: dict) -> str:
    words = {None: ("", "not measured"), True: ("yes", "met"), False: ("no", "not met")}
    rows = []
    for verdict in verdicts(figures):
        kind, word = words[verdict.met]
        rows.append(f'<tr><td>{escape(verdict.what)}<td>{escape(verdict.limit)}<td>{verdict.measured or ""}<td class="{kind}">{word}')
    return table(["", "budget", "measured", ""], rows)


def prices(figures: dict) -> str:
    return (
        f"<p>An item has {figures['item_bytes']} bytes; reads are {'strongly' if figures['consistent_reads'] else 'eventually'} consistent. "
        f"${bill.USD_PER_MILLION_READ_UNITS} for a million read units, ${bill.USD_PER_MILLION_WRITE_UNITS} for a million write units in each Region "
        "(us-east-1, on demand).</p>"
    )


def round_trips(figures: dict) -> str:
    rows = [f"<tr><td>{escape(store)}, set to {rtt} ms{numbers(values)}" for store, rtt, values in raw(figures)]
    return "<p>Round trips of a raw client, ms</p>" + table(["", *SPREAD], rows)


def everything(figures: dict) -> str:
    head = ["", "RTT", "clients", "kind", "pages", "failed", "lost", *(f"wait {name}" for name in SPREAD), *(f"CPU {name}" for name in SPREAD[:3])]
    head += ["read", "write", "calls", "RRU", "WRU", "$ a million"]
    order = list(figures["handlers"])
    cells = sorted(figures["cells"], key=lambda cell: (cell["clients"], cell["rtt_ms"], cell["kind"], order.index(cell["handler"])))
    return table(head, (line(figures, cell) for cell in cells))


def line(figures: dict, cell: dict) -> str:
    handler = figures["handlers"][cell["handler"]]
    calls = ", ".join(f"{count:g} {name}" for name, count in cell["calls"].items())
    columns = [cell["rtt_ms"], cell["clients"], cell["kind"], cell["pages"], cell["failed"] or "", cell["lost"] or ""]
    text = "".join(f"<td>{column}" for column in columns) + numbers(cell["wait_ms"]) + numbers(cell["cpu_ms"], SPREAD[:3])
    text += numbers(cell["read_ms"], ("median",)) + numbers(cell["write_ms"], ("median",))
    costs = [calls, cell["read_units"], cell["write_units"], cell["usd_per_million"]] if handler["ours"] else [""] * 4
    ours = ' class="ours"' if handler["ours"] else ""
    return f"<tr{ours}><td>{escape(handler['title'])}{text}" + "".join(f"<td>{column}" for column in costs)


def numbers(values: dict | None, names: Iterable[str] = SPREAD) -> str:
    return "".join(f"<td>{values[name]:.2f}" if values else "<td>" for name in names)


def machine(figures: dict) -> str:
    of = figures["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in of["packages"].items())
    return f"<p>{escape(of['cpu'])}, {of['cores']} cores, Linux {escape(of['kernel'])}. {escape(packages)}.</p>"


def table(head: list[str], rows: Iterable[str]) -> str:
    return f'<div class="wide"><table><tr>{"".join(f"<th>{escape(name)}" for name in head)}{"".join(rows)}</table></div>'
