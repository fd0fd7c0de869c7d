"""A zone: immutable, and able to say what it answers (RFC 1034, 4.3.2; RFC 4592)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from zones.labels import Name, ancestors, is_within, parent, sort_key, split, to_text, wildcard_of
from zones.labels import read as read_name
from zones.records import AAAA, ANY, CNAME, DNAME, DS, HINFO, NS, OPT, SOA, A, RRset, rrset, type_name

CHAIN_MAX_LINKS = 16
RECORDS_MAX = 100_000
ANY_TTL_SECONDS = 3600
ANY_DATA = b"\x07RFC8482\x00"  # CPU "RFC8482", no OS (RFC 8482, 4.2)
Node = Mapping[int, RRset]
_SIGNATURES = frozenset({46, 47, 50, 51})  # RRSIG, NSEC, NSEC3, NSEC3PARAM


class BadZone(ValueError):
    """These records make no zone; the message says why."""


class Outcome(enum.Enum):
    """What a look-up came to."""

    ANSWER = "answer"
    NODATA = "no data"
    NXDOMAIN = "no such name"
    REFERRAL = "referral"


class Found(NamedTuple):
    """What is answered, by section. `wildcard`: made for the name that was asked, so it is not worth remembering."""

    outcome: Outcome
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()
    wildcard: bool = False


class Zone:
    """The RRsets from an origin downwards, as far as they are not delegated."""

    __slots__ = ("cuts", "nodes", "origin")

    def __init__(self, origin: Name, rrsets: Iterable[RRset]) -> None:
        """Take RRsets as they are: `Zone.of` checks them first."""
        nodes: dict[Name, dict[int, RRset]] = {origin: {}}
        for one in rrsets:
            node = nodes.get(one.name)
            if node is None:
                node = nodes[one.name] = {}
                above = parent(one.name)
                while above not in nodes:  # empty non-terminals exist (RFC 4592, 2.2.2)
                    nodes[above] = {}
                    above = parent(above)
            node[one.type] = one
        self.origin = origin
        self.nodes: Mapping[Name, Node] = nodes
        self.cuts = frozenset(name for name, node in nodes.items() if NS in node and name != origin)

    @classmethod
    def of(cls, origin: Name, rrsets: Iterable[RRset]) -> Zone:
        """Return the zone of these RRsets. Raises `BadZone`."""
        together: dict[tuple[Name, int], RRset] = {}
        count = 0
        for one in rrsets:
            if not is_within(one.name, origin):
                raise BadZone(f"{to_text(one.name)} is not in the zone {to_text(origin)}")
            key = one.name, one.type
            known = together.get(key)
            data = one.data if known is None else (*known.data, *one.data)
            together[key] = rrset(one.name, one.type, one.ttl if known is None else min(known.ttl, one.ttl), *data)
            count += len(one.data)
            if count > RECORDS_MAX:
                raise BadZone(f"more than {RECORDS_MAX} records")
        zone = cls(origin, together.values())
        zone._check()
        return zone

    def _check(self) -> None:
        apex = self.nodes[self.origin]
        if SOA not in apex or len(apex[SOA].data) != 1:
            raise BadZone(f"{to_text(self.origin)} has to have one SOA record (RFC 1035, 5.2)")
        if NS not in apex:
            raise BadZone(f"{to_text(self.origin)} has no NS record: name its name servers (RFC 1035, 5.2)")
        for name, node in self.nodes.items():
            if SOA in node and name != self.origin:
                raise BadZone(f"{to_text(name)} has an SOA record below the zone's origin: make it a zone of its own")
            if CNAME in node and (len(node) > 1 or len(node[CNAME].data) > 1):
                raise BadZone(f"{to_text(name)} has a CNAME record, so nothing else may stand there (RFC 2181, 10.1)")
            for rrtype in node:
                if rrtype in (0, OPT) or 128 <= rrtype <= 255:
                    raise BadZone(
                        f"{to_text(name)} has a record of {type_name(rrtype)}, which is only ever asked for (RFC 6895)"
                    )
                if rrtype in _SIGNATURES:
                    raise BadZone(
                        f"{to_text(name)} has a DNSSEC signature; zones are served unsigned: leave those records out"
                    )
            if DNAME in node:
                raise BadZone(
                    f"{to_text(name)} has a DNAME record, which is not served: delegate the name, or use CNAME records"
                )
            if NS in node and split(name)[:1] == [b"*"]:
                raise BadZone(f"{to_text(name)} delegates a wildcard, which means nothing (RFC 4592, 4.2)")

    @property
    def soa(self) -> RRset:
        return self.nodes[self.origin][SOA]

    @property
    def serial(self) -> int:
        return soa_numbers(self.soa.data[0])[0]

    @property
    def negative_soa(self) -> RRset:
        """Return the SOA with the TTL of negative answers (RFC 2308, 3)."""
        soa = self.soa
        return soa._replace(ttl=min(soa.ttl, soa_numbers(soa.data[0])[4]))

    def __iter__(self) -> Iterator[RRset]:
        """Yield every RRset, the SOA first, then by name (RFC 4034, 6.1) and type."""
        yield self.soa
        for name in sorted(self.nodes, key=sort_key):
            node = self.nodes[name]
            yield from (node[rrtype] for rrtype in sorted(node) if rrtype != SOA)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and (self.origin, self.nodes) == (other.origin, other.nodes)

    __hash__ = None  # type: ignore[assignment]  # equal by value, and large

    def lookup(self, name: Name, rrtype: int) -> Found:
        """Say what is answered for a name in this zone. CNAMEs are followed as far as they stay in it."""
        answer: list[RRset] = []
        seen: set[Name] = set()
        wildcard = False
        while len(seen) < CHAIN_MAX_LINKS and name not in seen and is_within(name, self.origin):
            seen.add(name)
            cut = self._cut(name, rrtype)
            if cut is not None:
                authority, additional = self._referral(cut)
                return Found(Outcome.ANSWER if answer else Outcome.REFERRAL, tuple(answer), authority, additional)
            node, made = self._node(name)
            wildcard = wildcard or made
            if node is None:
                return Found(Outcome.NXDOMAIN, tuple(answer), (self.negative_soa,), (), wildcard)
            if rrtype == ANY and node:
                answer.append(RRset(name, HINFO, ANY_TTL_SECONDS, (ANY_DATA,)))
                break
            found = node.get(rrtype)
            if found is not None:
                answer.append(found._replace(name=name))
                break
            alias = node.get(CNAME)
            if alias is None:
                return Found(Outcome.NODATA, tuple(answer), (self.negative_soa,), (), wildcard)
            answer.append(alias._replace(name=name))
            name = alias.data[0]
        return Found(Outcome.ANSWER, tuple(answer), (), (), wildcard)

    def _cut(self, name: Name, rrtype: int) -> Name | None:
        """Return the highest delegation at or above the name. DS at the cut itself is ours (RFC 4035, 3.1.4.1)."""
        if not self.cuts:
            return None
        found = None
        for above in ancestors(name):
            if above == self.origin:
                break
            if above in self.cuts and not (rrtype == DS and above == name):
                found = above
        return found

    def _node(self, name: Name) -> tuple[Node | None, bool]:
        """Return what stands at a name, or is made for it by a wildcard (RFC 4592, 3.3.1), and whether it was made."""
        node = self.nodes.get(name)
        if node is not None:
            return node, False
        encloser = parent(name)
        while encloser not in self.nodes:
            encloser = parent(encloser)
        return self.nodes.get(wildcard_of(encloser)), True

    def _referral(self, cut: Name) -> tuple[tuple[RRset, ...], tuple[RRset, ...]]:
        """Return the NS records of a delegation, and the addresses of those name servers that are below it: nobody can
        reach them without (RFC 9471)."""
        delegation = self.nodes[cut][NS]
        glue = [
            node[rrtype]
            for target in delegation.data
            if is_within(target, cut) and (node := self.nodes.get(target)) is not None
            for rrtype in (A, AAAA)
            if rrtype in node
        ]
        return (delegation,), tuple(glue)


def soa_numbers(data: bytes) -> tuple[int, int, int, int, int]:
    """Return serial, refresh, retry, expire and minimum of an SOA record's data (RFC 1035, 3.3.13)."""
    at = read_name(data, read_name(data)[1])[1]
    serial, refresh, retry, expire, minimum = (
        int.from_bytes(data[at + i : at + i + 4], "big") for i in range(0, 20, 4)
    )
    return serial, refresh, retry, expire, minimum


def with_serial(zone: Zone, serial: int) -> Zone:
    """Return the zone with another serial."""
    data = zone.soa.data[0]
    soa = zone.soa._replace(data=(data[:-20] + serial.to_bytes(4, "big") + data[-16:],))
    return Zone(zone.origin, (soa if one.type == SOA else one for one in zone))
