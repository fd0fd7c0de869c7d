"""From an ordinary question to its answer, by looking it up."""

from __future__ import annotations

from typing import NamedTuple

from daemon.dns.book import Book
from daemon.dns.encode import sections
from daemon.dns.message import (
    BADVERS,
    CLASS_IN,
    FORMERR,
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    Query,
    head,
    limit_octets,
    opt_record,
)
from zones.fields import BadRecord
from zones.labels import Name
from zones.records import AXFR, IXFR, OPT
from zones.zone import Outcome

_MAILB, _MAILA = 253, 254
_NOT_IMPLEMENTED = frozenset({_MAILB, _MAILA})  # obsolete questions for more than one type (RFC 1035, 3.2.3)
_MEANINGLESS = frozenset({0, OPT, 128, 249, 250})  # no type, OPT, NXNAME, TKEY, TSIG: nobody may ask for these


Question = tuple[Name, int]
"""A name in lower case, and a type."""


class Reply(NamedTuple):
    """An answer: octets 2 to 12, and what stands from `at` on. Between them the question stays as it was sent.

    `origin` and `generation` name the zone that it came from; `lasting`: worth remembering for who asks the same;
    `rests_on`: the RRsets that make the answer, where nothing else in the zone does.
    """

    head: bytes
    tail: bytes
    at: int
    rrtype: int
    rcode: int
    origin: Name = b""
    generation: int = 0
    lasting: bool = False
    rests_on: tuple[Question, ...] = ()


def reply_to(book: Book, query: Query, flags: int, *, tcp: bool, reserve: int = 0) -> Reply:
    """Answer a question. `flags`: the request's first octet of flags; `reserve`: octets left free for a signature."""
    refusal = _refusal(query)
    asked = None
    if refusal is None:
        try:
            asked = book.find(query.name, query.type)
        except BadRecord:
            refusal = SERVFAIL
    if asked is None:
        return _bare(query, flags, REFUSED if refusal is None else refusal)
    opt = opt_record(query.edns)
    found = asked.zone.lookup(query.name, query.type)
    limit = limit_octets(query.edns, tcp=tcp) - len(opt) - reserve
    written = sections(query.name, query.end, (found.answer, found.authority, found.additional), limit)
    rcode = NXDOMAIN if found.outcome is Outcome.NXDOMAIN else NOERROR
    counts = (1, written.answer, written.authority, written.additional + bool(opt))
    aa = found.outcome is not Outcome.REFERRAL
    lasting = rcode == NOERROR and aa and not found.wildcard and not written.truncated
    plain = lasting and found.outcome is Outcome.ANSWER and not (found.authority or found.additional)
    return Reply(
        head(flags, rcode, counts, aa=aa, tc=written.truncated),
        written.octets + opt,
        query.end,
        query.type,
        rcode,
        asked.zone.origin,
        asked.generation,
        lasting,
        tuple((one.name, one.type) for one in found.answer) if plain else (),
    )


def _refusal(query: Query) -> int | None:
    """Return the code for what is never looked up."""
    if query.rrclass != CLASS_IN:
        return REFUSED
    if query.type in (AXFR, IXFR):  # a transfer that is allowed is signed, and does not come this way
        return REFUSED
    if query.type in _NOT_IMPLEMENTED:
        return NOTIMP
    return FORMERR if query.type in _MEANINGLESS else None


def _bare(query: Query, flags: int, rcode: int) -> Reply:
    opt = opt_record(query.edns)
    return Reply(head(flags, rcode, (1, 0, 0, bool(opt))), opt, query.end, query.type, rcode)


def bad_version(query: Query, flags: int) -> Reply:
    """Answer a question in a version of EDNS that nobody has yet (RFC 6891, 6.1.3)."""
    opt = opt_record(query.edns, BADVERS >> 4)
    return Reply(head(flags, BADVERS, (1, 0, 0, 1)), opt, query.end, query.type, BADVERS)
