"""Header fields: splitting, RFC 2047 and RFC 2231 decoding, addresses, identifiers, dates.

All of it is linear in the input. The standard library's address and header parsers recurse and backtrack on hostile
input, and let an encoded line break become a header of its own; nothing here does.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from daemon.mail.charsets import decode
from daemon.mail.model import Address
from daemon.mail.text import one_line

HEADER_VALUE_MAX_CHARS = 8_192
ENCODED_WORDS_PER_VALUE = 200
ADDRESS_MAX_CHARS = 320
IDENTIFIERS_MAX = 100

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,100})[ \t]*:(.*)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?([\w.:+()-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?\s]{0,2000})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")
_IDENTIFIER = re.compile(r"<[^<>\s]{1,998}>")
_COMMENT_IN_DATE = re.compile(r"\([^()]{0,100}\)")


def split_header(block: bytes, limit: int) -> tuple[list[tuple[str, bytes]], bool]:
    """The fields of a header block, unfolded (RFC 5322 section 2.2.3), at most `limit`; and whether all were taken.

    A line that is no field and continues none is skipped: names come from the printable characters the RFC allows.
    """
    fields: list[tuple[str, list[bytes]]] = []
    whole = True
    for line in block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].append(line)
            continue
        match = _FIELD.match(line)
        if match is None:
            continue
        if len(fields) >= limit:
            whole = False
            break
        fields.append((match[1].decode("ascii"), [match[2]]))
    return [(name, b"".join(lines).strip()) for name, lines in fields], whole


def decode_value(raw: bytes, charset: str | None = None) -> str:
    """A field's value as one line of text: RFC 2047 words decoded, 8-bit bytes read as UTF-8 or else `charset`.

    Words past `ENCODED_WORDS_PER_VALUE` stay as they are written; the result is at most `HEADER_VALUE_MAX_CHARS`.
    """
    text = decode(raw[: 4 * HEADER_VALUE_MAX_CHARS], charset)
    if "=?" in text:
        text = _decode_words(_BETWEEN_WORDS.sub(r"\1", text))
    return one_line(text[:HEADER_VALUE_MAX_CHARS])


def decode_encoded_words(text: str) -> str:
    """A text with its RFC 2047 words decoded, and nothing cleaned: what a careless reader would make of it."""
    return _decode_words(_BETWEEN_WORDS.sub(r"\1", text)) if "=?" in text else text


def _decode_words(text: str) -> str:
    # Neighbouring words of one charset are joined before they are decoded: senders split characters between words.
    pieces: list[str] = []
    pending, pending_charset, position = b"", "", 0
    for count, match in enumerate(_ENCODED_WORD.finditer(text)):
        if count >= ENCODED_WORDS_PER_VALUE:
            break
        charset = match[1].lower()
        if pending and (match.start() != position or charset != pending_charset):
            pieces.append(decode(pending, pending_charset))
            pending = b""
        pieces.append(text[position : match.start()])
        pending += _word_bytes(match[2].lower(), match[3])
        pending_charset, position = charset, match.end()
    if pending:
        pieces.append(decode(pending, pending_charset))
    pieces.append(text[position:])
    return "".join(pieces)


def _word_bytes(encoding: str, data: str) -> bytes:
    raw = data.encode("ascii", "ignore")
    if encoding == "q":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return raw


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """`type/subtype` (or a disposition), lower case, and its parameters with RFC 2231 pieces joined and decoded."""
    text = decode(raw[:HEADER_VALUE_MAX_CHARS])
    pieces = _semicolons(text)
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for piece in pieces[1:100]:
        key, _, value = piece.partition("=")
        key, value = key.strip().lower(), _unquote(value.strip())
        base, star, index = key.partition("*")
        if not star:
            plain.setdefault(key, decode_value(value.encode("utf-8", "replace")))
        else:
            extended = key.endswith("*")
            number = index.rstrip("*")
            sections.setdefault(base, []).append(
                (int(number) if number.isdecimal() and len(number) < 4 else 0, extended, value)
            )
    for base, parts in sections.items():
        plain[base] = one_line(_join_sections(sorted(parts, key=lambda part: part[0])))
    return one_line(pieces[0]).lower(), plain


def _join_sections(parts: list[tuple[int, bool, str]]) -> str:
    charset, data = "utf-8", b""
    for order, (_, extended, text) in enumerate(parts):
        value = text
        if extended and order == 0 and text.count("'") >= 2:
            charset, _, value = text.split("'", 2)
        data += unquote_to_bytes(value) if extended else value.encode("utf-8", "replace")
    return decode(data, charset)


def _semicolons(text: str) -> list[str]:
    pieces, start, quoted, escaped = [], 0, False, False
    for position, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            pieces.append(text[start:position])
            start = position + 1
    return [*pieces, text[start:]]


def _unquote(value: str) -> str:
    if value[:1] == '"':
        value = value[1:-1] if value[-1:] == '"' and len(value) > 1 else value[1:]
        return re.sub(r"\\(.)", r"\1", value)
    return value


def addresses(raw: bytes, limit: int) -> tuple[tuple[Address, ...], bool]:
    """The mailboxes of an address field (RFC 5322 section 3.4), at most `limit`; and whether all were taken.

    Groups are flattened, comments skipped however deep, and what holds no `@` is left out.
    """
    found: list[Address] = []
    for piece in _split_addresses(decode(raw)):
        if len(found) >= limit:
            return tuple(found), False
        address = _mailbox(piece)
        if address is not None:
            found.append(address)
    return tuple(found), True


def _split_addresses(text: str) -> list[str]:
    pieces: list[str] = []
    current: list[str] = []
    depth, quoted, angle, escaped = 0, False, False, False
    for char in text:
        if escaped:
            escaped = False
            if not depth:
                current.append(char)
            continue
        if char == "\\" and (quoted or depth):
            escaped = True
            if not depth:
                current.append(char)
            continue
        if quoted:
            quoted = char != '"'
        elif char == "(":
            depth += 1
            continue
        elif char == ")" and depth:
            depth -= 1
            continue
        elif depth:
            continue
        elif char == '"':
            quoted = True
        elif char in "<>":
            angle = char == "<"
        elif char in ",;" and not angle:
            pieces.append("".join(current))
            current = []
            continue
        elif char == ":" and not angle:
            current = []  # a group's name says nothing about its members
            continue
        current.append(char)
    return [*pieces, "".join(current)]


_BARE_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.){1,64}"|[^\s<>@",;:()]{1,64})@[^\s<>@",;:()]{1,255}')


def _mailbox(piece: str) -> Address | None:
    piece = piece.strip()[: ADDRESS_MAX_CHARS * 4]
    head, bracket, tail = piece.rpartition("<")
    match = _BARE_ADDRESS.search(tail if bracket else piece)
    if match is None:
        return None
    name = decode_value(_unquote(head.strip()).encode("utf-8", "replace")) if bracket else ""
    address = one_line(match[0])
    return (
        Address(name=name[:ADDRESS_MAX_CHARS] or None, address=address) if len(address) <= ADDRESS_MAX_CHARS else None
    )


def identifiers(raw: bytes) -> tuple[str, ...]:
    """Message identifiers with their brackets (RFC 5322 section 3.6.4), the last `IDENTIFIERS_MAX` of them."""
    text = one_line(decode(raw))
    found = _IDENTIFIER.findall(text)
    if not found and text and " " not in text and "@" in text:
        found = [f"<{text}>"]
    return tuple(found[-IDENTIFIERS_MAX:])


def date(raw: bytes) -> datetime | None:
    """A Date field in UTC (RFC 5322 section 3.3), or None; a date without a zone counts as UTC."""
    text = _COMMENT_IN_DATE.sub(" ", one_line(decode(raw[:200])))
    try:
        value = parsedate_to_datetime(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
