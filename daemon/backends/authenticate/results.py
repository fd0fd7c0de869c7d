"""Authentication-Results (RFC 8601): what a relay of ours found out before it handed a mail on.

Anybody can write such a field. The one of a trusted relay is the topmost, for each relay puts its own on top and has
to remove those that came in under its name (RFC 8601, 5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from daemon.api.messages import Verdict
from daemon.backends.authenticate.dkim import best
from daemon.mail.fields import Field

FIELD_MAX_BYTES = 8 * 1024
STATEMENTS_MAX = 50
METHODS = ("spf", "dkim", "dmarc")

_STATEMENT = re.compile(r"([a-z0-9-]+)(?:/[0-9]+)?=([a-z]+)(?:\s|\Z)", re.IGNORECASE)
_AROUND = re.compile(r"\s*([=/.])\s*")
_HELO = re.compile(r"\ssmtp\.helo=", re.IGNORECASE)
_MAIL_FROM = re.compile(r"\ssmtp\.mailfrom=", re.IGNORECASE)
_SAME: dict[str, Verdict] = {one: one for one in ("pass", "fail", "none", "temperror", "permerror")}
# Neither yes nor no, in the words of RFC 7208 (8.2, 8.5) and RFC 8601 (2.7.1).
_NEITHER: dict[str, Verdict] = {"softfail": "none", "neutral": "none", "policy": "none"}


def verdict(result: str) -> Verdict:
    """Return the verdict that a method's result comes to; `unknown` for a word that is not known."""
    return (_SAME | _NEITHER).get(result.lower(), "unknown")


def trusted(fields: Iterable[Field], authserv_id: str) -> dict[str, Verdict] | None:
    """Return what the topmost field says, and those right below it, as long as they are of `authserv_id`.

    A method that several speak of is as the topmost says. None: there is no such field.
    """
    stated: dict[str, Verdict] = {}
    begun = False
    for field in fields:
        if field.name != "authentication-results":
            if begun:
                break
            continue
        found = read(field.value)
        if found is None or found[0] != authserv_id.lower():
            break
        begun = True
        stated = found[1] | stated
    return stated if begun else None


def read(value: bytes) -> tuple[str, dict[str, Verdict]] | None:
    """Read a field: its authserv-id, and verdicts by method. None when it is no such field."""
    if len(value) > FIELD_MAX_BYTES:
        return None
    first, *statements = _pieces(value.decode("utf-8", "replace"))
    words = first.split()
    if not words or len(words) > 2 or (len(words) == 2 and not words[1].isdecimal()):
        return None
    several: dict[str, list[Verdict]] = {}
    for text in statements[:STATEMENTS_MAX]:
        found = _STATEMENT.match(text)
        if not found or found[1].lower() not in METHODS:
            continue
        if found[1].lower() == "spf" and _HELO.search(text) and not _MAIL_FROM.search(text):
            continue  # of the name that a client called itself, which is not the sender
        several.setdefault(found[1].lower(), []).append(verdict(found[2]))
    known = {method: [one for one in given if one != "unknown"] for method, given in several.items()}
    return words[0].lower(), {
        method: best(given) if method == "dkim" else given[0] for method, given in known.items() if given
    }


def _pieces(text: str) -> list[str]:
    """Split at semicolons, without comments (nested ones, too) and with what is quoted made harmless."""
    pieces: list[str] = []
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for mark in text:
        if escaped:
            escaped = False
        elif mark == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = mark != '"'
        elif mark == "(":
            depth += 1
        elif depth:
            depth -= mark == ")"
        elif mark == '"':
            quoted = True
            kept.append("_")
        elif mark == ";":
            pieces.append(_tidy(kept))
            kept = []
        else:
            kept.append(mark)
        if not depth and mark == ")":
            kept.append(" ")
    return [*pieces, _tidy(kept)]


def _tidy(kept: list[str]) -> str:
    return _AROUND.sub(r"\1", " ".join("".join(kept).split()))
