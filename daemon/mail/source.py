"""A text that answers are looked for in: prepared once, then asked by codes, links and logins alike."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from daemon.mail.layout import Span
from daemon.mail.lexicon import vocabulary
from daemon.mail.text import fold, shape
from daemon.mail.visible import Link

SOURCE_MAX_CHARS = 40_000
SENTENCE_MAX_CHARS = 1_000

# These open with a class of characters or with one, because a search leaps from one such to the next.
URL = re.compile(r"[hH][tT][tT][pP][sS]?://[^\s<>\"\u3000-\u303f\uff00-\uffef]{3,4000}")
_BREAK = re.compile(r"\r?\n[ \t]?")
_WRAPPED = re.compile(rf"<https?://[^\s<>]{{1,2000}}(?:{_BREAK.pattern}[^\s<>]{{1,2000}}){{1,8}}>")
_LOCAL_PART_REVERSED = re.compile(r"[\w.+-]{1,64}")
_MAIL_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_DOMAIN = re.compile(r"(?<![\w@.-])(?:[a-zA-Z][\w-]{0,62}\.){1,6}(?=[a-z])[\w-]{2,24}(?:/[^\s]{0,500})?")
_DOTTED = re.compile(r"\.(?<=\w\.)[a-z]")
# A full stop after one or two digits that follow a word is an ordinal ("9. Juni"), not an end.
_WIDE = r"\u3002\uff01\uff1f\uff0e\u0964\u06d4\u061f"
_PERIOD = (
    r"(?:(?<=[.!?\u2026])(?<![^\d\s]\s\d\.)(?<![^\d\s]\s\d\d\.)(?=[\s\"')\]\u201d\u00bb]|$)"
    rf"|(?<=[{_WIDE}])(?=.))"
)
# In text a line break may be a mere fold, unless the line is short; in HTML it is one that the reader sees.
_SENTENCE_END = re.compile(
    rf"[.!?\u2026{_WIDE}]{_PERIOD}" + r"|\n[ \t]*\n|(?:^|(?<=\n))(?:[^\n.!?\u2026]|[.!?\u2026](?!\s)){0,30}\n",
    re.DOTALL,
)
_LINE_OR_SENTENCE_END = re.compile(rf"[.!?\u2026{_WIDE}\n](?:(?<=\n)|{_PERIOD})", re.DOTALL)


class Range(NamedTuple):
    """A stretch of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for or against a candidate, and what it weighs."""

    why: str
    weight: float


class Source:
    """`text` as a reader sees it. All other forms have the same length, so that offsets agree.

    `shaped` has ASCII digits; `unlinked` is that without URLs; `folded` is for words; in `plain` and in the hits,
    links, addresses and domain names are blanked, because what they hold is not said to the reader; and so, in the
    hits, is what `own_name` finds.
    """

    def __init__(
        self,
        name: str,
        text: str,
        links: tuple[Link, ...] = (),
        spans: tuple[Span, ...] = (),
        *,
        own_name: re.Pattern[str] | None = None,
    ) -> None:
        self.name = name
        self.text = text[:SOURCE_MAX_CHARS]
        self.links = links
        self.spans = spans
        self._marked: dict[str, tuple[list[int], list[int]]] = {}
        self.shaped = shape(self.text)
        self.addresses = _addresses(self.shaped)
        self.urls = _ranges(URL, self.shaped) if "://" in self.shaped else []
        self.unlinked = blank(self.shaped, self.urls)
        plain = blank(self.unlinked, self.addresses)
        self.plain = blank(plain, _ranges(_DOMAIN, plain)) if _DOTTED.search(plain) else plain
        self.folded = fold(self.plain)
        if own_name is not None:
            self.folded = own_name.sub(lambda match: " " * len(match[0]), self.folded)
        hits = vocabulary().scan(self.folded)
        self.hits, self.link_hits, self.login_hits = hits["codes"], hits["links"], hits["logins"]
        ends = _LINE_OR_SENTENCE_END if name == "html" else _SENTENCE_END
        self._breaks = [0]
        for end in [*[match.end() for match in ends.finditer(self.plain)], len(self.text)]:
            if end - self._breaks[-1] > SENTENCE_MAX_CHARS:
                self._breaks += range(self._breaks[-1] + SENTENCE_MAX_CHARS, end, SENTENCE_MAX_CHARS)
            self._breaks.append(end)
        self._breaks.pop()  # the end of the text is none

    def line(self, at: int) -> Range:
        """The line around an offset."""
        end = self.text.find("\n", at)
        return Range(self.text.rfind("\n", 0, at) + 1, len(self.text) if end < 0 else end)

    def sentence(self, at: int) -> Range:
        """The sentence around an offset; a blank line ends one, a line break does not, and its length is bounded."""
        index = bisect_right(self._breaks, at)
        end = self._breaks[index] if index < len(self._breaks) else len(self.text)
        return Range(self._breaks[index - 1], end)

    def paragraph(self, at: int) -> Range:
        """The lines around an offset up to the next blank ones."""
        start = self.text.rfind("\n\n", 0, at)
        end = self.text.find("\n\n", at)
        return Range(0 if start < 0 else start + 2, len(self.text) if end < 0 else end)

    def lines_before(self, at: int, count: int, limit: int) -> Range:
        """Up to `count` lines with something in them before an offset's line, at most `limit` characters."""
        start = end = self.line(at).start
        while count and start > 0 and end - start < limit:
            previous = self.text.rfind("\n", 0, start - 1) + 1
            if self.text[previous:start].strip():
                count -= 1
            start = previous
        return Range(max(start, end - limit), end)

    def marked(self, kind: str, start: int, end: int) -> bool:
        """Whether a stretch lies within a span of a kind."""
        if kind not in self._marked:
            spans = sorted((span.start, span.end) for span in self.spans if span.kind == kind)
            self._marked[kind] = [first for first, _ in spans], list(accumulate((last for _, last in spans), max))
        starts, ends = self._marked[kind]
        index = bisect_right(starts, start)
        return index > 0 and ends[index - 1] >= end


def unwrapped(text: str) -> str:
    """`text` with the line breaks out of web addresses in angle brackets (RFC 3986 appendix C)."""
    return _WRAPPED.sub(lambda match: _BREAK.sub("", match[0]), text) if "<http" in text else text


def _ranges(pattern: re.Pattern[str], text: str) -> list[Range]:
    return [Range(*match.span()) for match in pattern.finditer(text)]


def _addresses(text: str) -> list[Range]:
    """The mail addresses in a text, found from their `@` to both sides."""
    found: list[Range] = []
    at, floor = text.find("@"), 0
    while at >= 0:
        before = _LOCAL_PART_REVERSED.match(text[max(floor, at - 64) : at][::-1])
        after = _MAIL_DOMAIN.match(text, at + 1)
        if before is not None and after is not None:
            found.append(Range(at - before.end(), after.end()))
            floor = after.end()
        at = text.find("@", at + 1)
    return found


def blank(text: str, ranges: Iterable[Range]) -> str:
    """`text` with stretches replaced by spaces; line breaks and length are kept."""
    pieces, position = [], 0
    for stretch in sorted(ranges, key=lambda item: item.start):
        start = max(position, stretch.start)
        if start < stretch.end:
            inner = text[start : stretch.end]
            pieces += [text[position:start], _NOT_BREAK.sub(" ", inner) if "\n" in inner else " " * len(inner)]
            position = start + len(inner)
    return "".join([*pieces, text[position:]]) if pieces else text


_NOT_BREAK = re.compile(r"[^\n]")
