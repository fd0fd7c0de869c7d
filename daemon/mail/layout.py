"""Pieces of text to lines, as the eye joins them, with spans that keep pointing at what they marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from daemon.mail.text import seen

BREAK, PARAGRAPH, CELL, BOX = "\n", "\n\n", "\t", "\x1f"
SINGLES_MIN = 4
TEXT_MAX_CHARS = 400_000
SPANS_MAX = 5_000

# One character to a cell or box, four or more in a row: the boxes of a code.
_SINGLES = re.compile(r"(?<![^\s\x1f])(?:[^\W_](?:[ ]?[\t\x1f][\s\x1f]*)+){3,}[^\W_](?![^\s\x1f])")
_SINGLES_DASHED = re.compile(r"(?<![^\s\x1f])(?:[\w-](?:[ ]?[\t\x1f][\s\x1f]*)+){5,}\w(?![^\s\x1f])")


class Span(NamedTuple):
    """A marked stretch of the text: `kind` says what, `value` what goes with it (a link's target, a tag)."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(slots=True)
class _Mark:
    """A span that is being made; its places are (line number, offset) until the lines are joined."""

    kind: str
    value: str
    start: tuple[int, int]
    end: tuple[int, int] | None = None


class Layout:
    """Makes lines of text, breaks and marks in document order; `finish` joins them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._marks: list[_Mark] = []
        self._open: list[_Mark] = []
        self._done: list[str] = []
        self._rewritten: set[int] = set()
        self._line: list[str] = []
        self._length = 0
        self._total = 0
        self._apart = True  # whether a space would be one too many here

    def text(self, text: str, *, preformatted: bool) -> None:
        """A text node, white space collapsed unless it is preformatted."""
        if self._size > TEXT_MAX_CHARS or self._total > self._limit:
            return
        if preformatted:
            self._preformatted(seen(text).replace("\t", " "))
            return
        words = " ".join(text.split())
        if words:
            if not (words.isascii() and words.isprintable()):
                words = seen(words)
            text = (" " if text[0].isspace() else "") + words + (" " if text[-1].isspace() else "")
        elif text:
            text = " "
        self._size += len(text)
        if self._apart and text[:1] == " ":
            text = text[1:]
        if text:
            self._line.append(text)
            self._length += len(text)
            self._apart = text[-1] in " \t\x1f"

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
        if self._total > self._limit:
            return
        if mark == BREAK:
            if self._length:
                self._break()
        elif mark == PARAGRAPH:
            self._break()
            if self._done and self._done[-1]:
                self._done.append("")
        else:
            self._append(mark)

    def open(self, kind: str, value: str) -> None:
        """Begin a span here."""
        mark = _Mark(kind, value, (len(self._done), self._length))
        if len(self._marks) < SPANS_MAX:
            self._marks.append(mark)
        self._open.append(mark)

    def close(self, count: int) -> None:
        """End the `count` spans that were begun last."""
        here = (len(self._done), self._length)
        for _ in range(count):
            self._open.pop().end = here

    def finish(self) -> tuple[str, tuple[Span, ...]]:
        """The text, at most as long as the limit, and the spans with offsets into it."""
        here = (len(self._done), self._length)
        self._break()
        self._done.append("")
        self._join_stacked()
        starts, offset = [], 0
        for line in self._done:
            starts.append(offset)
            offset += len(line) + 1 if line is not _GONE else 0
        text = "\n".join(line for line in self._done if line is not _GONE)[: self._limit].rstrip("\n")
        spans = []
        for mark in self._marks:
            first = self._place(starts, mark.start, at_end=False)
            last = self._place(starts, mark.end or here, at_end=True)
            spans.append(Span(mark.kind, mark.value, min(first, len(text)), min(max(first, last), len(text))))
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
        line = _join_boxes(raw)
        if blank or (line and not line.isspace()):
            if line != raw.rstrip():
                self._rewritten.add(len(self._done))
            self._done.append(line)
            self._total += len(line) + 1
        self._line, self._length, self._apart = [], 0, True

    def _place(self, starts: list[int], place: tuple[int, int], *, at_end: bool) -> int:
        line, offset = place
        line = min(line, len(starts) - 1)
        if at_end and offset == 0 and line > 0:
            return max(0, starts[line] - 1)
        size = len(self._done[line])
        if line in self._rewritten:
            offset = size if at_end else 0
        return min(starts[line] + min(offset, size), self._limit)

    def _join_stacked(self) -> None:
        # One character a line, four or more lines in a row: boxes that were laid out by means we do not follow.
        run: list[int] = []
        for number, line in enumerate([*self._done, "end"]):
            if len(line) == 1 and line.isalnum():
                run.append(number)
            elif line or number == len(self._done):
                if len(run) >= SINGLES_MIN:
                    self._done[run[0]] = "".join(self._done[at] for at in run)
                    for at in range(run[0] + 1, run[-1] + 1):
                        self._done[at] = _GONE
                    self._rewritten.update(range(run[0], run[-1] + 1))
                run = []


_GONE = "\x00gone"


def _join_boxes(line: str) -> str:
    line = line.rstrip("\t\x1f \n")
    if "\t" not in line and "\x1f" not in line:
        return line
    line = _SINGLES_DASHED.sub(lambda match: re.sub(r"[\s\x1f]+", "", match[0]), line)
    line = _SINGLES.sub(lambda match: re.sub(r"[\s\x1f]+", "", match[0]), line)
    line = re.sub(r"\s*\x1f[\s\x1f]*", " ", line) if "\x1f" in line else line
    return re.sub(r"[ \t]*\t[ \t]*", "\t", line).strip()
