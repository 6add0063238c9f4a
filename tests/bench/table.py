"""The figures as text: for the terminal, and in short for the README."""

from .figures import find, median, raw, usual_rtt
from .limits import RTT, verdicts

# Of the columns of what a page uses.
WIDTHS = (11, 9, 26, 12, 13, 14)


def terminal(figures: dict) -> str:
    plan = figures["plan"]
    lines = [f"Page of {' + '.join(plan['work_ms'].split(','))} ms (before, in, after its session); {plan['pages']} pages of each kind and client.", ""]
    lines += round_trips(figures)
    for clients in plan["clients"]:
        for rtt in plan["rtts"]:
            lines += waits(figures, rtt, clients)
    lines += costs(figures, usual_rtt(figures))
    lines += against(figures)
    lines += trouble(figures)
    lines += [f"{v.what:<70} {v.limit:>10} {v.measured or '-':>12}  {mark(v.met)}" for v in verdicts(figures)]
    return "\n".join([*lines, *figures["skipped"]])


def round_trips(figures: dict) -> list[str]:
    """How far the stores were: a client without PHP."""
    rows = [f"  {store:<12} set to {rtt:>3} ms: {show(values)}" for store, rtt, values in raw(figures)]
    return ["Round trips of a raw client, ms: median [p10..p90]", *rows, ""]


def waits(figures: dict, rtt: int, clients: int) -> list[str]:
    kinds = figures["plan"]["kinds"]
    lines = [f"Wait for the session, round trip {rtt} ms, {clients} at a time, ms: median [p10..p90]", row("", kinds)]
    for key, handler in figures["handlers"].items():
        cells = (find(figures, key, rtt, kind, clients) for kind in kinds)
        lines.append(row(handler["title"], [show(cell["wait_ms"]) if cell else "" for cell in cells]))
    return [*lines, ""]


def costs(figures: dict, rtt: int) -> list[str]:
    """What each page uses with one client; units and dollars where the store is DynamoDB."""
    clients = figures["plan"]["clients"][0]
    lines = [f"What a page uses, round trip {rtt} ms ({clients} at a time)"]
    columns = ["kind", "CPU ms", "calls", "RRU / WRU", "$ a million", "KiB a worker"]
    lines.append(row("", columns, WIDTHS))
    for key, handler in figures["handlers"].items():
        for kind in figures["plan"]["kinds"]:
            if cell := find(figures, key, rtt, kind, clients):
                calls = " ".join(f"{count:g} {name}" for name, count in cell["calls"].items()) if handler["ours"] else ""
                units = f"{cell['read_units']:g} / {cell['write_units']:g}" if handler["ours"] else ""
                dollars = f"{cell['usd_per_million']:.2f}" if handler["ours"] else ""
                lines.append(row(handler["title"], [kind, number(median(cell, "cpu_ms")), calls, units, dollars, str(figures["memory_kib"][key])], WIDTHS))
    return [*lines, ""]


def against(figures: dict) -> list[str]:
    """This build's medians as parts of the other build's, with the same settings."""
    lines = []
    for key, handler in figures["handlers"].items():
        if not handler["other_build"]:
            continue
        for rtt in figures["plan"]["rtts"]:
            for kind in figures["plan"]["kinds"]:
                here, there = find(figures, key.removeprefix("other-"), rtt, kind), find(figures, key, rtt, kind)
                if here and there:
                    ratios = ", ".join(f"{what} {ratio(median(here, name), median(there, name))}" for what, name in (("wait", "wait_ms"), ("CPU", "cpu_ms")))
                    lines.append(f"  {handler['title']}, {kind}, round trip {rtt} ms: {ratios}")
    return ["This build's medians, as multiples of the other build's", *lines, ""] if lines else []


def ratio(here: float | None, there: float | None) -> str:
    return f"{here / there:.2f} ({here:.2f} / {there:.2f} ms)" if here is not None and there else "-"


def trouble(figures: dict) -> list[str]:
    """Pages that failed and changes that another page has overwritten; usually nothing."""
    lines = [
        f"{figures['handlers'][cell['handler']]['title']}, {cell['kind']}, round trip {cell['rtt_ms']} ms, {cell['clients']} at a time: "
        f"{cell['failed']} of {cell['pages']} pages failed, {cell['lost']} changes lost"
        for cell in figures["cells"] if cell["failed"] or cell["lost"]
    ]
    return [*lines, ""] if lines else []


def readme(figures: dict) -> str:
    """In Markdown: one client, the usual round trip; medians."""
    rtt = usual_rtt(figures)
    clients = figures["plan"]["clients"][0]
    lines = [
        f"| round trip {rtt} ms, page of {sum(map(float, figures['plan']['work_ms'].split(','))):g} ms | waits: unchanged | changed | fresh "
        "| CPU: unchanged | changed | memory of a worker | a million changed pages |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for key, handler in figures["handlers"].items():
        cells = {kind: find(figures, key, rtt, kind, clients) for kind in ("unchanged", "changed", "fresh")}
        waits = [ms(median(cell, "wait_ms")) for cell in cells.values()]
        cpu = [ms(median(cells[kind], "cpu_ms")) for kind in ("unchanged", "changed")]
        dollars = f"${cells['changed']['usd_per_million']:.2f}" if handler["ours"] and cells["changed"] else ""
        title = f"**{handler['title']}**" if handler["ours"] else handler["title"]
        lines.append("| " + " | ".join([title, *waits, *cpu, f"{figures['memory_kib'][key] / 1024:.1f} MB", dollars]) + " |")
    return "\n".join(lines)


def row(title: str, columns: list[str], widths: tuple[int, ...] = (27,) * 6) -> str:
    return f"{title:<28}" + "".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=False))


def show(values: dict | None) -> str:
    return f"{values['median']:.2f} [{values['p10']:.2f}..{values['p90']:.2f}]" if values else "-"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def ms(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ms"


def mark(met: bool | None) -> str:
    return {None: f"not measured (needs a round trip of {RTT} ms and both handlers)", True: "met", False: "NOT MET"}[met]
