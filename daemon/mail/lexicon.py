"""Finding the vocabulary in a text: one pass over its words for all meanings, longest term first.

Words are looked up once and remembered, for mails repeat themselves; the cost is that of a set per word. A term of
several words is found by the longest of them that is not in every sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, compress
from operator import itemgetter
from typing import NamedTuple

from daemon.mail import link_words, words
from daemon.mail.text import fold

# Runs of letters, marks and digits of any script, and what may stand between the words of one term.
_TOKEN = re.compile(
    r"[^\s!-/:-@\[-`{-~\u00a0-\u00bf\u2010-\u205f\u3000-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
)
_COMMON = frozenset(words.COMMON.split())
GAP_MAX_CHARS = 3  # as many pieces are looked at in `scan`
_GAP = " \n\t-'\u2019."
REMEMBERED_WORDS = 20_000
REMEMBERED_CHARS = 20_000
REMEMBERED_WORD_MAX_CHARS = 24
REMEMBERED_PLACES = 20_000
REMEMBERED_PLACE_MAX_CHARS = 36
WORD_MAX_CHARS = 400
_KEY_CHARS = 3


class Hit(NamedTuple):
    """A term of a meaning at `start` to `end` of the text that was scanned."""

    start: int
    end: int
    meaning: str


@dataclass(slots=True)
class _Term:
    """A term as its words; `whole` closes its end to suffixes, `inside` opens its beginning to prefixes.

    `anchor` is the index of the word that it is found by.
    """

    subject: str
    words: tuple[str, ...]
    whole: bool
    inside: bool
    anchor: int
    meanings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a word: the terms within it, and the terms of several words that it may be the anchor of.

    They come with where they begin in it, the first with where they end, too.
    """

    hits: tuple[tuple[int, int, _Term], ...]
    anchors: tuple[tuple[int, _Term], ...]


_NOTHING = _Known((), ())


class _Spaces(dict[int, str | int]):
    """A `str.translate` table that makes a space of all that is in no word, worked out a character at a time."""

    def __missing__(self, code: int) -> str | int:
        value = code if _TOKEN.match(chr(code)) else " "
        if len(self) < REMEMBERED_CHARS:
            self[code] = value
        return value


_SPACES = _Spaces()


class Vocabulary:
    """Terms by subject and meaning, indexed by how their anchors begin."""

    def __init__(self, subjects: dict[str, dict[str, str]]) -> None:
        self._terms: dict[tuple[str, tuple[str, ...], bool, bool], _Term] = {}
        self._starting: dict[str, list[_Term]] = {}
        self._inside: dict[str, list[_Term]] = {}
        self._known: dict[str, _Known] = {}
        self._places: dict[tuple[str, str, str], _Known] = {}
        self._subjects = tuple(subjects)
        for subject, tables in subjects.items():
            for meaning, table in tables.items():
                for term in re.split(r"[|\n]+", table):
                    self._add(subject, meaning, term)

    def _add(self, subject: str, meaning: str, text: str) -> None:
        mark = text[:1] if text[:1] in ("=", "*") else ""
        parts = tuple(_TOKEN.findall(fold(text.removeprefix(mark))))
        if not parts:
            return
        key = (subject, parts, mark == "=", mark == "*")
        if key not in self._terms:
            anchor = max(range(len(parts)), key=lambda at: (parts[at] not in _COMMON, len(parts[at])))
            term = self._terms[key] = _Term(*key, anchor)
            if term.inside and not anchor:
                self._inside.setdefault(parts[0][0], []).append(term)
            else:
                self._starting.setdefault(parts[anchor][:_KEY_CHARS], []).append(term)
        term = self._terms[key]
        term.meanings = tuple(sorted({*term.meanings, meaning}))

    def scan(self, folded: str) -> dict[str, Hits]:
        """All terms in a folded text by subject; of terms within terms only the longest is kept."""
        # Cut at every separator, so that a piece's offset is the sum of the lengths before it and its number.
        pieces = folded.translate(_SPACES).split(" ")
        known = self._known
        telling = {word for word in set(pieces) if word and (known.get(word) or self._learn(word)) is not _NOTHING}
        found: dict[str, list[tuple[int, int, _Term]]] = {subject: [] for subject in self._subjects}
        told: list[tuple[int, _Known]] = []
        places, numbers = self._places, range(len(pieces))
        pieces += [""] * GAP_MAX_CHARS
        for at in compress(numbers, map(telling.__contains__, pieces)):
            word = pieces[at]
            place = (pieces[at - 1] or _word_before(pieces, at), word, pieces[at + 1] or _word_after(pieces, at))
            here = places.get(place) or self._at(place)
            if here is not _NOTHING:
                told.append((at, here))
        lengths = list(accumulate(map(len, pieces), initial=0)) if told else []
        for at, here in told:
            start = lengths[at] + at
            for first, term in here.anchors:
                opening = _opening(term, pieces, at)
                begin, first_word = lengths[opening] + opening, pieces[opening]
                if term.anchor and not _begins(term, first_word):
                    continue
                if end := _follow(term, pieces, opening, folded, begin + len(first_word)):
                    within = len(first_word) - len(term.words[0]) if term.anchor else first
                    found[term.subject].append((begin + within, end, term))
            for first, size, term in here.hits:
                found[term.subject].append((start + first, start + size, term))
        return {subject: Hits(_longest(items, folded)) for subject, items in found.items()}

    def _at(self, place: tuple[str, str, str]) -> _Known:
        """What is known of a word between two others: of the terms that it anchors, those that they do not rule out."""
        before, word, after = place
        known = self._known.get(word) or self._learn(word)
        anchors = []
        for first, term in known.anchors:
            words, anchor = term.words, term.anchor
            if (anchor == 1 and not _begins(term, before)) or (anchor > 1 and words[anchor - 1] != before):
                continue
            if anchor + 1 == len(words) or after.startswith(words[anchor + 1]):
                anchors.append((first, term))
        here = _Known(known.hits, tuple(anchors)) if known.hits or anchors else _NOTHING
        if len(before) + len(word) + len(after) <= REMEMBERED_PLACE_MAX_CHARS:
            if len(self._places) >= REMEMBERED_PLACES:
                self._places.clear()
            self._places[place] = here
        return here

    def _learn(self, word: str) -> _Known:
        text = word[:WORD_MAX_CHARS]
        hits: list[tuple[int, int, _Term]] = []
        anchors: list[tuple[int, _Term]] = []
        for size in range(1, min(_KEY_CHARS, len(text)) + 1):
            for term in self._starting.get(text[:size], ()):
                part = term.words[term.anchor]
                is_open = not term.whole and term.anchor + 1 == len(term.words)
                if text == part or (is_open and text.startswith(part)):
                    if len(term.words) > 1:
                        anchors.append((0, term))
                    else:
                        hits.append((0, len(part), term))
        for position, char in enumerate(text):
            for term in self._inside.get(char, ()):
                first = term.words[0]
                if text.startswith(first, position):
                    if len(term.words) == 1:
                        hits.append((position, position + len(first), term))
                    elif position + len(first) == len(text):
                        anchors.append((position, term))
        known = _Known(tuple(hits), tuple(anchors)) if hits or anchors else _NOTHING
        if len(word) <= REMEMBERED_WORD_MAX_CHARS:
            if len(self._known) >= REMEMBERED_WORDS:
                self._known.clear()
            self._known[word] = known
        return known


def _longest(found: list[tuple[int, int, _Term]], folded: str) -> list[Hit]:
    found.sort(key=_END, reverse=True)
    found.sort(key=_START)
    hits: list[Hit] = []
    covered = 0
    for start, end, term in found:
        if end > covered:
            covered = end
            hits += [Hit(start, end, meaning) for meaning in term.meanings]
    return _compounds(hits, folded)


_START, _END = itemgetter(0), itemgetter(1)


def _begins(term: _Term, word: str) -> bool:
    """Whether a term may begin in a word, at its start or, where it is open to prefixes, within."""
    return word.endswith(term.words[0]) if term.inside else word == term.words[0]


def _word_before(pieces: list[str], at: int) -> str:
    at -= 1
    while at > 0 and not pieces[at]:
        at -= 1
    return pieces[at] if at >= 0 else ""


def _word_after(pieces: list[str], at: int) -> str:
    at += 1
    while not pieces[at] and at + 1 < len(pieces):
        at += 1
    return pieces[at]


def _opening(term: _Term, pieces: list[str], at: int) -> int:
    """The piece that a term would begin in whose anchor is at piece `at`."""
    for _ in range(term.anchor):
        at -= 1
        while at > 0 and not pieces[at]:
            at -= 1
    return at


def _follow(term: _Term, pieces: list[str], at: int, folded: str, end: int) -> int:
    """Where a term of several words ends whose first word is to be piece `at`, which ends at `end`, or 0."""
    last = len(term.words) - 1
    for step in range(1, last + 1):
        start, wanted = end + 1, term.words[step]
        at += 1
        while not pieces[at] and start - end < GAP_MAX_CHARS:
            at, start = at + 1, start + 1
        word = pieces[at]
        if not word.startswith(wanted) or folded[end:start].strip(_GAP):
            return 0
        if word != wanted:
            return start + len(wanted) if step == last and not term.whole else 0
        end = start + len(word)
    return end


def _compounds(hits: list[Hit], folded: str) -> list[Hit]:
    """`gift card code`, `code promo`: a word for a code that touches another kind of number is of that kind."""
    meanings = {hit.meaning for hit in hits}
    if "other" not in meanings or meanings.isdisjoint(("word", "number")):
        return hits
    starts = {hit.start for hit in hits if hit.meaning == "other"}
    ends = {hit.end for hit in hits if hit.meaning == "other"}
    joined = []
    for hit in hits:
        if hit.meaning in ("word", "number"):
            before, after = hit.start, hit.end
            while before and folded[before - 1] in " -" and hit.start - before < GAP_MAX_CHARS:
                before -= 1
            while after < len(folded) and folded[after] in " -" and after - hit.end < GAP_MAX_CHARS:
                after += 1
            if before in ends or after in starts:
                joined.append(Hit(hit.start, hit.end, "other"))
                continue
        joined.append(hit)
    return joined


class Hits:
    """The hits of a scan, in order."""

    def __init__(self, hits: list[Hit]) -> None:
        self.all = hits
        self._starts = [hit.start for hit in hits]

    def within(self, start: int, end: int, meanings: Collection[str]) -> list[Hit]:
        """Hits that begin in a stretch of the text."""
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end, first)
        return [hit for hit in self.all[first:last] if hit.meaning in meanings]

    def anything(self, start: int, end: int) -> bool:
        """Whether anything begins in a stretch of the text."""
        first = bisect_left(self._starts, start)
        return first < len(self._starts) and self._starts[first] < end

    def any(self, start: int, end: int, *meanings: str) -> bool:
        """Whether one of the meanings begins in a stretch of the text."""
        return bool(self.within(start, end, meanings))


@cache
def vocabulary() -> Vocabulary:
    """The whole vocabulary: of codes, of links and of logins."""
    names = ("CODE", "WORD", "NUMBER", "AUTH", "ENTER", "LIFE", "OTHER", "DEAD", "SAMPLE", "AGENT", "MACHINE")
    return Vocabulary(
        {
            "codes": {name.lower(): getattr(words, name) for name in names},
            "links": {
                "act": link_words.ACT + link_words.PASSWORD,
                "idle": link_words.IDLE,
                "refuse": link_words.REFUSE,
                "ignore": link_words.IGNORE,
                "view": link_words.VIEW,
                "go": link_words.GO,
            },
            "logins": {"user": link_words.USER, "password": link_words.PASSWORD, "once": link_words.ONCE},
        }
    )
