"""Finding the vocabulary in a text: one pass over its words for all meanings, longest term first.

Words are looked up once and remembered, for mails repeat themselves; the cost is that of a dict per word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from daemon.mail import link_words, words
from daemon.mail.text import fold

# Runs of letters, marks and digits of any script, and what may stand between the words of one term.
_TOKEN = re.compile(
    r"[^\s!-/:-@\[-`{-~\u00a0-\u00bf\u2010-\u205f\u3000-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+"
)
GAP_MAX_CHARS = 3
_GAP = " \n\t-'\u2019."
REMEMBERED_WORDS = 20_000
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


class Vocabulary:
    """Terms by meaning, indexed by how they begin."""

    def __init__(self, tables: dict[str, str]) -> None:
        self._terms: dict[tuple[tuple[str, ...], bool, bool], _Term] = {}
        self._starting: dict[str, list[_Term]] = {}
        self._inside: dict[str, list[_Term]] = {}
        self._known: dict[str, _Known] = {}
        for meaning, table in tables.items():
            for term in re.split(r"[|\n]+", table):
                self._add(term, meaning)

    def _add(self, text: str, meaning: str) -> None:
        mark = text[:1] if text[:1] in ("=", "*") else ""
        parts = tuple(_TOKEN.findall(fold(text.removeprefix(mark))))
        if not parts:
            return
        key = (parts, mark == "=", mark == "*")
        if key not in self._terms:
            term = self._terms[key] = _Term(*key)
            if term.inside:
                self._inside.setdefault(parts[0][0], []).append(term)
            else:
                self._starting.setdefault(parts[0][:_KEY_CHARS], []).append(term)
        self._terms[key].meanings.add(meaning)

    def scan(self, folded: str) -> Hits:
        """All terms in a folded text; of terms within terms only the longest is kept."""
        tokens = [(match.start(), match.end(), match[0]) for match in _TOKEN.finditer(folded)]
        found: list[tuple[int, int, _Term]] = []
        for at, (start, _, word) in enumerate(tokens):
            known = self._known.get(word)
            if known is None:
                known = self._learn(word)
            for first, last, term in known.hits:
                found.append((start + first, start + last, term))
            for first, term in known.begins:
                end = _follow(term, tokens, at, folded)
                if end:
                    found.append((start + first, end, term))
        found.sort(key=lambda item: (item[0], -item[1]))
        hits: list[Hit] = []
        covered = 0
        for start, end, term in found:
            if end > covered:
                covered = end
                hits.extend(Hit(start, end, meaning) for meaning in sorted(term.meanings))
        return Hits(hits)

    def _learn(self, word: str) -> _Known:
        text = word[:WORD_MAX_CHARS]
        hits: list[tuple[int, int, _Term]] = []
        begins: list[tuple[int, _Term]] = []
        for size in range(1, _KEY_CHARS + 1):
            for term in self._starting.get(text[:size], ()) if size <= len(text) else ():
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


def _follow(term: _Term, tokens: list[tuple[int, int, str]], at: int, folded: str) -> int:
    """Where a term of several words that begins in token `at` ends, or 0."""
    last = len(term.words) - 1
    if at + last >= len(tokens):
        return 0
    for step in range(1, last + 1):
        start, end, word = tokens[at + step]
        gap = folded[tokens[at + step - 1][1] : start]
        if len(gap) > GAP_MAX_CHARS or gap.strip(_GAP):
            return 0
        wanted = term.words[step]
        if word != wanted:
            return start + len(wanted) if step == last and not term.whole and word.startswith(wanted) else 0
    return tokens[at + last][1]


def _compounds(hits: list[Hit], folded: str) -> list[Hit]:
    """`gift card code`, `code promo`: a word for a code that touches another kind of number is of that kind."""
    others = {hit.end for hit in hits if hit.meaning == "other"} | {-hit.start for hit in hits if hit.meaning == "other"}
    if not others:
        return hits
    joined = []
    for hit in hits:
        if hit.meaning == "word":
            before = len(folded[: hit.start].rstrip(" -"))
            after = len(folded) - len(folded[hit.end :].lstrip(" -"))
            if (before in others and hit.start - before <= GAP_MAX_CHARS) or (-after in others and after - hit.end <= 1):
                hit = Hit(hit.start, hit.end, "other")
        joined.append(hit)
    return joined


class Hits:
    """The hits of a scan, in order."""

    def __init__(self, hits: list[Hit]) -> None:
        self.all = hits
        self._starts = [hit.start for hit in hits]

    def within(self, start: int, end: int, meanings: Iterable[str]) -> list[Hit]:
        """Hits that begin in a stretch of the text."""
        wanted = frozenset(meanings)
        found = []
        for hit in self.all[bisect_left(self._starts, start) :]:
            if hit.start >= end:
                break
            if hit.meaning in wanted:
                found.append(hit)
        return found

    def any(self, start: int, end: int, *meanings: str) -> bool:
        """Whether one of the meanings begins in a stretch of the text."""
        return bool(self.within(start, end, meanings))


@cache
def code_words() -> Vocabulary:
    """The vocabulary of codes: code, word, auth, enter, life, other, dead, sample, agent."""
    names = ("CODE", "WORD", "AUTH", "ENTER", "LIFE", "OTHER", "DEAD", "SAMPLE", "AGENT")
    return Vocabulary({name.lower(): getattr(words, name) for name in names})


@cache
def link_vocabulary() -> Vocabulary:
    """The vocabulary of links: act and idle."""
    return Vocabulary({"act": link_words.ACT + link_words.PASSWORD, "idle": link_words.IDLE})


@cache
def login_words() -> Vocabulary:
    """The vocabulary of logins: user, password and once."""
    return Vocabulary({"user": link_words.USER, "password": link_words.PASSWORD, "once": link_words.ONCE})
