"""What is typed into a search, read. Nothing is an error: what is no operator is a word."""

from __future__ import annotations

import re
from dataclasses import dataclass

from daemon.clock import parse_iso
from daemon.mail.text import seen
from daemon.store.search import FOUND, FOUND_END, Term

TERMS_MAX = 50
PREFIX_MIN_CHARS = 2
EXCERPT_MAX_CHARS = 200
EXCERPT_LEAD_CHARS = 60

# An operator's name, then a phrase in quotes (whose end may be missing) or whatever stands up to the next blank.
_PIECE = re.compile(r'(?:(from|subject|has|before|after):)?(?:"([^"]*)(?:"(\*?)|$)|(\S+))', re.IGNORECASE)
_COLUMNS = {"from": "sender", "subject": "subject"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Words:
    """A search as it was meant. Times are instants: `after` counts from the day's beginning, `before` up to it."""

    terms: tuple[Term, ...] = ()
    has_attachment: bool = False
    after_ms: int | None = None
    before_ms: int | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.terms or self.has_attachment or self.after_ms is not None or self.before_ms is not None)


def read_words(text: str) -> Words:
    """Read a search: words, "phrases", prefix*, from: subject: has:attachment before: after:. Never raises."""
    terms: list[Term] = []
    has_attachment, after_ms, before_ms = False, None, None
    for piece in _PIECE.finditer(seen(text)):
        name = (piece[1] or "").lower()
        value = piece[4] if piece[2] is None else piece[2]
        if name == "has" and value.lower() in ("attachment", "attachments"):
            has_attachment = True
        elif name == "after" and (instant := _instant(value)) is not None:
            after_ms = instant
        elif name == "before" and (instant := _instant(value)) is not None:
            before_ms = instant
        else:
            column = _COLUMNS.get(name)
            words = value if column or not name else f"{name} {value}"
            terms.append(_term(words, starred=bool(piece[3]) or value.endswith("*"), column=column))
    kept = tuple(term for term in terms if any(map(str.isalnum, term.text)))
    return Words(kept[:TERMS_MAX], has_attachment, after_ms, before_ms)


def excerpt_line(excerpt: str) -> str:
    """Return an excerpt on one line, cut so that the first match is in it, and without the marks around matches."""
    line = " ".join(excerpt.split())
    at = max(line.find(FOUND), 0)
    begin = 0 if at < EXCERPT_MAX_CHARS - EXCERPT_LEAD_CHARS else at - EXCERPT_LEAD_CHARS
    plain = line[begin:].replace(FOUND, "").replace(FOUND_END, "")
    return ("…" if begin else "") + (plain if len(plain) <= EXCERPT_MAX_CHARS else plain[:EXCERPT_MAX_CHARS] + "…")


def _term(text: str, *, starred: bool, column: str | None) -> Term:
    bare = " ".join(text.replace('"', " ").rstrip("*").split())
    return Term(bare, starred and len(bare) >= PREFIX_MIN_CHARS, column)


def _instant(text: str) -> int | None:
    try:
        return parse_iso(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    except (ValueError, OverflowError):
        return None
