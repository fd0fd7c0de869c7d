"""Logins: pairs of user name and password, by labelled lines, tables and sentences.

A one-time password is a code, not a login.
"""

# ruff: noqa: RUF001 - holds words and marks of many languages

from __future__ import annotations

import re
from dataclasses import dataclass

from daemon.mail.lexicon import Hit, Hits
from daemon.mail.source import Source

LABEL_MAX_CHARS = 40
VALUE_MAX_CHARS = 128
CREDENTIALS_MAX = 10

_COPULA = (
    r"(?:is|are|=|:|：|lautet|ist|est|es|é|è|jest|to|är|er|on|je|este|είναι|adalah|ialah|là|это|—|–|-|→"
    r"|为|為|是|は|은|는|이|की|है|คือ|هو|هي|הוא|היא)"
)
_VALUE = re.compile(
    r"(?P<gap>[^\n:：=\t]{0,30}?)[ \t*_]{0,4}(?P<colon>[:：=\t]|\.{4,40})[ \t*_]*[\"'\u201c\u00ab\u300c`]?"
    r"(?P<value>[^\s\"\u201c\u201d\u00ab\u00bb\u300c\u300d`]{2,128})?"
)
_SAID = re.compile(
    r"(?:[ ]\(?[\w.@-]{1,20}\)?){0,2}?[ ]*" + _COPULA + r"[ ]*[\"'\u201c\u00ab\u300c`]?(?P<value>[\x21-\x7e]{2,128})"
)
_BARE = re.compile(r"[ ]+[\"'\u201c\u00ab`(]?(?P<value>[\x21-\x7e]{3,64})")
_EDGE = "\"'\u201c\u201d\u00ab\u00bb\u300c\u300d`,;)]\u3002\uff0c\u3001*"


@dataclass(frozen=True, slots=True)
class Credential:
    """A login as it is to be typed; None for what the mail does not tell."""

    username: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class Login:
    """A credential and where its password stands."""

    credential: Credential
    start: int
    end: int


def find(source: Source, text: str) -> list[Login]:
    """All logins of a source in mail order; `text` is its text with what must not count blanked."""
    hits = source.login_hits
    if not hits.any(0, len(text), "password"):
        return []
    found = _tables(source, text, hits) or _labelled(text, hits)
    return found[:CREDENTIALS_MAX]


def _tables(source: Source, text: str, hits: Hits) -> list[Login]:
    """Rows below a row of headings, or the columns of two such rows."""
    found: list[Login] = []
    lines = _lines(text)
    for number, (start, line) in enumerate(lines):
        cells = _cells(start, line)
        if len(cells) < 2:
            continue
        kinds = [_kind(hits, at, at + len(cell)) if len(cell) <= LABEL_MAX_CHARS else "" for at, cell in cells]
        if "password" not in kinds or "user" not in kinds:
            continue
        if any(cell.rstrip().endswith((":", "：")) for _, cell in cells):
            continue
        for row_start, row in lines[number + 1 : number + 12]:
            if not row.strip():
                continue
            values = _cells(row_start, row)
            if len(values) != len(cells):
                break
            password_at, password = values[kinds.index("password")]
            user = values[kinds.index("user")][1].strip()
            if " " in password.strip() or _is_masked(password):
                break
            found.append(Login(Credential(user, password.strip()), password_at, password_at + len(password)))
    return found


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    return lines


def _cells(start: int, line: str) -> list[tuple[int, str]]:
    cells = []
    mark = next((mark for mark in ("\t", " | ") if mark in line), "|")  # a password may hold a bar
    for cell in line.split(mark):
        if mark == "\t" or cell.strip(" |"):  # a link is blank here, and a cell all the same
            cells.append((start, cell))
        start += len(cell) + len(mark)
    return cells


def _kind(hits: Hits, start: int, end: int) -> str:
    meanings = {hit.meaning for hit in hits.within(start, end, ("user", "password", "once"))}
    if "password" in meanings:
        return "" if "once" in meanings else "password"
    return "user" if "user" in meanings else ""


def _labelled(text: str, hits: Hits) -> list[Login]:
    found: list[Login] = []
    user: str | None = None
    pending: tuple[str, int] | None = None
    last_end = 0
    for hit in hits.within(0, len(text), ("user", "password")):
        if hit.start < last_end:
            continue
        item = _value(text, hits, hit)
        if item is None:
            continue
        value, start, strict = item
        last_end = start + len(value)
        if hit.meaning == "user":
            if pending is not None:
                found.append(Login(Credential(value, pending[0]), pending[1], pending[1] + len(pending[0])))
                pending, user = None, None
            else:
                user = value
            continue
        if _is_once(text, hits, hit) or not _looks_like_password(value, strict=strict):
            continue
        if user is None and found and found[-1].credential.username is None and found[-1].credential.password == value:
            continue
        if user is not None:
            found.append(Login(Credential(user, value), start, last_end))
            user = None
        elif pending is None:
            pending = (value, start)
    if pending is not None and not pending[0].isdigit():
        found.append(Login(Credential(None, pending[0]), pending[1], pending[1] + len(pending[0])))
    return found


def _is_once(text: str, hits: Hits, hit: Hit) -> bool:
    line_start = text.rfind("\n", 0, hit.start) + 1
    return hits.any(max(line_start, hit.start - LABEL_MAX_CHARS), hit.end + LABEL_MAX_CHARS // 2, "once")


def _value(text: str, hits: Hits, hit: Hit) -> tuple[str, int, bool] | None:
    """The value that a label at `hit` names, its offset, and whether it stands in a strict `label: value` form."""
    line_end = text.find("\n", hit.end)
    line_end = len(text) if line_end < 0 else line_end
    line_start = text.rfind("\n", 0, hit.start) + 1
    rest = text[hit.end : line_end]
    match = _VALUE.match(rest)
    if (
        match
        and not hits.any(hit.end, hit.end + match.end("colon"), "user", "password")
        and len(match["gap"]) <= LABEL_MAX_CHARS
    ):
        value, start = match["value"], hit.end + match.start("value")
        if value is None and not rest[match.end() :].strip("* _"):
            return _next_line(text, hits, line_end)
        if value is not None:
            value = _trimmed(value)
            after = text[start + len(value) : line_end].strip(_EDGE + " .\t")
            next_label = hits.any(start + len(value), min(line_end, start + len(value) + 30), "user", "password")
            if (
                not after
                or next_label
                or (text[start + len(value) : start + len(value) + 2].strip()[:1] in tuple(",;(|/") and after)
            ):
                return (value, start, True) if _is_value(value) else None
        return None
    if (
        not rest.strip(" *_")
        and hit.start - line_start <= LABEL_MAX_CHARS
        and not text[line_start : hit.start].strip(" *_-•")
    ):
        return _next_line(text, hits, line_end)
    said = _SAID.match(rest)
    if said and not hits.any(hit.end, hit.end + said.start("value"), "user", "password"):
        value = _trimmed(said["value"]).rstrip(".!?")
        return (value, hit.end + said.start("value"), False) if _is_value(value) else None
    bare = _BARE.match(rest)
    if bare and _both(text, hits, hit):
        value = _trimmed(bare["value"]).rstrip(".!?")
        if hit.meaning == "user" or (len(value) > 5 and any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
            return (value, hit.end + bare.start("value"), False) if _is_value(value) else None
    return None


def _both(text: str, hits: Hits, hit: Hit) -> bool:
    """Whether a line names both halves of a login close to each other."""
    near = {other.meaning for other in hits.within(max(0, hit.start - 60), hit.end + 60, ("user", "password"))}
    return len(near) == 2 and "\n" not in text[hit.start : hit.end + 10]


def _next_line(text: str, hits: Hits, line_end: int) -> tuple[str, int, bool] | None:
    start = line_end + 1
    for _ in range(2):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if line.strip():
            value = line.strip(" \t*`")
            at = start + line.find(value)
            if " " in value or value.endswith((":", "：")) or not _is_value(value):
                return None
            return value, at, True
        start = end + 1
    return None


def _trimmed(value: str) -> str:
    return value.rstrip(_EDGE) if not value.endswith(("(", "[")) else value


def _is_value(value: str) -> bool:
    return (
        2 <= len(value) <= VALUE_MAX_CHARS
        and not value.lower().startswith(("http://", "https://"))
        and not _is_masked(value)
    )


def _is_masked(value: str) -> bool:
    return len(set(value.strip())) <= 2 and not value.strip().isalnum()


def _looks_like_password(value: str, *, strict: bool) -> bool:
    if len(value) < 4 or (
        "@" in value and "." in value.rpartition("@")[2] and value.count("@") == 1 and value.islower()
    ):
        return False
    mixed = any(char.isdigit() for char in value) or any(
        not char.isalnum() for char in value.replace("-", "").strip(".'")
    )
    mixed = mixed or (any(char.islower() for char in value) and any(char.isupper() for char in value[1:]))
    return mixed or (strict and value.isascii())
