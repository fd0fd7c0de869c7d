"""The fields that record data is made of, each in both forms: words of a zone file, and octets on the wire."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import struct
from collections.abc import Callable
from typing import NamedTuple

from zones.labels import Name, octets
from zones.labels import from_text as name_from_text
from zones.labels import read as read_name
from zones.labels import to_text as name_to_text
from zones.name import BadName

TTL_MAX_SECONDS = 2**31 - 1  # RFC 2181, 8
STRING_MAX_OCTETS = 255
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TTL = re.compile(r"(?:\d+[smhdw]?)+\Z", re.IGNORECASE)


class BadRecord(ValueError):
    """The record cannot be: the message says why."""


class Word(NamedTuple):
    """One word of a zone file, its escapes still in it."""

    text: str
    quoted: bool = False


class Words:
    """The words of a record's data, taken one after the other."""

    def __init__(self, words: list[Word], origin: Name | None) -> None:
        self._words = words
        self._at = 0
        self.origin = origin

    def next(self, what: str) -> Word:
        """Return the next word. Raises `BadRecord` when there is none."""
        if self._at >= len(self._words):
            raise BadRecord(f"{what} is missing")
        self._at += 1
        return self._words[self._at - 1]

    def rest(self) -> list[Word]:
        """Return all that is left."""
        rest, self._at = self._words[self._at :], len(self._words)
        return rest


class Field(NamedTuple):
    """`read` takes words and returns octets; `show` takes the record's data and an offset, and returns the text and the
    offset behind the field. Both raise `BadRecord` or `BadName`."""

    read: Callable[[Words], bytes]
    show: Callable[[bytes, int], tuple[str, int]]


def ttl_seconds(text: str) -> int:
    """Read `3600` or, as most servers do, `1h30m`. Raises `BadRecord`."""
    if not _TTL.match(text):
        raise BadRecord(f"{text!r} is no time: give seconds, or for instance 1h30m")
    seconds = sum(
        int(count) * _UNIT_SECONDS[unit.lower()] for count, unit in re.findall(r"(\d+)([smhdw]?)", text, re.IGNORECASE)
    )
    if seconds > TTL_MAX_SECONDS:
        raise BadRecord(f"{text} is longer than {TTL_MAX_SECONDS} s (RFC 2181, 8)")
    return seconds


def taken(data: bytes, at: int, count: int) -> bytes:
    """Return `count` octets of the record's data. Raises `BadRecord` when there are fewer."""
    if at + count > len(data):
        raise BadRecord("the record's data is cut short")
    return data[at : at + count]


def number(octet_count: int, what: str) -> Field:
    """An unsigned number of so many octets."""
    top = 256**octet_count

    def read(words: Words) -> bytes:
        text = words.next(what).text
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) >= top:
            raise BadRecord(f"{what} is {text!r}, and has to be a number from 0 to {top - 1}")
        return int(text).to_bytes(octet_count, "big")

    def show(data: bytes, at: int) -> tuple[str, int]:
        return str(int.from_bytes(taken(data, at, octet_count), "big")), at + octet_count

    return Field(read, show)


def _read_seconds(words: Words) -> bytes:
    return struct.pack("!I", ttl_seconds(words.next("a time").text))


def _read_name(words: Words) -> bytes:
    return name_from_text(words.next("a name").text, words.origin)


def _show_name(data: bytes, at: int) -> tuple[str, int]:
    name, end = read_name(data, at)
    return name_to_text(name), end


def _read_ipv4(words: Words) -> bytes:
    text = words.next("an IPv4 address").text
    try:
        return ipaddress.IPv4Address(text).packed
    except ValueError:
        raise BadRecord(f"{text!r} is no IPv4 address") from None


def _read_ipv6(words: Words) -> bytes:
    text = words.next("an IPv6 address").text
    try:
        if "%" in text:  # a scope means something on one machine only
            raise ValueError
        return ipaddress.IPv6Address(text).packed
    except ValueError:
        raise BadRecord(f"{text!r} is no IPv6 address") from None


def _octets_of(word: Word) -> bytes:
    try:
        return bytes(octet for octet, _ in octets(word.text))
    except BadName as problem:
        raise BadRecord(str(problem)) from None


def _string_of(word: Word) -> bytes:
    text = _octets_of(word)
    if len(text) > STRING_MAX_OCTETS:
        raise BadRecord(f"a string of {len(text)} octets: cut it into strings of at most {STRING_MAX_OCTETS}")
    return bytes((len(text),)) + text


def quoted(text: bytes) -> str:
    """Return octets as a quoted string of a zone file."""
    shown = "".join(
        f"\\{chr(octet)}" if octet in b'"\\' else chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"
        for octet in text
    )
    return f'"{shown}"'


def _show_string(data: bytes, at: int) -> tuple[str, int]:
    length = taken(data, at, 1)[0]
    return quoted(taken(data, at + 1, length)), at + 1 + length


def _read_strings(words: Words) -> bytes:
    strings = [_string_of(word) for word in words.rest()]
    if not strings:
        raise BadRecord("a string is missing")
    return b"".join(strings)


def _show_strings(data: bytes, at: int) -> tuple[str, int]:
    shown: list[str] = []
    while at < len(data) or not shown:
        text, at = _show_string(data, at)
        shown.append(text)
    return " ".join(shown), at


def _show_rest(data: bytes, at: int) -> tuple[str, int]:
    return quoted(data[at:]), len(data)


def _read_tag(words: Words) -> bytes:
    tag = words.next("a property's tag").text
    if not (tag.isascii() and tag.isalnum()) or len(tag) > STRING_MAX_OCTETS:
        raise BadRecord(f"{tag!r} is no property's tag: letters and digits (RFC 8659, 4.1)")
    return bytes((len(tag),)) + tag.lower().encode("ascii")


def _show_tag(data: bytes, at: int) -> tuple[str, int]:
    length = taken(data, at, 1)[0]
    tag = taken(data, at + 1, length).decode("latin-1")
    if not (tag.isascii() and tag.isalnum()):
        raise BadRecord("a property's tag has other characters than letters and digits (RFC 8659, 4.1)")
    return tag, at + 1 + length


def _joined(words: Words, what: str) -> str:
    text = "".join(word.text for word in words.rest())
    if not text:
        raise BadRecord(f"{what} is missing")
    return text


def _read_hex(words: Words) -> bytes:
    text = _joined(words, "hexadecimal data")
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadRecord(f"{text[:40]!r} is not hexadecimal") from None


def _show_hex(data: bytes, at: int) -> tuple[str, int]:
    if at >= len(data):
        raise BadRecord("the record's data is cut short")
    return data[at:].hex().upper(), len(data)


def _read_base64(words: Words) -> bytes:
    text = _joined(words, "base64 data")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRecord(f"{text[:40]!r} is not base64") from None


def _show_base64(data: bytes, at: int) -> tuple[str, int]:
    if at >= len(data):
        raise BadRecord("the record's data is cut short")
    return base64.b64encode(data[at:]).decode("ascii"), len(data)


SECONDS = Field(_read_seconds, number(4, "a time").show)
NAME = Field(_read_name, _show_name)
IPV4 = Field(_read_ipv4, lambda data, at: (str(ipaddress.IPv4Address(taken(data, at, 4))), at + 4))
IPV6 = Field(_read_ipv6, lambda data, at: (str(ipaddress.IPv6Address(taken(data, at, 16))), at + 16))
STRING = Field(lambda words: _string_of(words.next("a string")), _show_string)
STRINGS = Field(_read_strings, _show_strings)
TEXT_TO_END = Field(lambda words: _octets_of(words.next("a value")), _show_rest)
TAG = Field(_read_tag, _show_tag)
HEX = Field(_read_hex, _show_hex)
BASE64 = Field(_read_base64, _show_base64)
