"""What is no ordinary question: other opcodes, odd EDNS, signatures, and whatever strangers send.

Every message that is a request gets an answer that says what is wrong with it; what claims to be an answer gets none,
for two servers would talk for ever. Reading costs no more than the message is long: no pointer is followed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from daemon.dns.book import Book
from daemon.dns.message import (
    DO,
    FORMERR,
    HEADER_OCTETS,
    NOTIFY,
    NOTIMP,
    OPCODE_MASK,
    QR,
    QUERY,
    QUESTION_TAIL_OCTETS,
    REFUSED,
    Edns,
    Query,
    head,
    opt_record,
    options_are_sound,
)
from daemon.dns.respond import Reply, bad_version, reply_to
from zones.labels import Name
from zones.labels import read as read_name
from zones.name import BadName
from zones.records import IXFR, OPT, SOA, TSIG

_COUNTS = struct.Struct("!4H")
_RECORD = struct.Struct("!HHIH")  # type, class, TTL, octets of data
_SOA_NUMBERS_OCTETS = 20


class Malformed(Exception):
    """This is no DNS message."""


@dataclass(slots=True)
class Request:
    """A request that was read whole. `end`: where its question section ends; `sound`: nothing is against the rules."""

    packet: bytes
    question: Query | None = None
    end: int = HEADER_OCTETS
    edns: Edns | None = None
    version: int = 0
    sound: bool = True
    tsig: tuple[Name, bytes, int] | None = None
    """Of its TSIG record the name, the data, and where in the message it begins."""
    known_serial: int | None = None
    """Of an incremental transfer: the serial that the asker has (RFC 1995, 3)."""


Signed = Callable[[Request, Query, tuple[Name, bytes, int], str | None], Iterable[bytes]]
"""Answers a request that carries a TSIG record; the last argument is the peer's address, None by UDP."""


def read(packet: bytes) -> Request:
    """Read a message, and note what is against the rules. Raises `Malformed`."""
    questions, answers, authorities, additionals = _COUNTS.unpack_from(packet, 4)
    if questions > 1 or questions + answers + authorities + additionals > len(packet):
        raise Malformed
    request = Request(packet)
    try:
        at = HEADER_OCTETS
        if questions:
            name, at = read_name(packet, at)  # never compressed: there is nothing before it to point to
            rrtype, rrclass = struct.unpack_from("!HH", packet, at)
            at = request.end = at + QUESTION_TAIL_OCTETS
            request.question = Query(name, rrtype, rrclass, at, None)
        request.sound = not answers and (not authorities or _is_ixfr(request))
        for left in reversed(range(answers + authorities + additionals)):
            at = _read_record(request, at, additional=left < additionals, last=left == 0)
    except (BadName, struct.error, IndexError):
        raise Malformed from None
    request.sound = request.sound and at == len(packet)
    if request.question is not None:
        request.question = request.question._replace(edns=request.edns)
    return request


def _is_ixfr(request: Request) -> bool:
    return request.question is not None and request.question.type == IXFR


def _read_record(request: Request, at: int, *, additional: bool, last: bool) -> int:
    """Note what a record says, and return the offset behind it."""
    packet, start = request.packet, at
    while 0 < packet[at] < 64:
        at += 1 + packet[at]
    at += 2 if packet[at] else 1  # a name ends with a pointer or with the root
    rrtype, rrclass, ttl, octets = _RECORD.unpack_from(packet, at)
    at += _RECORD.size
    end = at + int(octets)
    if end > len(packet):
        raise Malformed
    if rrtype == OPT:
        # One, in the additional section, at the root (RFC 6891, 6.1.1).
        at_root = packet[start] == 0
        request.sound = request.sound and additional and at_root and request.edns is None
        request.version = max(request.version, ttl >> 16 & 0xFF)
        request.edns = Edns(rrclass, bool(ttl & DO))
        request.sound = request.sound and (request.version > 0 or options_are_sound(packet[at:end]))
    elif rrtype == TSIG:
        request.sound = request.sound and additional and last  # RFC 8945, 5.1
        request.tsig = read_name(packet, start)[0], packet[at:end], start
    elif rrtype == SOA and not additional:
        if octets < _SOA_NUMBERS_OCTETS:
            raise Malformed
        numbers_at = end - _SOA_NUMBERS_OCTETS  # behind two names, which may be compressed
        request.known_serial = int.from_bytes(packet[numbers_at : numbers_at + 4], "big")
    return end


class Careful:
    """Answers what `Front` does not know."""

    def __init__(self, book: Book, signed: Signed) -> None:
        self._book = book
        self._signed = signed

    def over_udp(self, packet: bytes) -> bytes | None:
        """Return one answer, or None for what gets none."""
        return next(iter(self.answer(packet, None)), None)

    def answer(self, packet: bytes, peer: str | None) -> Iterable[bytes]:
        """Return the messages that answer; only transfers have more than one. `peer`: who asks, by TCP."""
        if len(packet) < HEADER_OCTETS or packet[2] & QR:
            return ()
        opcode = (packet[2] & OPCODE_MASK) >> 3
        try:
            request = read(packet)
        except Malformed:
            rcode = FORMERR if opcode in (QUERY, NOTIFY) else NOTIMP
            return (packet[:2] + head(packet[2], rcode, (0, 0, 0, 0)),)
        if opcode not in (QUERY, NOTIFY):
            return (bare(request, NOTIMP),)
        if not request.sound or request.question is None:
            return (bare(request, FORMERR),)
        if request.version:
            return (whole(request, bad_version(request.question, packet[2])),)
        if opcode == NOTIFY:
            return (bare(request, REFUSED),)
        if request.tsig is not None:
            return self._signed(request, request.question, request.tsig, peer)
        return (whole(request, reply_to(self._book, request.question, packet[2], tcp=peer is not None)),)


def whole(request: Request, reply: Reply) -> bytes:
    """Return a reply as a message, with the question as it was sent."""
    return request.packet[:2] + reply.head + request.packet[HEADER_OCTETS : reply.at] + reply.tail


def bare(request: Request, rcode: int) -> bytes:
    """Return an answer that is nothing but a code, with the question if there was one."""
    opt = opt_record(request.edns)
    asked = request.packet[HEADER_OCTETS : request.end]
    return request.packet[:2] + head(request.packet[2], rcode, (int(asked != b""), 0, 0, int(opt != b""))) + asked + opt
