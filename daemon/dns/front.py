"""The fast way to an answer: a table of what was answered before, and answers that are put together without a look-up.

The table's key is the request from its third octet on, in lower case: everything but the id, however the asker mixed
the case. Its value is put into the request's own buffer, around the question, which stays as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

from daemon.dns.book import Book, Place
from daemon.dns.counters import Counters
from daemon.dns.encode import alone
from daemon.dns.keys import (
    COUNTS_AT,
    EXTRA_AT,
    FORMS,
    LABEL_AT,
    NAME_AT,
    ONE_QUESTION,
    Form,
    canonical,
    is_none_of,
    without_options,
)
from daemon.dns.message import (
    HEADER_OCTETS,
    ID_OCTETS,
    NOERROR,
    NXDOMAIN,
    OPCODE_MASK,
    QR,
    QUESTION_TAIL_OCTETS,
    RCODE_MASK,
    REFUSED,
    UDP_MAX_OCTETS,
    UDP_PLAIN_MAX_OCTETS,
    Query,
    read_plain,
)
from daemon.dns.respond import Question, reply_to
from zones.labels import LABEL_MAX_OCTETS, NAME_MAX_OCTETS, ROOT, Name
from zones.records import DS, OPT

TABLE_MAX_ANSWERS = 100_000
DENIALS_ALIKE_MAX = 64  # of one place, for other flags and lengths of the label

_POINTERS = tuple((0xC00C + offset).to_bytes(2, "big") for offset in range(256))  # into the question's name
_MISSING: Any = object()


Entry = tuple[bytes, bytes, int, int, int]
"""An answer, ready to be put around a question: octets 2 to 12; what stands from an offset to the end; that offset; the
answer's length; and where it is counted. An answer that keeps no question has all behind its header in the second."""


Denial = tuple[slice, Container[Name], Entry]
"""How names that do not exist are denied: where the name is in the key, all names of the zone, and the answer."""


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
        self._keys: dict[Name, dict[bytes, Sequence[Question]]] = {}
        """By origin the keys of what is remembered from that zone, each with what its answer rests on (`Reply`)."""
        self._denials: dict[bytes, dict[bytes, Denial]] = {}
        """By the key behind the first label, then by the key before it."""
        self._denials_max = table_max // 10
        self._denial_keys: dict[Name, set[bytes]] = {}
        self._nxdomain_slots = tuple(counters.slot(low, NXDOMAIN) for low in range(256))
        self._nodata_slots = tuple(counters.slot(low, NOERROR) for low in range(256))
        self._refused_slots = tuple(counters.slot(low, REFUSED) for low in range(256))
        self.counters = counters
        self.table: dict[bytes, Entry] = {}

    def void(self, origin: Name, stays: Callable[[Question], bool] | None = None) -> None:
        """Forget what was answered from a zone, but for answers that rest on what `stays` as it is. May run beside
        `miss`, in another thread, and only in one."""
        kept = {}
        for key, rests_on in self._keys.pop(origin, {}).copy().items():
            if stays is not None and rests_on and all(map(stays, rests_on)):
                kept[key] = rests_on
            else:
                self.table.pop(key, None)
        if kept:
            self._keys.setdefault(origin, {}).update(kept)
        for key in tuple(self._denial_keys.pop(origin, ())):
            self._denials.pop(key, None)

    def miss(self, key: bytes, request: bytes) -> Entry | None:
        """Answer what the table does not hold. None: it is no ordinary question. `request`: all of it but the id.

        A name that does not exist is answered from its closest encloser, and what stands or does not stand at a name
        from there; there is no look-up, for the former is what floods ask for, and the latter what is asked after each
        change. Names that do not exist are not remembered, for there is no end
        of them; how such a name is denied is, for one label more or less makes little difference. Where another zone
        lies in this one, which need not know of it, not even that is.
        """
        if len(key) > NAME_AT:
            denials = self._denials.get(key[LABEL_AT + key[NAME_AT] :])
            if denials is not None:
                denial = denials.get(key[:LABEL_AT])
                if denial is not None:
                    where, nodes, entry = denial
                    if key[where] not in nodes:
                        return entry
        if request[COUNTS_AT:EXTRA_AT] != ONE_QUESTION or request[0] & (QR | OPCODE_MASK):
            return None
        bare = without_options(key, request)
        if bare is not None:
            return self.table.get(bare) or self.miss(bare, request)
        return self._at_hand(key) or self._looked_up(key, request)

    def _at_hand(self, key: bytes) -> Entry | None:
        """Answer a question about what does not exist, or about an RRset that stands there. None: only a look-up can
        tell."""
        name_end = key.find(0, NAME_AT) + 1
        end = name_end + QUESTION_TAIL_OCTETS
        form = FORMS.get(key[:NAME_AT] + key[end - 2 :])
        if form is None or not (key[end - 4] or (0 < key[end - 3] < 128 and key[end - 3] != OPT)):
            return None  # other types are only ever asked for; what matched a form is long enough
        high, low, names = key[end - 4], key[end - 3], self._names
        name = above = key[NAME_AT:name_end]
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
        if above is name and types is not None and not high and low < 65 and low != DS and low in types:
            return self._standing(key, name, low, place, form)
        tail = _POINTERS[len(name) - apex_octets] + soa + opt
        at, size = end + ID_OCTETS, end + ID_OCTETS + len(tail)
        if size > UDP_PLAIN_MAX_OCTETS:
            return None
        origin, row = name[-apex_octets:], low if not high else 0
        if above is name:
            if not is_none_of(types, high, low):
                return None
            entry = nodata, tail, at, size, self._nodata_slots[row]
            if not high:  # those that anybody asks for in earnest
                self._keep([key], origin, generation, entry, ())
            return entry
        if not closed:
            return None
        entry = nxdomain, tail, at, size, self._nxdomain_slots[row]
        if name[1 + name[0] :] == above and not self._book.encloses(origin):
            self._keep_denial(key, name_end, origin, place, entry)
        return entry

    def _standing(self, key: bytes, name: Name, rrtype: int, place: Place, form: Form) -> Entry | None:
        """Answer with the RRset that stands at a name. None: it does not fit every datagram."""
        rrset = place.nodes[name][rrtype]
        at = len(name) + NAME_AT + ID_OCTETS + QUESTION_TAIL_OCTETS
        tail = alone(rrset, at) + form.opt
        size = at + len(tail)
        if size > UDP_PLAIN_MAX_OCTETS:
            return None
        head = form.nodata[:4] + len(rrset.data).to_bytes(2, "big") + b"\0\0" + form.nodata[8:]
        entry = head, tail, at, size, self._nodata_slots[rrtype]
        self._keep([key], name[-place.origin_octets :], place.generation, entry, ((name, rrtype),))
        return entry

    def _looked_up(self, key: bytes, request: bytes) -> Entry | None:
        """Look again for the same question with the most ordinary OPT record, for payload size changes nothing in the
        answer. Then look the question up."""
        end = key.find(0, NAME_AT) + 1 + QUESTION_TAIL_OCTETS
        usual = canonical(key, end)
        known = self.table.get(usual) if usual is not None else None
        if known is not None:
            return known
        query = read_plain(b"\0\0" + request)
        if query is None:
            return None
        reply = reply_to(self._book, query, request[0], tcp=self._tcp)
        size = reply.at + len(reply.tail)
        entry = reply.head, reply.tail, reply.at, size, self.counters.slot(reply.rrtype, reply.rcode)
        if reply.lasting and self._may_be_kept(query, size):
            as_asked = key if key[:NAME_AT] + key[end - 2 :] in FORMS else None
            keys = [one for one in (usual, as_asked) if one is not None]
            self._keep(keys, reply.origin, reply.generation, entry, reply.rests_on)
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

    def _keep(
        self, keys: list[bytes], origin: Name, generation: int, entry: Entry, rests_on: Sequence[Question]
    ) -> None:
        """Remember an answer, unless its zone was changed meanwhile: the change voids what is remembered before it is
        acknowledged, and what is remembered after that, or by the keys of before, is looked at once more."""
        if len(self.table) >= self._table_max:
            self.table.clear()
            self._keys.clear()
        known = self._keys.setdefault(origin, {})
        known.update(dict.fromkeys(keys, rests_on))
        for one in keys:
            self.table[one] = entry
        if self._keys.get(origin) is not known or not self._book.is_current(origin, generation):
            for one in keys:
                self.table.pop(one, None)

    def _keep_denial(self, key: bytes, name_end: int, origin: Name, place: Place, entry: Entry) -> None:
        """Remember how names that are one label longer than an existing one are denied; in the same way."""
        if len(self._denials) >= self._denials_max:
            self._denials.clear()
            self._denial_keys.clear()
        rest = key[LABEL_AT + key[NAME_AT] :]
        known = self._denial_keys.setdefault(origin, set())
        known.add(rest)
        denials = self._denials.setdefault(rest, {})
        if len(denials) >= DENIALS_ALIKE_MAX:
            denials.clear()
        denials[key[:LABEL_AT]] = slice(NAME_AT, name_end), place.nodes, entry
        if self._denial_keys.get(origin) is not known or not self._book.is_current(origin, place.generation):
            self._denials.pop(rest, None)
