"""Answers in wire form: names compressed (RFC 1035, 4.1.4), and whole RRsets left out where they do not fit."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from zones.labels import ROOT, Name
from zones.records import CLASS_IN, COMPRESSED_NAMES, RRset

_RECORD = struct.Struct("!HHI")
_POINTER = 0xC000
_QUESTION = b"\xc0\x0c"  # a pointer to the question's name, right behind the header
_POINTER_MAX = 0x3FFF


class Sections(NamedTuple):
    """The three sections as octets that stand behind a question, and their counts."""

    octets: bytes
    answer: int
    authority: int
    additional: int
    truncated: bool


class Writer:
    """Writes records, and remembers where names stand: the suffixes of each, by offset in the message."""

    def __init__(self, at: int, question: Name | None = None, question_at: int = 12) -> None:
        self._start = at
        self._at = at
        self._parts: list[bytes] = []
        self._seen: dict[bytes, int] = {}
        if question is not None:
            self._remember(question, question_at)

    @property
    def size(self) -> int:
        """How long the message is so far."""
        return self._at

    def octets(self) -> bytes:
        """Return what was written."""
        return b"".join(self._parts)

    def add(self, one: RRset, limit: int) -> bool:
        """Write an RRset, or nothing of it when the message would get longer than `limit`."""
        before, parts, seen = self._at, len(self._parts), len(self._seen)
        for data in one.data:
            self.record(one.name, one.type, one.ttl, data)
        if self._at <= limit:
            return True
        del self._parts[parts:]
        for name in list(self._seen)[seen:]:
            del self._seen[name]
        self._at = before
        return False

    def record(self, name: Name, rrtype: int, ttl: int, data: bytes) -> None:
        """Write one record, without asking whether it fits."""
        self._put(self._name(name, self._at) + _RECORD.pack(rrtype, CLASS_IN, ttl))
        if rrtype in COMPRESSED_NAMES:
            data = self._data(data, *COMPRESSED_NAMES[rrtype])
        self._put(len(data).to_bytes(2, "big") + data)

    def _put(self, octets: bytes) -> None:
        self._parts.append(octets)
        self._at += len(octets)

    def _data(self, data: bytes, at: int, names: int) -> bytes:
        """Compress the names that stand in a record's data from `at` on."""
        written = data[:at]
        base = self._at + 2  # behind the data's length
        for _ in range(names):
            end = _end(data, at)
            written += self._name(data[at:end], base + len(written))
            at = end
        return written + data[at:]

    def _name(self, name: Name, at: int) -> bytes:
        """Return a name as it is written at an offset."""
        start = 0
        while name[start]:
            known = self._seen.get(name[start:])
            if known is not None:
                self._remember(name, at, start)
                return name[:start] + (_POINTER | known).to_bytes(2, "big")
            start += 1 + name[start]
        self._remember(name, at)
        return name

    def _remember(self, name: Name, at: int, until: int = 256) -> None:
        start = 0
        while name[start] and start < until and at + start <= _POINTER_MAX:
            self._seen.setdefault(name[start:], at + start)
            start += 1 + name[start]


def _end(data: bytes, at: int) -> int:
    while length := data[at]:
        at += 1 + length
    return at + 1


def sections(
    question: Name, end: int, found: tuple[Sequence[RRset], Sequence[RRset], Sequence[RRset]], limit: int
) -> Sections:
    """Write the sections behind a question that ends at `end`. What does not fit is left out, RRset by RRset, and so is
    all behind it (RFC 2181, 9)."""
    writer, counts, truncated = Writer(end, question), [0, 0, 0], False
    for number, section in enumerate(found):
        for one in section:
            truncated = truncated or not writer.add(one, limit)
            if truncated:
                break
            counts[number] += len(one.data)
    return Sections(writer.octets(), counts[0], counts[1], counts[2], truncated)


def alone(one: RRset, end: int) -> bytes:
    """Write the RRset that was asked for behind a question that ends at `end`: the octets of `sections`, in fewer steps
    where there is no name to compress."""
    if one.type in COMPRESSED_NAMES or one.name == ROOT:
        return sections(one.name, end, ((one,), (), ()), _POINTER_MAX).octets
    head = _QUESTION + _RECORD.pack(one.type, CLASS_IN, one.ttl)
    return b"".join([head + len(data).to_bytes(2, "big") + data for data in one.data])
