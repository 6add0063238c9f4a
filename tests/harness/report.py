"""What the HTML reports share: one page that needs nothing from elsewhere, no script, no font, no network."""

import re
from html import escape

import pygal

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100% }
td, th { border-bottom: 1px solid #ddd; padding: .15rem .5rem; text-align: right; white-space: nowrap }
td:first-child, th:first-child { text-align: left; white-space: normal } tr.ours { background: #fdf0f0 }
.yes { color: #2b7a0b } .no { color: #c1121f; font-weight: bold } .wide { overflow-x: auto }
"""


def document(title: str, parts: list[str]) -> str:
    title = escape(title)
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>\n<h1>{title}</h1>\n{"".join(parts)}</html>\n'


def svg(chart: pygal.graph.graph.Graph) -> str:
    # pygal leaves its settings for a script that is not there.
    return re.sub(r"<script.*?</script>", "", chart.render(disable_xml_declaration=True), flags=re.S)
