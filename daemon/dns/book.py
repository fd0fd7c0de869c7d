"""The zones that are served. Each is kept packed; those that are asked for are unpacked, up to a bound.

One thread changes the book and two ask it, so what takes more than one step holds the lock. `names` is read without: a
look-up in a dict is one step, and what it gives is never altered.
"""

from __future__ import annotations

import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from zones.fields import BadRecord
from zones.labels import ROOT, Name, ancestors, parent, wildcard_of
from zones.packed import unpack
from zones.records import CLASS_IN, CNAME, DS, SOA
from zones.zone import Node, Zone

UNPACKED_MAX_ZONES = 20_000
_NOTHING: Node = {}
_SOA_HEAD = struct.Struct("!HHIH")


class Held(NamedTuple):
    """A zone as it came. Its generation is never given twice, so it tells whether the zone is still the same."""

    packed: bytes
    generation: int


class Place(NamedTuple):
    """A name that exists, with all that an answer to a wrong question about it takes."""

    origin_octets: int
    soa: bytes
    """The zone's SOA record behind the owner, with the TTL of negative answers."""
    types: frozenset[int] | None
    """Those here, each octet in lower case like the keys of the answer table; None: only a look-up can tell."""
    closed: bool
    """No wildcard makes names below this one."""
    nodes: Mapping[Name, Node]
    """All names of the zone, with what stands there."""
    generation: int


class Asked(NamedTuple):
    """The zone that answers for a name."""

    zone: Zone
    generation: int


class Book:
    """All zones by origin."""

    def __init__(self, unpacked_max: int = UNPACKED_MAX_ZONES) -> None:
        self._held: dict[Name, Held] = {}
        self._unpacked: dict[Name, tuple[Zone, tuple[Name, ...]]] = {}  # with the names that are in `names`
        self._inner: Counter[Name] = Counter()  # how many origins are below each name that has some
        self._unpacked_max = unpacked_max
        self._generation = 0
        self._lock = threading.Lock()
        self.names: dict[Name, Place | None] = {}
        """Every origin, and every name of the unpacked zones; None: only a look-up can tell."""

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Name]:
        return iter(tuple(self._held))

    def put(self, origin: Name, packed: bytes) -> list[Name]:
        """Take a zone in, in place of what it was; return the origins whose remembered answers are void now."""
        with self._lock:
            known = origin in self._held
            if not known:
                for above in _above(origin):
                    self._inner[above] += 1
            touched = [origin] if known else [origin, *self._touch_encloser(origin)]
            self._forget(origin)
            self._generation += 1
            self._held[origin] = Held(packed, self._generation)
            return touched

    def remove(self, origin: Name) -> list[Name]:
        """Serve a zone no longer; return the origins whose remembered answers are void now."""
        with self._lock:
            if origin not in self._held:
                return []
            self._forget(origin)
            del self._held[origin], self.names[origin]
            for above in _above(origin):
                self._inner[above] -= 1
                if not self._inner[above]:
                    del self._inner[above]
            return [origin, *self._touch_encloser(origin)]

    def encloses(self, origin: Name) -> bool:
        """Tell whether another zone lies in this one, which need not know of it."""
        return origin in self._inner

    def unpacked(self, origin: Name) -> Zone | None:
        """Return a zone if it was asked for, and is still unpacked."""
        held = self._unpacked.get(origin)
        return held[0] if held else None

    def unchanged_since(self, before: Zone) -> Callable[[tuple[Name, int]], bool] | None:
        """Return what tells whether an RRset is in a zone as it was `before`. None: no answer can be trusted to be.

        A delegation decides about all names below it, so none may have come or gone.
        """
        try:
            asked = self.find(before.origin, SOA)
        except BadRecord:
            return None
        if asked is None or asked.zone.origin != before.origin or asked.zone.cuts != before.cuts:
            return None
        old, new = before.nodes, asked.zone.nodes

        def stays(rrset: tuple[Name, int]) -> bool:
            name, rrtype = rrset
            was = old.get(name, _NOTHING).get(rrtype)
            return was is not None and was == new.get(name, _NOTHING).get(rrtype)

        return stays

    def packed(self, origin: Name) -> bytes | None:
        """Return a zone as it came."""
        held = self._held.get(origin)
        return held.packed if held else None

    def is_current(self, origin: Name, generation: int) -> bool:
        """Tell whether the zone is what it was when `find` gave it out."""
        held = self._held.get(origin)
        return held is not None and held.generation == generation

    def origin_for(self, name: Name, rrtype: int) -> Name | None:
        """Return the origin of the zone that answers; for DS the one above, if it is here (RFC 4035, 3.1.4.1)."""
        below = None
        for above in ancestors(name):
            if above in self._held:
                if rrtype != DS or above != name:
                    return above
                below = above
        return below

    def find(self, name: Name, rrtype: int) -> Asked | None:
        """Return the zone that answers for a name; None: it is no business of ours. Raises `BadRecord`."""
        with self._lock:
            origin = self.origin_for(name, rrtype)
            if origin is None:
                return None
            unpacked = self._unpacked.get(origin)
            zone = unpacked[0] if unpacked else self._unpack(origin)
            return Asked(zone, self._held[origin].generation)

    def _unpack(self, origin: Name) -> Zone:
        zone = unpack(self._held[origin].packed)
        while len(self._unpacked) >= self._unpacked_max:
            self._forget(next(iter(self._unpacked)))
        places = self._places(zone, self._held[origin].generation)
        self._unpacked[origin] = zone, tuple(places)
        self.names.update(places)
        return zone

    def _places(self, zone: Zone, generation: int) -> dict[Name, Place | None]:
        """Return the names of a zone, the shortest first, but for those in a zone of their own here."""
        soa = zone.negative_soa
        record = _SOA_HEAD.pack(SOA, CLASS_IN, soa.ttl, len(soa.data[0])) + soa.data[0]
        places: dict[Name, Place | None] = {}
        others: set[Name] = set()
        below_cuts: set[Name] = set()
        for name in sorted(zone.nodes, key=len):  # each behind the one above it
            above = parent(name)
            if name != zone.origin and (name in self._held or above in others):
                others.add(name)
            elif name in zone.cuts or above in below_cuts:
                below_cuts.add(name)
                places[name] = None
            else:
                node = zone.nodes[name]
                types = None if CNAME in node else frozenset(map(folded, node))
                closed = wildcard_of(name) not in zone.nodes
                places[name] = Place(len(zone.origin), record, types, closed, zone.nodes, generation)
        return places

    def _forget(self, origin: Name) -> None:
        """Keep a zone packed only."""
        _, names = self._unpacked.pop(origin, (None, ()))
        self.names[origin] = None
        for name in names:  # the shortest first: who finds no name finds none above it either, up to the origin
            if name != origin:
                self.names.pop(name, None)

    def _touch_encloser(self, origin: Name) -> list[Name]:
        """The zone around a new or lost one has other names than before: have it looked at anew."""
        for above in _above(origin):
            if above in self._held:
                self._forget(above)
                self._generation += 1
                self._held[above] = self._held[above]._replace(generation=self._generation)
                return [above]
        return []


def _above(origin: Name) -> Iterable[Name]:
    return ancestors(parent(origin)) if origin != ROOT else ()


def folded(rrtype: int) -> int:
    """Return a type as it is in a key of the answer table: each octet as `bytes.lower` leaves it."""
    return rrtype if rrtype < 65 else int.from_bytes(rrtype.to_bytes(2, "big").lower(), "big")
