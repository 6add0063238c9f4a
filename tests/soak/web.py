"""The results as one HTML page, with a plot of what was watched over time."""

from html import escape

import pygal
from pygal.style import Style

from harness.report import document, svg

from .result import Result
from .samples import Series

TITLES = {"KiB": "Memory of its own (KiB)", "files": "Open files"}


def page(results: list[Result], where: str) -> str:
    parts = [f"<p>{escape(where)}</p>"]
    for result in results:
        parts += [f"<h2>{escape(result.name)}: {'met' if result.met else 'broken'}, {result.seconds:.0f} s</h2>", table(result)]
        for unit in dict.fromkeys(series.unit for series in result.series.values()):
            parts.append(plot(TITLES[unit], {name: series for name, series in result.series.items() if series.unit == unit}))
    return document("Large numbers, counted", parts)


def table(result: Result) -> str:
    words = {True: '<td class="yes">met', False: '<td class="no">broken'}
    rows = "".join(f"<tr><td>{escape(f.what)}<td>{escape(f.measured)}<td>{escape(f.limit)}{words[f.met]}" for f in result.findings)
    return f"<table><tr><th><th>measured<th>promised<th>{rows}</table>"


def plot(title: str, lines: dict[str, Series]) -> str:
    style = Style(background="transparent", plot_background="transparent", font_family="sans-serif", title_font_size=16, legend_font_size=12, label_font_size=12)
    chart = pygal.XY(
        style=style, js=(), width=960, height=480, margin_bottom=60, title=title, x_title="seconds",
        legend_at_bottom=True, legend_at_bottom_columns=2, truncate_legend=-1,
        show_dots=False, range=(0, 1.2 * max(value for series in lines.values() for _, value in series.points)),
    )
    for name, series in lines.items():
        chart.add(name, series.points)
    return svg(chart)
