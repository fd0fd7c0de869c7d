"""Keys of the answer table: requests from their third octet on, in lower case, and what is the same in many of them.

Lower case folds more than letters of names: a type's or a payload size's octet 65 to 90 becomes 97 to 122. What that
means for each of them stands where it is taken care of.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from daemon.dns.message import (
    AD,
    CD,
    DO,
    NOERROR,
    NXDOMAIN,
    OPCODE_MASK,
    OPT_HEAD,
    QR,
    QUESTION_TAIL_OCTETS,
    RD,
    REFUSED,
    UDP_MAX_OCTETS,
    UDP_PLAIN_MAX_OCTETS,
    Edns,
    head,
    opt_record,
    options_are_sound,
)
from zones.records import DS, OPT

# Offsets in a key, which lacks the id.
COUNTS_AT, EXTRA_AT, NAME_AT, LABEL_AT = 2, 8, 10, 11
ONE_QUESTION = b"\0\1\0\0\0\0"  # and no records but additional ones
_CLASS_IN = b"\0\1"
_OPT_START = b"\0\0\x29"  # the root's name, and the type
_USUAL_PAYLOADS = (512, 1024, 1220, 1232, 1280, 1400, 1410, 1432, 1452, 1472, 1480, 1680, 2048, 4000, 4096, 8192, 65535)


def _opt(payload_octets: int, do: bool) -> bytes:
    """Return the OPT record of a request, without options."""
    return OPT_HEAD.pack(0, OPT, payload_octets, 0, 0, DO if do else 0, 0)


class Form(NamedTuple):
    """What all answers to one form of request share: octets 2 to 12 of NXDOMAIN, of NODATA and of REFUSED, and the OPT
    record."""

    nxdomain: bytes
    nodata: bytes
    refused: bytes
    opt: bytes


def _forms() -> dict[bytes, Form]:
    """Return the forms that most requests have, by flags, counts, class and OPT record as they are in a key."""
    forms = {}
    for flags in product((0, RD), (0, CD, AD, AD | CD)):
        for edns in (None, *(Edns(payload, do) for payload in _USUAL_PAYLOADS for do in (False, True))):
            counts = (1, 0, 1, int(edns is not None))
            behind = _opt(edns.payload_octets, edns.dnssec_ok).lower() if edns else b""
            forms[bytes(flags) + b"\0\1\0\0\0\0\0" + bytes((counts[3],)) + _CLASS_IN + behind] = Form(
                head(flags[0], NXDOMAIN, counts, aa=True),
                head(flags[0], NOERROR, counts, aa=True),
                head(flags[0], REFUSED, (1, 0, 0, counts[3])),
                opt_record(edns),
            )
    return forms


FORMS = _forms()
_CANONICAL_OPTS = {
    (large, do): _opt(UDP_MAX_OCTETS if large else UDP_PLAIN_MAX_OCTETS, do).lower()
    for large, do in product((False, True), repeat=2)
}


def is_none_of(types: frozenset[int] | None, high: int, low: int) -> bool:
    """Tell whether a type in a key is certainly none of those that stand at a name. Of types that fold into one another
    only a look-up can tell, and DS may be another zone's to answer."""
    if types is None or 97 <= low <= 122 or 97 <= high <= 122:
        return False
    rrtype = high << 8 | low
    return rrtype not in types and rrtype != DS


def canonical(key: bytes, end: int) -> bytes | None:
    """Return the key of the most ordinary request that has the same answer: of the flags RD only, and an OPT record
    with one of two payload sizes. None: the request is no ordinary one."""
    if len(key) < NAME_AT or key[0] & (QR | OPCODE_MASK) or not _is_name(key[NAME_AT : end - 4]):
        return None
    behind = key[end:]
    start = bytes((key[0] & RD, 0)) + key[2:end]
    if not behind:
        return start
    if len(behind) != OPT_HEAD.size or behind[:3] != _OPT_START or key[9] != 1:
        return None
    if behind[5:7] != b"\0\0" or behind[9:] != b"\0\0":  # another version, or options
        return None
    large = int.from_bytes(behind[3:5], "big") >= UDP_MAX_OCTETS
    return start + _CANONICAL_OPTS[large, behind[7] >= DO >> 8]


def without_options(key: bytes, request: bytes) -> bytes | None:
    """Return the key of the same request without EDNS options: they change nothing in the answer, and many resolvers
    send a cookie, a new one each time. None: it has none, or they are malformed."""
    end = key.find(0, NAME_AT) + 1 + QUESTION_TAIL_OCTETS
    options_at = end + OPT_HEAD.size
    if len(key) <= options_at or key[end : end + 3] != _OPT_START:
        return None
    options = request[options_at:]
    if int.from_bytes(request[options_at - 2 : options_at], "big") != len(options) or not options_are_sound(options):
        return None
    return key[: options_at - 2] + b"\0\0"


def _is_name(octets: bytes) -> bool:
    """Tell whether these octets are labels to the last one: a zero may also stand within a label."""
    at = 0
    while at < len(octets) and octets[at]:
        at += 1 + octets[at]
    return at == len(octets) - 1
