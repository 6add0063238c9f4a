"""Plots as SVG that needs nothing from elsewhere: no script, no font, no network."""

from collections.abc import Callable

import pygal
from pygal.style import Style

from harness.report import svg

from .figures import find, median

# What others do stands back; ours is what one looks for.
OTHERS = ("#8d99ae", "#b08968", "#cfa77f", "#7f5539", "#90a955", "#4f772d")
OURS = ("#c1121f", "#f77f00", "#7b2cbf", "#0077b6", "#00a896", "#d90368", "#5a189a", "#ffba08")


def waits(figures: dict, rtt: int, clients: int) -> str:
    """A group of bars for each kind of page."""
    kinds = figures["plan"]["kinds"]
    return bars(
        figures, f"Wait for the session, round trip {rtt} ms, {clients} at a time (ms, median)", kinds,
        lambda key: [median(find(figures, key, rtt, kind, clients), "wait_ms") for kind in kinds],
    )


def distances(figures: dict, kind: str) -> str:
    """How the wait grows with the way to the store."""
    rtts = sorted(figures["plan"]["rtts"])
    clients = figures["plan"]["clients"][0]
    chart = pygal.XY(
        **common(figures), title=f"{kind} page: wait over the round trip (ms, median, {clients} at a time)", x_title="round trip, ms", stroke_style={"width": 2},
    )
    for key, handler in figures["handlers"].items():
        points = [(rtt, median(find(figures, key, rtt, kind, clients), "wait_ms")) for rtt in rtts]
        chart.add(handler["title"], [point for point in points if point[1] is not None])
    return svg(chart)


def processor(figures: dict, rtt: int) -> str:
    kinds = figures["plan"]["kinds"]
    clients = figures["plan"]["clients"][0]
    return bars(
        figures, f"CPU of the worker for the session, round trip {rtt} ms (ms a page, median)", kinds,
        lambda key: [median(find(figures, key, rtt, kind, clients), "cpu_ms") for kind in kinds],
    )


def memory(figures: dict) -> str:
    return bars(figures, "Memory of a worker's own (MiB, median)", ["a worker"], lambda key: [round(figures["memory_kib"][key] / 1024, 2)])


def dollars(figures: dict, rtt: int) -> str:
    kinds = figures["plan"]["kinds"]
    clients = figures["plan"]["clients"][0]

    def costs(key: str) -> list[float | None]:
        cells = (find(figures, key, rtt, kind, clients) for kind in kinds)
        return [cell["usd_per_million"] if cell else None for cell in cells]

    return bars(figures, f"Dollars of a million pages, table in {figures['regions']} Regions", kinds, costs, ours_only=True)


def bars(figures: dict, title: str, labels: list[str], values: Callable[[str], list[float | None]], ours_only: bool = False) -> str:
    chart = pygal.Bar(**common(figures, ours_only), title=title, x_labels=labels)
    for key, handler in figures["handlers"].items():
        if handler["ours"] or not ours_only:
            chart.add(handler["title"], values(key))
    return svg(chart)


def common(figures: dict, ours_only: bool = False) -> dict:
    chosen = [handler for handler in figures["handlers"].values() if handler["ours"] or not ours_only]
    theirs, own = iter(OTHERS * 4), iter(OURS * 4)
    style = Style(
        colors=tuple(next(own if handler["ours"] else theirs) for handler in chosen), background="transparent", plot_background="transparent",
        font_family="sans-serif", title_font_size=16, legend_font_size=12, label_font_size=12, major_label_font_size=12, opacity="0.95",
    )
    # Scripts would be fetched from pygal's site, and show nothing that the tables do not have.
    return {"style": style, "js": (), "width": 960, "height": 420, "legend_at_bottom": False, "truncate_legend": -1, "show_minor_x_labels": True}
