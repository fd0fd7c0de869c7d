"""DNS messages: offsets, bits and codes (RFC 1035, 4.1; RFC 6891), and the strict reading of an ordinary question."""

from __future__ import annotations

import struct
from typing import NamedTuple

from zones.labels import LABEL_MAX_OCTETS, NAME_MAX_OCTETS, Name
from zones.records import OPT

# The header: id, two octets of flags, four counts (RFC 1035, 4.1.1).
FLAGS_AT, COUNTS_AT, HEADER_OCTETS = 2, 4, 12
ID_OCTETS = 2
QUESTION_TAIL_OCTETS = 4  # type and class, behind the name

# The first octet of flags, then the second.
QR, OPCODE_MASK, AA, TC, RD = 0x80, 0x78, 0x04, 0x02, 0x01
RA, Z, AD, CD, RCODE_MASK = 0x80, 0x40, 0x20, 0x10, 0x0F
QUERY, NOTIFY, UPDATE = 0, 4, 5  # opcodes

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
NOTAUTH, BADVERS = 9, 16
RCODE_NAMES = {
    NOERROR: "NOERROR",
    FORMERR: "FORMERR",
    SERVFAIL: "SERVFAIL",
    NXDOMAIN: "NXDOMAIN",
    NOTIMP: "NOTIMP",
    REFUSED: "REFUSED",
    NOTAUTH: "NOTAUTH",
}

CLASS_IN = 1
UDP_PLAIN_MAX_OCTETS = 512  # without EDNS (RFC 1035, 4.2.1)
UDP_MAX_OCTETS = 1232  # what passes everywhere without fragments; we advertise it, and never send more
TCP_MAX_OCTETS = 65535

# An OPT record: the root's name, its type, payload size, extended rcode, version, flags, octets of options (RFC 6891).
OPT_HEAD = struct.Struct("!BHHBBHH")
DO = 0x8000
COOKIE = 10
_COOKIE_OCTETS = frozenset({8, *range(16, 41)})  # RFC 7873, 4


class Edns(NamedTuple):
    """What an OPT record says of its sender."""

    payload_octets: int
    dnssec_ok: bool


class Query(NamedTuple):
    """An ordinary question. `name` is in lower case; `end` is where the question section ends in the message."""

    name: Name
    type: int
    rrclass: int
    end: int
    edns: Edns | None


def read_plain(packet: bytes) -> Query | None:
    """Read a message that is one question, perhaps with an OPT record of version 0, and nothing else at all.

    None: it is something else, or malformed.
    """
    size = len(packet)
    if size < HEADER_OCTETS + 1 + QUESTION_TAIL_OCTETS or packet[2] & (QR | OPCODE_MASK):
        return None
    if packet[4:10] != b"\0\1\0\0\0\0" or packet[10] or packet[11] > 1:
        return None
    at = HEADER_OCTETS
    while length := packet[at]:
        at += 1 + length
        if length > LABEL_MAX_OCTETS or at >= size:
            return None
    at += 1
    end = at + QUESTION_TAIL_OCTETS
    if at - HEADER_OCTETS > NAME_MAX_OCTETS or end > size:
        return None
    edns = None
    if packet[11]:
        edns = read_opt(packet, end)
        if edns is None:
            return None
    elif end != size:
        return None
    rrtype, rrclass = struct.unpack_from("!HH", packet, at)
    return Query(packet[HEADER_OCTETS:at].lower(), rrtype, rrclass, end, edns)


def read_opt(packet: bytes, at: int) -> Edns | None:
    """Read an OPT record of version 0 that reaches from `at` to the end of the message; None: it is none."""
    if len(packet) < at + OPT_HEAD.size:
        return None
    root, rrtype, payload_octets, _, version, flags, options_octets = OPT_HEAD.unpack_from(packet, at)
    at += OPT_HEAD.size
    if root or rrtype != OPT or version or at + options_octets != len(packet) or not options_are_sound(packet[at:]):
        return None
    return Edns(payload_octets, bool(flags & DO))


def options_are_sound(options: bytes) -> bool:
    """Tell whether EDNS options are well-formed, as far as they have to be (RFC 6891, 6.1.2; RFC 7873, 5.2.2)."""
    at, size = 0, len(options)
    while at < size:
        if at + 4 > size:
            return False
        code, length = struct.unpack_from("!HH", options, at)
        if code == COOKIE and length not in _COOKIE_OCTETS:
            return False
        at += 4 + length
    return at == size


def opt_record(edns: Edns | None, extended_rcode: int = 0) -> bytes:
    """Return the OPT record of an answer; of the asker's flags only DO is copied (RFC 3225, 3)."""
    if edns is None:
        return b""
    flags = DO if edns.dnssec_ok else 0
    return OPT_HEAD.pack(0, OPT, UDP_MAX_OCTETS, extended_rcode, 0, flags, 0)


def limit_octets(edns: Edns | None, *, tcp: bool) -> int:
    """Return how long an answer may be; a payload size below 512 means 512 (RFC 6891, 6.2.3)."""
    if tcp:
        return TCP_MAX_OCTETS
    return UDP_PLAIN_MAX_OCTETS if edns is None else min(max(edns.payload_octets, UDP_PLAIN_MAX_OCTETS), UDP_MAX_OCTETS)


def head(
    request_flags: int, rcode: int, counts: tuple[int, int, int, int], *, aa: bool = False, tc: bool = False
) -> bytes:
    """Return octets 2 to 12 of an answer. Of the request's first octet of flags, opcode and RD are kept; RA, Z, AD and
    CD are never set."""
    first = QR | request_flags & (OPCODE_MASK | RD) | (AA if aa else 0) | (TC if tc else 0)
    return struct.pack("!BB4H", first, rcode & RCODE_MASK, *counts)
