"""HTML to what a reader sees: the text as laid out, and the links with their labels, in document order.

What is hidden from a reader is not in the text: that is the wall between a message and the decoys that somebody put
into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from daemon.mail.cascade import TooManyChecksError
from daemon.mail.covering import uncovered
from daemon.mail.guard import trim
from daemon.mail.layout import Layout, Span, is_deciding
from daemon.mail.limits import FULL, Limits
from daemon.mail.markup import read
from daemon.mail.walk import Walk

VISIBLE_MAX_CHARS = 200_000
LINKS_MAX = 500


class Link(NamedTuple):
    """A link that can be seen and clicked: its target as written, its label, where it stands in the text, its look."""

    href: str
    label: str
    start: int
    end: int
    button: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """The visible text, its links in order, and spans of kind `quote`, `struck` and `strong` (offsets into `text`)."""

    text: str
    links: tuple[Link, ...] = ()
    spans: tuple[Span, ...] = ()
    problem: str | None = None


def render(html: str, limits: Limits = FULL) -> Rendered:
    """What a reader of `html` sees. Never raises; what exceeds the limits is cut off and `problem` says so.

    The last answer is kept: a message that somebody waits for is read twice in a row, to be stored and to be answered.
    """
    global _last
    key, last = _last
    if key == (html, limits):
        return last
    rendered = _render(html, limits)
    _last = ((html, limits), rendered)
    return rendered


_last: tuple[tuple[str, Limits] | None, Rendered] = (None, Rendered(text=""))


def _render(html: str, limits: Limits) -> Rendered:
    html, problem = trim(html, limits)
    if not html.strip():
        return Rendered(text="", problem=problem)
    layout = Layout(VISIBLE_MAX_CHARS)
    try:
        Walk(read(html), layout, limits.style_checks).run()
    except TooManyChecksError:
        # What cannot be judged is not shown: with the checks used up, the walk ends.
        problem = "style sheet too complex to be read whole"
    text, spans = layout.finish()
    if marks := [span for span in spans if is_deciding(span)]:
        text, spans = uncovered(text, marks), tuple([span for span in spans if not is_deciding(span)])
    links, others = [], []
    for span in spans:
        kind, value, start, end = span
        if kind not in ("link", "button"):
            if start < end:
                others.append(span)
        elif label := text[start:end].strip():
            links.append(Link(value, label, start, end, kind == "button"))
    return Rendered(text=text, links=tuple(links[:LINKS_MAX]), spans=tuple(others), problem=problem)
