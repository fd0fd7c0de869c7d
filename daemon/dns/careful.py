"""What is no ordinary question: other opcodes, odd EDNS, signatures, and whatever strangers send. Read by dnslib.

Every message that is a request gets an answer that says what is wrong with it; what claims to be an answer gets none,
for two servers would talk for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dnslib import RR, DNSHeader, DNSQuestion
from dnslib.buffer import DNSBuffer

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
    REFUSED,
    Edns,
    QUESTION_TAIL_OCTETS,
    Query,
    head,
    opt_record,
    options_are_sound,
)
from daemon.dns.respond import Reply, bad_version, reply_to
from zones.labels import NAME_MAX_OCTETS, ROOT, Name
from zones.records import IXFR, OPT, TSIG

RECORDS_MAX = 64  # of a request


class Malformed(Exception):
    """This is no DNS message."""


@dataclass(slots=True)
class Request:
    """A request that was read whole. `end`: where its question section ends; `tsig_at`: where its TSIG record begins."""

    packet: bytes
    question: Query | None = None
    questions: int = 0
    end: int = HEADER_OCTETS
    edns: Edns | None = None
    version: int = 0
    sound: bool = True
    tsig: tuple[Name, bytes] | None = None
    tsig_at: int = 0
    authority: list[tuple[Name, int, bytes]] = field(default_factory=list)


Signed = Callable[[Request, Query, str | None], Iterable[bytes]]
"""Answers a request that carries a TSIG record; the last argument is the peer's address, None by UDP."""


def read(packet: bytes) -> Request:
    """Read a message, and note what is against the rules. Raises `Malformed`."""
    request = Request(packet)
    try:
        buffer = DNSBuffer(packet)
        header = DNSHeader.parse(buffer)
        request.questions = header.q
        if header.q + header.a + header.auth + header.ar > RECORDS_MAX:
            raise Malformed
        for _ in range(header.q):
            asked = DNSQuestion.parse(buffer)
            name = _name(asked.qname.label)
            if len(name) > NAME_MAX_OCTETS or buffer.offset - request.end != len(name) + QUESTION_TAIL_OCTETS:
                raise Malformed  # too long, or compressed: there is nothing before it that it could point to
            request.question = Query(name, asked.qtype, asked.qclass, buffer.offset, None)
            request.end = buffer.offset
        last = header.a + header.auth + header.ar - 1
        for number in range(last + 1):
            at = buffer.offset
            _record(request, RR.parse(buffer), at, additional=number >= header.a + header.auth, last=number == last)
        request.sound = request.sound and buffer.offset == len(packet)
    except Malformed:
        raise
    except Exception:  # noqa: BLE001  dnslib raises many kinds, and each means the same
        raise Malformed from None
    if request.question is not None:
        request.question = request.question._replace(edns=request.edns)
    if header.a or (header.auth and not (request.question and request.question.type == IXFR)):
        request.sound = False
    return request


def _record(request: Request, record: RR, at: int, *, additional: bool, last: bool) -> None:
    name, raw = _name(record.rname.label), request.packet[at:]
    if record.rtype == OPT:
        # One, in the additional section, at the root (RFC 6891, 6.1.1).
        request.sound = request.sound and additional and name == ROOT and request.edns is None
        request.version = record.ttl >> 16 & 0xFF
        request.edns = Edns(record.rclass, bool(record.ttl & DO))
        options = raw[11 : 11 + int.from_bytes(raw[9:11], "big")]
        request.sound = request.sound and (request.version > 0 or options_are_sound(options))
    elif record.rtype == TSIG:
        request.sound = request.sound and additional and last  # RFC 8945, 5.1
        data_octets = int.from_bytes(raw[_data_at(raw) - 2 : _data_at(raw)], "big")
        request.tsig = name, raw[_data_at(raw) : _data_at(raw) + data_octets]
        request.tsig_at = at
    elif not additional and request.question is not None and request.question.type == IXFR:
        request.authority.append((name, record.rtype, raw))


def _data_at(raw: bytes) -> int:
    """Return where a record's data begins: behind its name, type, class, TTL and length."""
    at = 0
    while 0 < raw[at] < 64:
        at += 1 + raw[at]
    return at + (2 if raw[at] else 1) + 10


def _name(labels: Iterable[bytes]) -> Name:
    return b"".join(bytes((len(label),)) + label for label in labels).lower() + ROOT


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
        try:
            request = read(packet)
        except Malformed:
            request = Request(packet, sound=False)
        opcode = (packet[2] & OPCODE_MASK) >> 3
        if opcode not in (QUERY, NOTIFY):
            return (bare(request, NOTIMP),)
        if not request.sound or request.question is None or request.questions > 1:
            return (bare(request, FORMERR),)
        if request.version:
            return (whole(request, bad_version(request.question, packet[2])),)
        if opcode == NOTIFY:
            return (bare(request, REFUSED),)
        if request.tsig is not None:
            return self._signed(request, request.question, peer)
        return (whole(request, reply_to(self._book, request.question, packet[2], tcp=peer is not None)),)


def whole(request: Request, reply: Reply) -> bytes:
    """Return a reply as a message, with the question as it was sent."""
    return request.packet[:2] + reply.head + request.packet[HEADER_OCTETS : reply.at] + reply.tail


def bare(request: Request, rcode: int) -> bytes:
    """Return an answer that is nothing but a code, with the question if there was one."""
    opt = opt_record(request.edns)
    one = request.question is not None and request.questions == 1
    echoed = request.packet[HEADER_OCTETS : request.end] if one else b""
    return request.packet[:2] + head(request.packet[2], rcode, (int(one), 0, 0, int(opt != b""))) + echoed + opt
