"""Pieces of text to lines, as the eye joins them, with spans that keep pointing at what they marked."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple, Protocol

from daemon.mail.text import seen

BREAK, PARAGRAPH, CELL, BOX = "\n", "\n\n", "\t", "\x1f"
SINGLES_MIN = 4
TEXT_MAX_CHARS = 400_000
SPANS_MAX = 5_000

# Spans that decide what is seen, of which none is left out: a box that cuts off, that lies over its surroundings or
# over lines beside it, that holds others in their place, that takes the room of what follows; a text under another,
# and whatever is beneath something that is no element. And those that tell in which direction a text is read.
CLIP, COVER, OVER, STAGE, PUSH, UNDER, VEIL = "clip", "cover", "over", "stage", "push", "under", "veil"
RTL, LTR = "rtl", "ltr"
_DECIDING = frozenset((CLIP, COVER, OVER, STAGE, PUSH, UNDER, VEIL, RTL, LTR))
_SHOWING = frozenset((COVER, OVER, PUSH))

# One character to a cell or box, four or more in a row: the boxes of a code.
_SINGLES = re.compile(r"(?<![^\s\x1f])(?:[^\W_](?:[ ]?[\t\x1f][\s\x1f]*)+){3,}[^\W_](?![^\s\x1f])")
_BOXES = re.compile(r"\s*\x1f[\s\x1f]*")
_CELLS = re.compile(r"[ \t]*\t[ \t]*")
_SINGLES_DASHED = re.compile(r"(?<![^\s\x1f])(?:[\w-](?:[ ]?[\t\x1f][\s\x1f]*)+){5,}\w(?![^\s\x1f])")


class Span(NamedTuple):
    """A marked stretch of the text: `kind` says what, `value` what goes with it (a link's target, a tag)."""

    kind: str
    value: str
    start: int
    end: int


def kind_of(kind: str) -> str:
    """A kind of span without the measures that follow it."""
    return kind.partition(" ")[0]


def is_deciding(span: Span) -> bool:
    """Whether a span tells what is seen, and is no one's business else."""
    return kind_of(span.kind) in _DECIDING


class _Mark:
    """A span that is being made: its places are offsets into the text so far."""

    __slots__ = ("end", "kind", "start", "value")

    def __init__(self, kind: str, value: str, start: int) -> None:
        self.kind, self.value, self.start = kind, value, start
        self.end: int | None = None


class Layout:
    """Makes lines of text, breaks and marks in document order; `finish` joins them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._marks: list[_Mark] = []
        self._open: list[_Mark] = []
        self._begun: list[_Mark] = []  # those that begin or end in the line that is being made
        self._ended: list[_Mark] = []
        self._done: list[str] = []
        self._total = 0  # of the lines that are done, each with its line break
        self._line: list[str] = []
        self._length = 0
        self._apart = True  # whether a space would be one too many here

    def text(self, text: str, *, preformatted: bool) -> None:
        """A text node, white space collapsed unless it is preformatted."""
        if self._size > TEXT_MAX_CHARS or self._total > self._limit:
            return
        if preformatted:
            self._preformatted(seen(text).replace("\t", " "))
            return
        if text and text.isascii() and text.isprintable() and "  " not in text:  # as most are: nothing to collapse
            if self._apart and text[0] == " ":
                text = text[1:]
        elif words := text.split():
            text = self._collapsed(text, words)
        else:  # a picture of nothing is a space, too
            text = "" if self._apart else " "
        if text:
            size = len(text)
            self._size += size
            self._line.append(text)
            self._length += size
            self._apart = text[-1] in " \t\x1f"

    def _collapsed(self, text: str, words: list[str]) -> str:
        joined = " ".join(words)
        if not self._apart and text[0].isspace():
            joined = " " + joined
        if text[-1].isspace():
            joined += " "
        return joined if joined.isascii() and joined.isprintable() else seen(joined)

    def _preformatted(self, text: str) -> None:
        self._size += len(text)
        if text in (BREAK, PARAGRAPH):
            self.write(text)
            return
        head, *rest = text.split("\n")
        self._add(head)
        for line in rest:
            self._break(blank=True)
            self._add(line)

    def write(self, mark: str) -> None:
        """A break, a cell's end or a box's edge."""
        if mark == BREAK:
            if self._length:
                self._break()
        elif self._total > self._limit:
            return
        elif mark == PARAGRAPH:
            if self._length:
                self._break()
            if self._done and self._done[-1]:
                self._done.append("")
                self._total += 1
        else:
            self._append(mark)

    def open(self, kind: str, value: str) -> None:
        """Begin a span here."""
        mark = _Mark(kind, value, self._total + self._length)
        if len(self._marks) < SPANS_MAX or kind_of(kind) in _DECIDING:
            self._marks.append(mark)
        self._open.append(mark)
        if self._length:
            self._begun.append(mark)

    def close(self, count: int) -> None:
        """End the `count` spans that were begun last."""
        here = self._total + self._length if self._length else max(0, self._total - 1)
        for _ in range(count):
            mark = self._open.pop()
            mark.end = max(mark.start, here)
            if self._length:
                self._ended.append(mark)

    def finish(self) -> tuple[str, tuple[Span, ...]]:
        """The text, at most as long as the limit, and the spans with offsets into it."""
        self.close(len(self._open))
        self._break()
        place = self._join_stacked()
        text = "\n".join(self._done)[: self._limit].rstrip("\n")
        size = len(text)
        spans = []
        for mark in self._marks:
            start, end = mark.start, mark.end or 0
            if place is not None:
                start, end = place(start, at_end=False), place(end, at_end=True)
            start = min(start, size)
            if kind_of(mark.kind) not in _SHOWING:  # of those, nothing in a line may surely be theirs: it ends first
                end = max(start, end)
            spans.append(Span(mark.kind, mark.value, start, min(end, size)))
        return text, tuple(spans)

    def _add(self, text: str) -> None:
        if text[:1] == " " and self._apart:
            text = text[1:]
        self._append(text)

    def _append(self, text: str) -> None:
        if text:
            self._line.append(text)
            self._length += len(text)
            self._apart = text[-1] in " \t\x1f"

    def _break(self, *, blank: bool = False) -> None:
        raw = "".join(self._line)
        line = raw.rstrip("\t\x1f \n")
        if "\t" in line or "\x1f" in line:
            line = _join_boxes(line)
        first, last = self._total, self._total + len(line)
        if line != raw and (self._begun or self._ended):
            moved = line != raw.rstrip()  # not only shorter: what was marked is somewhere in it
            for mark in self._begun:
                mark.start = min(mark.start, last) if not moved else last if kind_of(mark.kind) in _SHOWING else first
            for mark in self._ended:
                mark.end = min(mark.end or 0, last) if not moved else first if kind_of(mark.kind) in _SHOWING else last
        if blank or (line and not line.isspace()):
            self._done.append(line)
            self._total = last + 1
        self._line, self._length, self._apart = [], 0, True
        if self._begun or self._ended:
            self._begun, self._ended = [], []

    def _join_stacked(self) -> _Place | None:
        """Join one character a line, four or more lines in a row: boxes laid out by means that we do not follow."""
        runs: list[list[int]] = []
        run: list[int] = []
        for number, line in enumerate([*self._done, "end"]):
            if len(line) == 1 and line.isalnum():
                run.append(number)
            elif line or number == len(self._done):
                if len(run) >= SINGLES_MIN:
                    runs.append(run)
                run = []
        return self._joined(runs) if runs else None

    def _joined(self, runs: list[list[int]]) -> _Place:
        into = {number: run[0] for run in runs for number in range(run[0], run[-1] + 1)}
        before = [0, *accumulate(len(line) + 1 for line in self._done)]
        for run in runs:
            self._done[run[0]] = "".join(self._done[number] for number in run)
        starts: list[int] = []
        offset = 0
        for number, line in enumerate(self._done):
            starts.append(starts[into[number]] if into.get(number, number) != number else offset)
            if starts[-1] == offset:
                offset += len(line) + 1
        lengths = [len(self._done[into.get(number, number)]) for number in range(len(self._done))]
        self._done = [line for number, line in enumerate(self._done) if into.get(number, number) == number]

        def place(at: int, *, at_end: bool) -> int:
            number = min(bisect_right(before, at) - 1, len(starts) - 1)
            if number in into:
                return starts[number] + (lengths[number] if at_end else 0)
            return starts[number] + min(at - before[number], lengths[number])

        return place


class _Place(Protocol):
    def __call__(self, at: int, *, at_end: bool) -> int: ...


def _join_boxes(line: str) -> str:
    if line.count("\t") + line.count("\x1f") >= SINGLES_MIN - 1:
        line = _SINGLES_DASHED.sub(_without_gaps, line)
        line = _SINGLES.sub(_without_gaps, line)
    line = _BOXES.sub(" ", line) if "\x1f" in line else line
    return _CELLS.sub("\t", line).strip() if "\t" in line else line.strip()


def _without_gaps(match: re.Match[str]) -> str:
    return "".join(match[0].split())
