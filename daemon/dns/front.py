"""The fast way to an answer: a table of what was answered before, and ready-made negative answers.

The table's key is the request from its third octet on, in lower case: everything but the id, however the asker mixed
the case. Its value is put into the request's own buffer, around the question, which stays as it was sent.

Lower case folds more than letters of names: a type's or a payload size's octet 65 to 90 becomes 97 to 122. What that
means for each of them stands where it is taken care of.
"""

from __future__ import annotations

from collections.abc import Container
from itertools import product
from typing import Any

from daemon.dns.book import Book, Place
from daemon.dns.counters import Counters
from daemon.dns.message import (
    AD,
    CD,
    DO,
    HEADER_OCTETS,
    ID_OCTETS,
    NOERROR,
    NXDOMAIN,
    OPCODE_MASK,
    OPT_HEAD,
    QR,
    QUESTION_TAIL_OCTETS,
    RCODE_MASK,
    RD,
    REFUSED,
    UDP_MAX_OCTETS,
    UDP_PLAIN_MAX_OCTETS,
    Edns,
    Query,
    head,
    opt_record,
    options_are_sound,
    read_plain,
)
from daemon.dns.respond import reply_to
from zones.labels import LABEL_MAX_OCTETS, NAME_MAX_OCTETS, ROOT, Name
from zones.records import DS, OPT

TABLE_MAX_ANSWERS = 100_000

# Offsets in a key, which lacks the id.
_NAME_AT = 10
_NAME_END_TO_TAIL = ID_OCTETS + QUESTION_TAIL_OCTETS  # from a name's end in a key to an entry's offset of the tail
_EXTRA_AT = 8
_ONE_QUESTION = b"\0\1\0\0\0\0"  # and no records but additional ones
_CLASS_IN = b"\0\1"
_POINTERS = tuple((0xC00C + offset).to_bytes(2, "big") for offset in range(256))  # into the question's name
_USUAL_PAYLOADS = (512, 1024, 1220, 1232, 1280, 1400, 1410, 1432, 1452, 1472, 1480, 1680, 2048, 4000, 4096, 8192, 65535)
_MISSING: Any = object()


def _opt(payload_octets: int, do: bool) -> bytes:
    """Return the OPT record of a request, without options."""
    return OPT_HEAD.pack(0, OPT, payload_octets, 0, 0, DO if do else 0, 0)


Form = tuple[bytes, bytes, bytes, bytes]
"""What all negative answers to one form of request share: octets 2 to 12 of NXDOMAIN, of NODATA and of REFUSED, and the
OPT record."""


def _forms() -> dict[bytes, Form]:
    """Return the forms that most requests have, by flags, counts, class and OPT record as they are in a key."""
    forms = {}
    for flags in product((0, RD), (0, CD, AD, AD | CD)):
        for edns in (None, *(Edns(payload, do) for payload in _USUAL_PAYLOADS for do in (False, True))):
            counts = (1, 0, 1, int(edns is not None))
            behind = _opt(edns.payload_octets, edns.dnssec_ok).lower() if edns else b""
            forms[bytes(flags) + b"\0\1\0\0\0\0\0" + bytes((counts[3],)) + _CLASS_IN + behind] = (
                head(flags[0], NXDOMAIN, counts, aa=True),
                head(flags[0], NOERROR, counts, aa=True),
                head(flags[0], REFUSED, (1, 0, 0, counts[3])),
                opt_record(edns),
            )
    return forms


_FORMS = _forms()
_CANONICAL_OPTS = {
    (large, do): _opt(UDP_MAX_OCTETS if large else UDP_PLAIN_MAX_OCTETS, do).lower()
    for large, do in product((False, True), repeat=2)
}


Entry = tuple[bytes, bytes, int, int, int]
"""An answer, ready to be put around a question: octets 2 to 12; what stands from an offset to the end; that offset; the
answer's length; and where it is counted. An answer that keeps no question has all behind its header in the second."""


Denial = tuple[Container[Name], dict[int, Entry]]
"""How the names below one that exists are denied, by the key without their first label: all names of the zone, and the
answers by how long that label is."""


def entry_of(message: bytes) -> Entry:
    """Return a whole message as an entry."""
    slot = Counters.slot(0, message[3] & RCODE_MASK)
    return message[2:HEADER_OCTETS], message[HEADER_OCTETS:], HEADER_OCTETS, len(message), slot


class Front:
    """Answers of one transport, to ordinary questions."""

    def __init__(
        self,
        book: Book,
        counters: Counters,
        *,
        tcp: bool,
        table_max: int = TABLE_MAX_ANSWERS,
    ) -> None:
        self._book = book
        self._names: dict[bytes, Any] = book.names
        self._tcp = tcp
        self._table_max = table_max
        self._keys: dict[Name, set[bytes]] = {}
        self._denials: dict[bytes, Denial] = {}
        self._denials_max = table_max // 10
        self._denial_keys: dict[Name, set[bytes]] = {}
        self._nxdomain_slots = tuple(counters.slot(low, NXDOMAIN) for low in range(256))
        self._nodata_slots = tuple(counters.slot(low, NOERROR) for low in range(256))
        self._refused_slots = tuple(counters.slot(low, REFUSED) for low in range(256))
        self.counters = counters
        self.table: dict[bytes, Entry] = {}

    def void(self, origin: Name) -> None:
        """Forget what was answered from a zone. May run beside `miss`, in another thread."""
        for key in tuple(self._keys.pop(origin, ())):
            self.table.pop(key, None)
        for key in tuple(self._denial_keys.pop(origin, ())):
            self._denials.pop(key, None)

    def miss(self, key: bytes, request: bytes) -> Entry | None:
        """Answer what the table does not hold. None: it is no ordinary question. `request`: all of it but the id.

        A name that does not exist is answered from its closest encloser, and a type that does not from its name; there
        is no look-up, for that is what floods ask for. Names that do not exist are not remembered, for there is no end
        of them; how such a name is denied is, for one label more or less makes little difference.
        """
        label_octets = key[_NAME_AT] if len(key) > _NAME_AT else 0
        denial = self._denials.get(key[:_NAME_AT] + key[_NAME_AT + 1 + label_octets :])
        if denial is not None:
            nodes, entries = denial
            entry = entries.get(label_octets)
            if entry is not None:
                name = key[_NAME_AT : entry[2] - _NAME_END_TO_TAIL]
                if name not in nodes and name not in self._names:  # a zone may lie in another that does not know of it
                    return entry
        if request[2:_EXTRA_AT] != _ONE_QUESTION or request[0] & (QR | OPCODE_MASK):
            return None
        return self._denied(key) or self._looked_up(key, request)

    def _denied(self, key: bytes) -> Entry | None:
        """Answer a question about what does not exist. None: it does, or only a look-up can tell."""
        name_end = key.find(0, _NAME_AT) + 1
        end = name_end + QUESTION_TAIL_OCTETS
        form = _FORMS.get(key[:_NAME_AT] + key[end - 2 :])
        if form is None or not (key[end - 4] or (0 < key[end - 3] < 128 and key[end - 3] != OPT)):
            return None  # other types are only ever asked for; what matched a form is long enough
        high, low, names = key[end - 4], key[end - 3], self._names
        name = above = key[_NAME_AT:name_end]
        place = names.get(name, _MISSING)
        while place is _MISSING and 0 < above[0] <= LABEL_MAX_OCTETS:
            above = above[above[0] + 1 :]
            if not above:  # a zero within a label was taken for the end
                return None
            place = names.get(above, _MISSING)
        nxdomain, nodata, refused, opt = form
        if place is _MISSING and above == ROOT and len(name) <= NAME_MAX_OCTETS:  # below none of our zones
            return (
                refused,
                opt,
                end + ID_OCTETS,
                end + ID_OCTETS + len(opt),
                self._refused_slots[low if not high else 0],
            )
        if place is None or place is _MISSING:
            return None
        apex_octets, soa, types, closed, _, generation = place
        tail = _POINTERS[len(name) - apex_octets] + soa + opt
        at, size = end + ID_OCTETS, end + ID_OCTETS + len(tail)
        if size > UDP_PLAIN_MAX_OCTETS:
            return None
        origin, row = name[-apex_octets:], low if not high else 0
        if above is name:
            if not _is_none_of(types, high, low):
                return None
            entry = nodata, tail, at, size, self._nodata_slots[row]
            if not high:  # those that anybody asks for in earnest
                self._keep([key], origin, generation, entry)
            return entry
        if not closed:
            return None
        entry = nxdomain, tail, at, size, self._nxdomain_slots[row]
        if name[1 + name[0] :] == above:
            self._keep_denial(key, name[0], origin, place, entry)
        return entry

    def _looked_up(self, key: bytes, request: bytes) -> Entry | None:
        """Look again for the same question with the most ordinary OPT record, for payload size and options change
        nothing in the answer, and many resolvers send a cookie, a new one each time. Then look the question up."""
        end = key.find(0, _NAME_AT) + 1 + QUESTION_TAIL_OCTETS
        canonical = _canonical(key, end)
        known = self.table.get(canonical) if canonical is not None else None
        if known is not None:
            return known
        query = read_plain(b"\0\0" + request)
        if query is None:
            return None
        reply = reply_to(self._book, query, request[0], tcp=self._tcp)
        size = reply.at + len(reply.tail)
        entry = reply.head, reply.tail, reply.at, size, self.counters.slot(reply.rrtype, reply.rcode)
        if reply.lasting and self._may_be_kept(query, size):
            usual = key[:_NAME_AT] + key[end - 2 :] in _FORMS
            keys = [one for one in (canonical, key if usual else None) if one is not None]
            self._keep(keys, reply.origin, reply.generation, entry)
        return entry

    def _may_be_kept(self, query: Query, size: int) -> bool:
        """Tell whether all that has the same key gets the same answer.

        Types: 97 to 122 are never kept, so a key that looks like one stands for 65 to 90. Such a type is kept only when
        it has no data here and its double has none either. Payload sizes: one of 1232 or more folds into none below;
        with any, what fits 512 octets is sent whole.
        """
        low = query.type & 0xFF
        if 97 <= low <= 122 or 97 <= query.type >> 8 <= 122 or 65 <= query.type >> 8 <= 90:
            return False
        if 65 <= low <= 90:
            place = self._book.names.get(query.name)
            if place is None or place.types is None or (query.type | 0x20) in place.types:
                return False
        payload = query.edns.payload_octets if query.edns else 0
        return self._tcp or size <= UDP_PLAIN_MAX_OCTETS or payload >= UDP_MAX_OCTETS

    def _keep(self, keys: list[bytes], origin: Name, generation: int, entry: Entry) -> None:
        """Remember an answer, unless its zone was changed meanwhile: the change voids what is remembered before it is
        acknowledged, and what is remembered after that is looked at once more."""
        if len(self.table) >= self._table_max:
            self.table.clear()
            self._keys.clear()
        self._keys.setdefault(origin, set()).update(keys)
        for one in keys:
            self.table[one] = entry
        if not self._book.is_current(origin, generation):
            for one in keys:
                self.table.pop(one, None)

    def _keep_denial(self, key: bytes, label_octets: int, origin: Name, place: Place, entry: Entry) -> None:
        """Remember how names that are one label longer than an existing one are denied; in the same way."""
        if len(self._denials) >= self._denials_max:
            self._denials.clear()
            self._denial_keys.clear()
        rest = key[:_NAME_AT] + key[_NAME_AT + 1 + label_octets :]
        self._denial_keys.setdefault(origin, set()).add(rest)
        self._denials.setdefault(rest, (place.nodes, {}))[1][label_octets] = entry
        if not self._book.is_current(origin, place.generation):
            self._denials.pop(rest, None)


def _is_none_of(types: frozenset[int] | None, high: int, low: int) -> bool:
    """Tell whether a type in a key is certainly none of those that stand at a name. Of types that fold into one another
    only a look-up can tell, and DS may be another zone's to answer."""
    if types is None or 97 <= low <= 122 or 97 <= high <= 122:
        return False
    rrtype = high << 8 | low
    return rrtype not in types and rrtype != DS


def _canonical(key: bytes, end: int) -> bytes | None:
    """Return the key of the most ordinary request that has the same answer: of the flags RD only, and an OPT record
    without options and with one of two payload sizes. None: the request is no ordinary one."""
    if len(key) < _NAME_AT or key[0] & (QR | OPCODE_MASK) or not _is_name(key[_NAME_AT : end - 4]):
        return None
    behind = key[end:]
    start = bytes((key[0] & RD, 0)) + key[2:end]
    if not behind:
        return start
    if len(behind) < OPT_HEAD.size or behind[:3] != b"\0\0\x29" or behind[5:7] != b"\0\0" or key[9] != 1:
        return None
    options = behind[OPT_HEAD.size :]
    if int.from_bytes(behind[9:11], "big") != len(options) or (options and not options_are_sound(options)):
        return None
    large = int.from_bytes(behind[3:5], "big") >= UDP_MAX_OCTETS
    return start + _CANONICAL_OPTS[large, behind[7] >= DO >> 8]


def _is_name(octets: bytes) -> bool:
    """Tell whether these octets are labels to the last one: a zero may also stand within a label."""
    at = 0
    while at < len(octets) and octets[at]:
        at += 1 + octets[at]
    return at == len(octets) - 1
