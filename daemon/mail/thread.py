"""Which conversation a message belongs to, as far as the message itself says. Pure.

Identifiers come first (RFC 5322 section 3.6.4): what one message mentions together is one conversation. A subject is
only a guess, made for a message that begins with "Re:" or its like and that no identifier places.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.mail.model import ParsedMail
from daemon.mail.text import fold
from daemon.mail.words import REPLY_PREFIXES

IDENTIFIERS_MAX = 100
IDENTIFIER_MAX_CHARS = 998  # a line's (RFC 5322 section 2.1.1)
PEOPLE_MAX = 100
SUBJECT_WINDOW_DAYS = 30

_PREFIX = re.compile(
    r"\s*(?:" + "|".join(sorted(map(re.escape, REPLY_PREFIXES), key=len, reverse=True)) + r")"
    r"(?:\s?[\[(^*]\s?\d{1,3}\s?[\])]?)?\s{0,3}[:\uff1a]\s*",
    re.IGNORECASE,
)
# A list's tag. One with a digit in it may be a ticket's number, which is what tells two conversations apart.
_TAG = re.compile(r"\s*\[[^\[\]\d]{1,60}\]\s*")
_FORWARDED = re.compile(r"\s*\(fwd\)\s*\Z", re.IGNORECASE)  # RFC 5256 section 2.1, subj-trailer


@dataclass(frozen=True, slots=True)
class Clues:
    """What places a message.

    `identifiers` are all that it mentions: its parent, that one's parents, and last its own. `subject_key` is equal for
    messages of one base subject between the same people, and None where there is nothing to go by; `is_reply` tells
    that the subject begins like an answer's.
    """

    identifiers: tuple[str, ...]
    subject_key: str | None
    is_reply: bool


def clues(mail: ParsedMail, envelope_from: str = "") -> Clues:
    """Return what places a message; `envelope_from` stands in for a missing From."""
    mentioned = (mail.in_reply_to, *reversed(mail.references), mail.message_id)
    known = (one for one in mentioned if one and len(one) <= IDENTIFIER_MAX_CHARS)
    sender = mail.from_.address if mail.from_ else envelope_from
    everybody = people((sender, *(one.address for one in (*mail.to, *mail.cc))))
    base, is_reply = base_subject(mail.subject)
    return Clues(
        identifiers=tuple(dict.fromkeys(known))[:IDENTIFIERS_MAX],
        subject_key=_subject_key(base, everybody) if base and everybody else None,
        is_reply=is_reply,
    )


def people(written: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses of mailboxes (`Name <address>` or bare), lower case, each once, at most `PEOPLE_MAX`."""
    bare = (one.rpartition("<")[2].removesuffix(">") if one.endswith(">") else one for one in written)
    return tuple(dict.fromkeys(one.lower() for one in bare if one))[:PEOPLE_MAX]


def base_subject(subject: str) -> tuple[str, bool]:
    """Return a subject for comparing, and whether it begins like an answer or a forward (RFC 5256 section 2.1).

    Prefixes of many languages, counted ones (`Re[2]:`) and lists' tags are taken off the front, however many.
    """
    at, is_reply = 0, False
    while match := _PREFIX.match(subject, at) or _TAG.match(subject, at):
        is_reply = is_reply or match.re is _PREFIX
        at = match.end()
    rest = subject[at:].strip() or ("" if is_reply else subject.strip())
    return " ".join(fold(_FORWARDED.sub("", rest)).split()), is_reply


def _subject_key(base: str, everybody: tuple[str, ...]) -> str:
    text = "\n".join((base, *sorted(everybody)))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
