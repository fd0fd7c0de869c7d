"""Signed requests: zone transfers, whole (RFC 5936) and incremental (RFC 1995), and signed questions."""

from __future__ import annotations

import base64
import ipaddress
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from daemon.dns import tsig
from daemon.dns.book import Book
from daemon.dns.careful import Request, bare, whole
from daemon.dns.encode import Writer
from daemon.dns.message import FORMERR, HEADER_OCTETS, NOERROR, NOTAUTH, REFUSED, Query, head, opt_record
from daemon.dns.respond import reply_to
from zones.changes import difference
from zones.labels import Name, from_text
from zones.packed import serial_of, unpack
from zones.records import AXFR, IXFR, SOA, RRset
from zones.serial import is_newer
from zones.zone import Zone

MESSAGE_OCTETS = 16_000  # pointers reach no further than 16,383
JOURNAL_MAX_STATES = 32
JOURNAL_MAX_OCTETS = 4 * 1024 * 1024  # for each zone


class Rule(NamedTuple):
    """Who may transfer a zone: the holder of a key, asking from one of these networks."""

    key: Name
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    def admits(self, key: Name, peer: str) -> bool:
        """Tell whether the rule lets this one in; no networks: from everywhere."""
        address = ipaddress.ip_address(peer.partition("%")[0])
        return key == self.key and (not self.networks or any(address in network for network in self.networks))


class Journal:
    """The last states of a zone, for those who have one of them. Bounded: who is further behind gets the whole zone."""

    def __init__(self) -> None:
        self._states: deque[tuple[int, bytes]] = deque(maxlen=JOURNAL_MAX_STATES)
        self._octets = 0

    def add(self, packed: bytes) -> None:
        """Remember a state."""
        if len(self._states) == JOURNAL_MAX_STATES:
            self._octets -= len(self._states.popleft()[1])
        self._states.append((serial_of(packed), packed))
        self._octets += len(packed)
        while self._octets > JOURNAL_MAX_OCTETS:
            self._octets -= len(self._states.popleft()[1])

    def at(self, serial: int) -> Zone | None:
        """Return the state with this serial."""
        for known, packed in self._states:
            if known == serial:
                return unpack(packed)
        return None


def read_keys(keys: dict[str, str]) -> dict[Name, bytes]:
    """Read TSIG keys, name → base64, as the control socket gives them."""
    return {from_text(name.removesuffix(".") + "."): base64.b64decode(secret) for name, secret in keys.items()}


class Transfers:
    """Answers requests that are signed. `now` gives the time in seconds since 1970."""

    def __init__(self, book: Book, now: Callable[[], float]) -> None:
        self._book, self._now = book, now
        self._keys: dict[Name, bytes] = {}
        self._rules: dict[Name, tuple[Rule, ...]] = {}
        self._journals: dict[Name, Journal] = {}

    def set_keys(self, keys: dict[str, str]) -> None:
        """Know these keys, and no others."""
        self._keys = read_keys(keys)

    def allow(self, origin: Name, rules: Iterable[dict[str, Any]]) -> None:
        """Let these transfer a zone, and nobody else. Without rules no journal is kept."""
        made = tuple(
            Rule(from_text(rule["key"].removesuffix(".") + "."), tuple(map(ipaddress.ip_network, rule["networks"])))
            for rule in rules
        )
        if made:
            self._rules[origin] = made
            self._journals.setdefault(origin, Journal())
        else:
            self.forget(origin)

    def forget(self, origin: Name) -> None:
        """The zone is no longer served, or nobody's to transfer."""
        self._rules.pop(origin, None)
        self._journals.pop(origin, None)

    def changed(self, origin: Name, before: bytes | None) -> None:
        """Note what a zone was before it changed."""
        journal = self._journals.get(origin)
        if journal is not None and before is not None:
            journal.add(before)

    def answer(
        self, request: Request, query: Query, signed_with: tuple[Name, bytes, int], peer: str | None
    ) -> Iterable[bytes]:
        """Answer a request that carries a TSIG record. `peer`: who asks, by TCP; None: by UDP."""
        key, data, tsig_at = signed_with
        try:
            signature = tsig.read(data)
        except tsig.Malformed:
            return (bare(request, FORMERR),)
        secret, now = self._keys.get(key), int(self._now())
        request.packet, signed = tsig.stripped(request.packet, tsig_at, signature.original_id), request.packet
        error = tsig.fault(request.packet, key, signature, secret, now)
        request.packet = signed[:2] + request.packet[2:]  # the original id was for the digest only
        if secret is None or error not in (0, tsig.BADTIME):
            return (tsig.unsigned_refusal(bare(request, NOTAUTH), key, signature, error),)
        signer = tsig.Signer(key, secret, signature.mac)
        if error:  # the answer bears the asker's time, and ours beside it (RFC 8945, 5.2.3)
            other = now.to_bytes(6, "big")
            return (signer.sign(bare(request, NOTAUTH), signature.time_seconds, error, other),)
        return (signer.sign(message, int(self._now())) for message in self._messages(request, query, key, peer))

    def _messages(self, request: Request, query: Query, key: Name, peer: str | None) -> Iterator[bytes]:
        if query.type not in (AXFR, IXFR):
            reserve = len(key) + tsig.RECORD_OCTETS
            reply = reply_to(self._book, query, request.packet[2], tcp=peer is not None, reserve=reserve)
            yield whole(request, reply)
            return
        asked = self._book.find(query.name, SOA)
        if asked is None or asked.zone.origin != query.name:
            yield bare(request, NOTAUTH)
        elif not self._may(query.name, key, peer):
            yield bare(request, REFUSED)
        elif query.type == AXFR and peer is None:
            yield bare(request, FORMERR)  # never by UDP (RFC 5936, 4.2)
        else:
            yield from _written(request, query, self._records(request, query, asked.zone, peer))

    def _may(self, origin: Name, key: Name, peer: str | None) -> bool:
        """Tell whether a key's holder may have a zone. By UDP there is no transfer, only the SOA that says to come by
        TCP, so the address, which may be forged there, is not asked for."""
        rules = self._rules.get(origin, ())
        return any(rule.key == key if peer is None else rule.admits(key, peer) for rule in rules)

    def _records(self, request: Request, query: Query, zone: Zone, peer: str | None) -> Iterator[RRset]:
        """Return the records of a transfer, in order."""
        soa = zone.soa
        if query.type == IXFR:
            serial = request.known_serial
            if peer is None or (serial is not None and not is_newer(zone.serial, serial)):
                yield soa  # nothing to tell, or not by UDP (RFC 1995, 2)
                return
            older = self._journals[zone.origin].at(serial) if serial is not None else None
            if older is not None:
                change = difference(older, zone)
                yield from (soa, older.soa, *change.removed, soa, *change.added, soa)
                return
        yield from zone
        yield soa


def _written(request: Request, query: Query, rrsets: Iterable[RRset]) -> Iterator[bytes]:
    """Write records into as many messages as it takes; the first repeats the question."""
    question, opt = request.packet[HEADER_OCTETS : query.end], opt_record(query.edns)
    start = len(question) + HEADER_OCTETS
    writer, count = Writer(start, query.name), 0
    for one in rrsets:
        for data in one.data:
            if writer.size + len(one.name) + len(data) > MESSAGE_OCTETS and count:
                yield _message(request, question, writer, count, opt)
                question = opt = b""
                writer, count = Writer(HEADER_OCTETS), 0
            writer.record(one.name, one.type, one.ttl, data)
            count += 1
    yield _message(request, question, writer, count, opt)


def _message(request: Request, question: bytes, writer: Writer, count: int, opt: bytes) -> bytes:
    counts = (int(question != b""), count, 0, int(opt != b""))
    return request.packet[:2] + head(request.packet[2], NOERROR, counts, aa=True) + question + writer.octets() + opt
