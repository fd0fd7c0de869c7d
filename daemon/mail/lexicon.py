"""Finding the vocabulary in a text: one pass over its words for all meanings, longest term first.

Words are looked up once and remembered, for mails repeat themselves; the cost is that of a dict per word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

from daemon.mail import link_words, words
from daemon.mail.text import fold

# Runs of letters, marks and digits of any script, and what may stand between the words of one term.
_TOKEN = re.compile(
    r"[^\s!-/:-@\[-`{-~\u00a0-\u00bf\u2010-\u205f\u3000-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
)
GAP_MAX_CHARS = 3  # as many pieces are looked at in `scan`
_GAP = " \n\t-'\u2019."
REMEMBERED_WORDS = 20_000
REMEMBERED_CHARS = 20_000
REMEMBERED_WORD_MAX_CHARS = 24
WORD_MAX_CHARS = 400
_KEY_CHARS = 3


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A term of a meaning at `start` to `end` of the text that was scanned."""

    start: int
    end: int
    meaning: str


@dataclass(slots=True)
class _Term:
    """A term as its words; `whole` closes its end to suffixes, `inside` opens its beginning to prefixes."""

    subject: str
    words: tuple[str, ...]
    whole: bool
    inside: bool
    meanings: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a word: the terms within it, and the terms of several words that may begin in it."""

    hits: tuple[tuple[int, int, _Term], ...]
    begins: tuple[tuple[int, _Term], ...]


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
    """Terms by subject and meaning, indexed by how they begin."""

    def __init__(self, subjects: dict[str, dict[str, str]]) -> None:
        self._terms: dict[tuple[str, tuple[str, ...], bool, bool], _Term] = {}
        self._starting: dict[str, list[_Term]] = {}
        self._inside: dict[str, list[_Term]] = {}
        self._known: dict[str, _Known] = {}
        self._pairs: dict[tuple[str, str], tuple[tuple[int, _Term], ...]] = {}
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
            term = self._terms[key] = _Term(*key)
            if term.inside:
                self._inside.setdefault(parts[0][0], []).append(term)
            else:
                self._starting.setdefault(parts[0][:_KEY_CHARS], []).append(term)
        self._terms[key].meanings.add(meaning)

    def scan(self, folded: str) -> dict[str, Hits]:
        """All terms in a folded text by subject; of terms within terms only the longest is kept."""
        # Cut at every separator, so that a piece's offset is the sum of the lengths before it and its number.
        pieces = folded.translate(_SPACES).split(" ")
        recall, pairs = self._known.get, self._pairs.get
        telling = {word: known for word in set(pieces) if (known := recall(word) or self._learn(word)) is not _NOTHING}
        found: dict[str, list[tuple[int, int, _Term]]] = {subject: [] for subject in self._subjects}
        lengths = list(accumulate(map(len, pieces), initial=0)) if telling else []
        pieces += [""] * GAP_MAX_CHARS
        for at in [at for at, word in enumerate(pieces) if word in telling]:
            word, start = pieces[at], lengths[at] + at
            known = telling[word]
            for first, size, term in known.hits:
                found[term.subject].append((start + first, start + size, term))
            if known.begins:
                following = pieces[at + 1] or pieces[at + 2] or pieces[at + 3]
                begins = pairs((word, following))
                for first, term in self._beginning(word, following, known) if begins is None else begins:
                    if end := _follow(term, pieces, at, folded, start + len(word)):
                        found[term.subject].append((start + first, end, term))
        return {subject: Hits(_longest(items, folded)) for subject, items in found.items()}

    def _beginning(self, word: str, following: str, known: _Known) -> tuple[tuple[int, _Term], ...]:
        """The terms of several words that may begin in a word, when `following` comes after it."""
        begins = tuple([item for item in known.begins if following.startswith(item[1].words[1])])
        if len(word) + len(following) <= REMEMBERED_WORD_MAX_CHARS:
            if len(self._pairs) >= REMEMBERED_WORDS:
                self._pairs.clear()
            self._pairs[word, following] = begins
        return begins

    def _learn(self, word: str) -> _Known:
        text = word[:WORD_MAX_CHARS]
        hits: list[tuple[int, int, _Term]] = []
        begins: list[tuple[int, _Term]] = []
        for size in range(1, min(_KEY_CHARS, len(text)) + 1):
            for term in self._starting.get(text[:size], ()):
                first = term.words[0]
                if len(term.words) > 1:
                    if text == first:
                        begins.append((0, term))
                elif text == first or (not term.whole and text.startswith(first)):
                    hits.append((0, len(first), term))
        for position, char in enumerate(text):
            for term in self._inside.get(char, ()):
                first = term.words[0]
                if text.startswith(first, position):
                    if len(term.words) == 1:
                        hits.append((position, position + len(first), term))
                    elif position + len(first) == len(text):
                        begins.append((position, term))
        known = _Known(tuple(hits), tuple(begins)) if hits or begins else _NOTHING
        if len(word) <= REMEMBERED_WORD_MAX_CHARS:
            if len(self._known) >= REMEMBERED_WORDS:
                self._known.clear()
            self._known[word] = known
        return known


def _longest(found: list[tuple[int, int, _Term]], folded: str) -> list[Hit]:
    found.sort(key=lambda item: (item[0], -item[1]))
    hits: list[Hit] = []
    covered = 0
    for start, end, term in found:
        if end > covered:
            covered = end
            hits.extend(Hit(start, end, meaning) for meaning in sorted(term.meanings))
    return _compounds(hits, folded)


def _follow(term: _Term, pieces: list[str], at: int, folded: str, end: int) -> int:
    """Where a term of several words ends whose first word is piece `at` and ends at `end`, or 0."""
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
    starts = {hit.start for hit in hits if hit.meaning == "other"}
    ends = {hit.end for hit in hits if hit.meaning == "other"}
    if not ends:
        return hits
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
