"""Values into header fields and bodies into transfer encodings: every octet of a message that we make comes from here.

A field is made by `field_line`, which refuses what would become anything but one field. That is the second of two
checks: values are checked when they are taken in, too.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote

from daemon.mail.address import Mailbox, unsafe

CRLF = "\r\n"
LINE_MAX_OCTETS = 998  # RFC 5322 section 2.1.1
LINE_WANTED_OCTETS = 76
WORD_MAX_OCTETS = 75  # RFC 2047 section 2
_WORD_FRAME = len("=?utf-8?b??=")
_WORD_PAYLOAD_OCTETS = (WORD_MAX_OCTETS - _WORD_FRAME) // 4 * 3
_PLAIN_WORD_MAX_CHARS = 60
_SECTION_OCTETS = 54  # of one section of a parameter, RFC 2231
_BASE64_LINE_OCTETS = 57
_NAME = re.compile(r"[!-9;-~]{1,76}\Z")
_FOLDED = re.compile(r"(?:[\x20-\x7e]*(?:\r\n[ \t][\x20-\x7e]*)*)\Z")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/?^_`{|}~-]+)*\Z")
_SEVEN_BIT = re.compile(rb"(?:(?!From )[\x09\x20-\x7e]{0,997}(?<![\x09\x20])\r\n)*\Z")
_MANY_FOREIGN = 6  # with more than one octet in so many beyond ASCII, base64 is shorter


class Unwritable(ValueError):
    """A field would not have come out as one field: a value slipped past the checks, and nothing is sent."""


def field_line(name: str, value: str) -> str:
    """Return a field with its CRLF. `value` is folded already. Raises `Unwritable`."""
    if not _NAME.match(name) or not _FOLDED.match(value):
        raise Unwritable(f"the field {name[:80]!r} would not be one field")
    line = f"{name}: {value}{CRLF}"
    pieces = line[:-2].split(CRLF)
    if any(len(piece) > LINE_MAX_OCTETS for piece in pieces) or any(not piece.strip() for piece in pieces[1:]):
        raise Unwritable(f"the field {name[:80]!r} has a line that no mail may have")
    return line


def text_field(name: str, value: str) -> str:
    """Return an unstructured field (RFC 5322 section 3.6.5), encoded where it has to be."""
    return field_line(name, folded(unstructured(value), len(name) + 2))


def folded(tokens: list[str], used: int) -> str:
    """Return tokens with spaces, or folds where a line would become too long, between them."""
    lines, length = [""], used
    for token in tokens:
        if lines[-1] and length + 1 + len(token) > LINE_WANTED_OCTETS:
            lines.append(token)
            length = 1 + len(token)
        else:
            lines[-1] += (" " if lines[-1] else "") + token
            length += 1 + len(token)
    return f"{CRLF} ".join(lines)


def unstructured(value: str) -> list[str]:
    """Return a text as words of ASCII, or as encoded words (RFC 2047) where it is anything that might be misread."""
    if unsafe(value):
        raise Unwritable("a value holds a control character")
    words = value.split(" ")
    plain = (
        value.isascii()
        and value.isprintable()
        and "=?" not in value
        and all(words)
        and all(len(word) <= _PLAIN_WORD_MAX_CHARS for word in words)
    )
    return words if plain else encoded_words(value)


def encoded_words(value: str) -> list[str]:
    """Return RFC 2047 words in UTF-8, none of which splits a character."""
    words, piece = [], b""
    for char in value:
        octets = char.encode("utf-8")
        if len(piece) + len(octets) > _WORD_PAYLOAD_OCTETS:
            words.append(piece)
            piece = b""
        piece += octets
    if piece:
        words.append(piece)
    return [f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words]


def address_field(name: str, mailboxes: tuple[Mailbox, ...]) -> str:
    """Return a field of addresses (RFC 5322 section 3.6.3), folded between and within them."""
    tokens: list[str] = []
    for number, one in enumerate(mailboxes):
        comma = "," if number < len(mailboxes) - 1 else ""
        tokens += [*phrase(one.name), f"<{one.address}>{comma}"] if one.name else [f"{one.address}{comma}"]
    return field_line(name, folded(tokens, len(name) + 2))


def phrase(text: str) -> list[str]:
    """Return a display name: words, a quoted string, or encoded words (RFC 5322 section 3.2.5, RFC 2047 section 5)."""
    if unsafe(text):
        raise Unwritable("a name holds a control character")
    if not text.isascii() or "=?" in text:
        return encoded_words(text)
    if _PHRASE.match(text) and len(text) <= LINE_WANTED_OCTETS:
        return text.split(" ")
    return ['"' + re.sub(r'(["\\])', r"\\\1", text) + '"']


def parameter(name: str, value: str) -> list[str]:
    """Return a parameter of a MIME field, in sections and encoded where it has to be (RFC 2231)."""
    if unsafe(value):
        raise Unwritable("a parameter holds a control character")
    if value.isascii() and len(value) <= _SECTION_OCTETS and "=?" not in value:
        return [f'{name}="' + re.sub(r'(["\\])', r"\\\1", value) + '"']
    sections = ["utf-8''"]
    for char in value:  # none is split: there are readers that decode each section for itself
        escaped = quote(char, safe="")
        if len(sections[-1]) + len(escaped) > _SECTION_OCTETS:
            sections.append("")
        sections[-1] += escaped
    if len(sections) == 1:
        return [f"{name}*={sections[0]}"]
    return [f"{name}*{number}*={piece}" for number, piece in enumerate(sections)]


def mime_field(name: str, value: str, *parameters: list[str]) -> str:
    """Return a field such as Content-Type with its parameters, one section of them to a line at the least."""
    tokens = [value, *(section for sections in parameters for section in sections)]
    parts = [f"{token};" for token in tokens[:-1]] + tokens[-1:]
    return field_line(name, folded(parts, len(name) + 2))


def body(content: str) -> tuple[str, bytes]:
    """Return the transfer encoding of a text and the text in it; lines end in CRLF, also the last one.

    Line breaks are CRLF or LF as given; what else there is comes out as it went in (RFC 2045 section 6).
    """
    octets = content.replace("\r\n", "\n").encode("utf-8")
    if octets and not octets.endswith(b"\n"):
        octets += b"\n"
    lines = octets.replace(b"\n", b"\r\n")
    if _SEVEN_BIT.match(lines):
        return "7bit", lines
    foreign = len(octets) - len(octets.translate(None, _BEYOND_ASCII))
    if foreign * _MANY_FOREIGN > len(octets):
        return "base64", base64_lines(lines)
    return "quoted-printable", b"".join(_quoted_printable(line) for line in octets.split(b"\n")[:-1])


def base64_lines(octets: bytes) -> bytes:
    """Return base64 in lines of 76 (RFC 2045 section 6.8)."""
    encoded = base64.b64encode(octets)
    width = _BASE64_LINE_OCTETS // 3 * 4
    return b"".join(encoded[at : at + width] + b"\r\n" for at in range(0, len(encoded), width))


def _quoted_printable(line: bytes) -> bytes:
    """Return one line (RFC 2045 section 6.7), also one that an mbox or an SMTP server might take for its own."""
    if line.startswith((b"From ", b".")):
        return b"=%02X=\r\n" % line[0] + _quoted_printable_rest(line[1:])
    return _quoted_printable_rest(line)


def _quoted_printable_rest(line: bytes) -> bytes:
    return binascii.b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n") + b"\r\n"


_BEYOND_ASCII = bytes(range(0x80, 0x100))
