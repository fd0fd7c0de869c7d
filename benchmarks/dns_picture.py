"""The rates as a picture: one group of bars for each load, in an SVG that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 720, 110, 90
BAR_HEIGHT, BAR_GAP, GROUP_GAP, TITLE_HEIGHT, MARGIN = 18, 4, 22, 26, 16
OURS, OTHERS = "#2563eb", "#94a3b8"
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #0f172a }
.title { font-weight: 600 }
.value { font-variant-numeric: tabular-nums }
rect.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) { text { fill: #e2e8f0 } rect.paper { fill: #0f172a } }"""


def bars(loads: Mapping[str, Mapping[str, float]]) -> str:
    """Return the picture of answers a second, by load and server; the first server is ours."""
    parts, at = list[str](), MARGIN
    for title, rates in loads.items():
        parts.append(f'<text class="title" x="{MARGIN}" y="{at + 13}">{escape(title)}, answers a second</text>')
        at += TITLE_HEIGHT
        best = max(rates.values())
        for number, (name, rate) in enumerate(rates.items()):
            parts.append(_bar(at, name, rate, rate / best, OTHERS if number else OURS))
            at += BAR_HEIGHT + BAR_GAP
        at += GROUP_GAP
    height = at - GROUP_GAP + MARGIN
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">'
    label = "<title>Answers a second of Postern and of other name servers on one core</title>"
    paper = f'<rect class="paper" width="{WIDTH}" height="{height}" rx="8"/>'
    return "\n".join((head, label, f"<style>{STYLE}</style>", paper, *parts, "</svg>")) + "\n"


def _bar(at: int, name: str, rate: float, share: float, colour: str) -> str:
    room = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH
    left, width, base = MARGIN + LABEL_WIDTH, max(1, round(room * share)), at + 13
    return (
        f'<text x="{MARGIN}" y="{base}">{escape(name)}</text>'
        f'<rect x="{left}" y="{at}" width="{width}" height="{BAR_HEIGHT}" rx="3" fill="{colour}"/>'
        f'<text class="value" x="{left + width + 8}" y="{base}">{rate:,.0f}</text>'
    )
