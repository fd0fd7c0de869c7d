"""What is cut off by boxes or lies under others, taken out of a text that is laid out.

Boxes are not measured: what may be hidden counts as hidden, and only what is beside it in lines and columns is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from daemon.mail.layout import CLIP, COVER, LTR, OVER, PUSH, RTL, STAGE, UNDER, VEIL, Span

# Each is held against the others. What has more of them is no letter, and is not judged.
PAIRS_MAX = 500_000

_NUMBERS = re.compile(r"\d+(?: \d+)+")
_INK = re.compile(r"\S")


def uncovered(text: str, spans: list[Span]) -> str:
    """The text with what may not be seen made blank; offsets stay."""
    if len([span for span in spans if span.kind not in (STAGE, LTR)]) * len(spans) > PAIRS_MAX:
        return _INK.sub(" ", text)
    hidden = [place for place in _hidden(text, spans) if place[0] < place[1]]
    if not hidden:
        return text
    pieces, at = [], 0
    for start, end in sorted(hidden):
        if end > at:
            pieces += [text[at:start], _INK.sub(" ", text[max(start, at) : end])]
            at = end
    return "".join([*pieces, text[at:]])


def _hidden(text: str, spans: list[Span]) -> Iterator[tuple[int, int]]:
    stages = [span for span in spans if span.kind == STAGE]
    pushes = [span for span in spans if span.kind == PUSH]
    for number, span in enumerate(spans):
        kind, _, rest = span.kind.partition(" ")
        if kind == CLIP:
            yield from _outside(text, span, rest)
            yield from ((push.end, span.end) for push in pushes if span.start <= push.start and push.end <= span.end)
        elif kind == RTL:
            yield from _reordered(text, span, [each for each in spans if each.kind == LTR])
        elif kind == UNDER:
            yield span.start, span.end
        elif kind == COVER:
            first, last = _stage(text, _around(spans, number) if not rest else [], span)
            yield from ((first, span.start), (span.end, last))
        elif kind == VEIL:
            yield _stage(text, stages if not rest else [], span)
        elif kind == OVER:
            first, last = span.start, span.end
            for _ in range(int(rest)):
                first = text.rfind("\n", 0, first) if first > 0 else first
                last = text.find("\n", last + 1) if last >= 0 else last
            yield from ((max(first, 0), span.start), (span.end, last if last >= 0 else len(text)))


def _around(spans: list[Span], number: int) -> list[Span]:
    """The stages that were begun before a box, but for its own: it does not lie in itself."""
    stages = [span for span in spans[:number] if span.kind == STAGE]
    return stages[:-1] if stages and stages[-1][2:] == spans[number][2:] else stages


def _stage(text: str, stages: list[Span], span: Span) -> tuple[int, int]:
    """The innermost box around a mark that holds what is placed in it, or everything."""
    around = [stage for stage in stages if stage.start <= span.start and span.end <= stage.end]
    stage = max(around, key=lambda each: (each.start, -each.end), default=None)
    return (stage.start, stage.end) if stage is not None else (0, len(text))


def _reordered(text: str, span: Span, others: list[Span]) -> Iterator[tuple[int, int]]:
    """Numbers in a text from right to left that are parted by spaces: the second stands on the left (UAX 9, 3.3)."""
    for match in _NUMBERS.finditer(text, span.start, span.end):
        if not any(other.start <= match.start() and match.end() <= other.end for other in others):
            yield match.span()


def _outside(text: str, span: Span, rest: str) -> Iterator[tuple[int, int]]:
    """What is below or to the right of a box that has so many lines and columns."""
    lines, columns, *wraps = rest.split()
    left, width, at = int(lines), int(columns), span.start
    while at < span.end:
        end = text.find("\n", at, span.end)
        end = span.end if end < 0 else end
        shown = left * width if wraps else width if left > 0 else 0
        if end - at > shown:
            cut = at + max(0, shown)
            while cut > at and not text[cut - 1].isspace():
                cut -= 1  # no word is cut in two
            yield cut, end
        left -= max(1, -(-(end - at) // width)) if wraps else 1
        at = end + 1
