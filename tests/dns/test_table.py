"""What is remembered is right for everything that has the same key, and is forgotten with its zone."""

from __future__ import annotations

import random
from typing import Any

import dns.edns
import dns.message
import pytest

from daemon.dns.book import Book
from daemon.dns.counters import Counters
from daemon.dns.front import DENIALS_ALIKE_MAX, Entry, Front
from tests.dns.support import EXAMPLE, query, read, texts, zone
from zones.labels import from_text, to_text
from zones.packed import pack
from zones.records import type_name
from zones.zone import Zone, with_serial

ORIGIN = from_text("example.test.")


class Fronts:
    """A book and a front, without a process."""

    def __init__(self, *, tcp: bool = False, table_max: int = 100_000, unpacked_max: int = 100) -> None:
        self.book = Book(unpacked_max)
        self.front = Front(self.book, Counters(), tcp=tcp, table_max=table_max)

    def put(self, one: Zone) -> None:
        unpacked = self.book.unpacked(one.origin)
        touched = self.book.put(one.origin, pack(one))
        stays = None if unpacked is None else self.book.unchanged_since(unpacked)
        for origin in touched:
            self.front.void(origin, stays if origin == one.origin else None)

    def remove(self, origin: bytes) -> None:
        for one in self.book.remove(origin):
            self.front.void(one)

    def raw(self, packet: bytes) -> bytes:
        """Answer as the listeners do."""
        key = packet[2:].lower()
        return self._around(packet, self.front.table.get(key) or self.front.miss(key, packet[2:]))

    def looked_up(self, packet: bytes) -> bytes:
        """Answer the slow way."""
        return self._around(packet, self.front._looked_up(packet[2:].lower(), packet[2:]))

    def _around(self, packet: bytes, entry: Entry | None) -> bytes:
        assert entry is not None
        head, tail, at, size, _ = entry
        answer = packet[:2] + head + packet[12:at] + tail
        assert len(answer) == size
        return answer

    def ask(self, name: str, rrtype: str, **more: int) -> dns.message.Message:
        return read(self.raw(query(name, rrtype, **more)))


def fronts(text: str = EXAMPLE, **more: int) -> Fronts:
    made = Fronts(**more)  # type: ignore[arg-type]
    made.put(zone(text))
    return made


def test_types_that_fold_into_one_another_are_told_apart() -> None:
    """65 (HTTPS) and 97 differ by the bit that lower case sets; so do 16640 and 24832."""
    made = fronts()
    for first, second in (("HTTPS", "TYPE97"), ("TYPE97", "HTTPS")):
        for name, has in (("web", "HTTPS"), ("https-only", "HTTPS"), ("txt97", "TYPE97"), ("mx", None)):
            for rrtype in (first, second, first):
                found = made.ask(f"{name}.example.test", rrtype)
                assert bool(found.answer) == (rrtype == has), (name, rrtype)
    for rrtype in ("TYPE16640", "TYPE24832", "TYPE321", "TYPE353"):
        assert not made.ask("mx.example.test", rrtype).answer


def test_payload_sizes_that_fold_into_one_another_are_told_apart() -> None:
    made = fronts()
    for payload in (512, 577, 609, 1000, 1232, 16640, 24832, 1345, 1377, 65, 97):
        for _ in range(2):
            packet = made.raw(query("long.example.test", "TXT", edns=payload))
            assert len(packet) <= max(512, payload)
            assert bool(packet[2] & 2) == (payload < 1040)


def test_names_that_do_not_exist_are_not_remembered() -> None:
    made = fronts()
    for number in range(50):
        assert made.ask(f"n{number}.example.test", "A").rcode() == 3
        assert made.ask("mx.example.test", f"TYPE{1000 + number}").rcode() == 0
        made.ask(f"n{number}.wild.example.test", "TXT")
        made.ask(f"n{number}.sub.example.test", "TXT")
    assert len(made.front.table) == 0


def test_how_names_are_denied_is_remembered_and_no_name_that_exists_is_denied_by_it() -> None:
    made = fronts()
    for number in range(10, 50):
        assert made.ask(f"n{number}.example.test", "A").rcode() == 3
        assert made.ask(f"n{number}.mx.example.test", "A").rcode() == 3
    for name in ("ns1", "far", "out", "web", "ent"):  # each as long as one that was denied
        made.ask("x" * len(name) + ".example.test", "A")
        assert made.ask(f"{name}.example.test", "A").rcode() == 0
    inner = "$TTL 60\n@ SOA ns h 9 14400 3600 1209600 60\n@ NS ns\n@ A 192.0.2.77\n"
    made.put(zone(inner, "n10.example.test."))
    for number in range(11, 15):
        assert made.ask(f"n{number}.example.test", "A").rcode() == 3
        assert made.ask("n10.example.test", "A").answer
    made.put(zone("$TTL 60\n@ SOA ns h 9 14400 3600 1209600 60\n@ NS ns\n*.mx A 192.0.2.78\n"))
    assert made.ask("n20.mx.example.test", "A").answer
    assert made.ask("n20.example.test", "A").authority[0][0].serial == 9
    made.remove(from_text("n10.example.test."))
    assert made.ask("n10.example.test", "A").rcode() == 3


def test_how_names_are_denied_is_remembered_within_bounds() -> None:
    made = fronts()
    for octets in range(1, 64):
        for flags in (0, 0x0100, 0x0010, 0x0120):
            asked = dns.message.make_query("x" * octets + ".example.test", "A")
            asked.flags = dns.flags.Flag(flags)
            assert read(made.raw(asked.to_wire())).rcode() == 3
    [denials] = made.front._denials.values()
    assert 1 <= len(denials) <= DENIALS_ALIKE_MAX


def test_cookies_and_odd_sizes_are_answered_from_one_entry() -> None:
    made = fronts()
    made.ask("example.test", "MX", edns=1300)
    before = len(made.front.table)
    for number in range(100):
        cookie = dns.message.make_query("example.test", "MX", use_edns=0, payload=1300 + number % 60)
        cookie.use_edns(
            options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, random.randbytes(8))],
            payload=1300 + number % 60,
        )
        assert read(made.raw(cookie.to_wire())).answer
    assert len(made.front.table) == before


def test_the_table_is_bounded() -> None:
    made = fronts(table_max=10)
    for name in ("mx", "ns1", "alias", "far", "@"):
        for edns in (None, 512, 1232, 1400, 4096):
            where = "example.test" if name == "@" else f"{name}.example.test"
            assert made.ask(where, "SOA" if name == "@" else "A", edns=edns or 0).rcode() == 0
            assert len(made.front.table) <= 11


def test_a_new_state_is_answered_at_once() -> None:
    made = fronts()
    for serial in range(2, 50):
        made.put(with_serial(zone(), serial))
        for name in ("example.test", "nothing.example.test"):
            found = made.ask(name, "SOA")
            [soa] = (found.answer or found.authority)[0]
            assert soa.serial == serial


PIECES = (
    "www A 192.0.2.1",
    "www A 192.0.2.2",
    "www AAAA 2001:db8::1",
    "www TXT one",
    "a.b A 192.0.2.3",
    "b NS ns.b",
    "b NS ns.elsewhere.",
    "ns.b A 192.0.2.4",
    "b DS 1 8 2 " + "00" * 32,
    "* A 192.0.2.5",
    "*.b A 192.0.2.6",
    "alias CNAME www",
    "alias CNAME a.b",
    "alias TXT two",
    "@ TXT three",
    "@ A 192.0.2.7",
    "@ MX 1 www",
)
ASKED = [
    (f"{label}example.test", rrtype)
    for label in ("", "www.", "a.b.", "b.", "ns.b.", "alias.", "nothing.", "x.b.")
    for rrtype in ("A", "AAAA", "TXT", "NS", "DS", "CNAME", "MX", "SOA", "ANY")
]


def test_after_any_change_all_that_is_remembered_is_what_would_be_looked_up() -> None:
    """Answers that rest on what did not change stay, and no other does."""
    chance, stayed = random.Random(6), 0
    for tcp in (False, True):
        made = Fronts(tcp=tcp)
        for serial in range(1, 60):
            pieces = [piece for piece in PIECES if chance.random() < 0.6]
            single: dict[str, str] = {}  # an alias has nothing beside it
            for piece in pieces:
                owner = piece.split()[0]
                if "CNAME" in piece or "CNAME" not in single.get(owner, ""):
                    single[owner] = piece if "CNAME" in piece else single.get(owner, "") + "\n" + piece
            before = dict(made.front.table)
            made.put(zone(f"$TTL 60\n@ SOA ns h {serial % 3} 1 1 1 60\n@ NS ns\n" + "\n".join(single.values())))
            stayed += sum(before.get(key) is entry for key, entry in made.front.table.items())
            fresh = Fronts(tcp=tcp)
            fresh.book.put(ORIGIN, made.book.packed(ORIGIN) or b"")
            for name, rrtype in chance.sample(ASKED, 30):
                packet = query(name, rrtype)
                assert read(made.raw(packet)) == read(fresh.looked_up(packet)), (name, rrtype, single)
    assert stayed > 100


def test_what_stands_in_a_zone_is_answered_alike_with_a_look_up_and_without() -> None:
    """Octet for octet, whatever the flags, and however long; without one wherever that is possible."""
    counts = []
    for tcp in (False, True):
        made, without = fronts(tcp=tcp), 0
        for one in zone():
            for edns in (None, 512, 1232, 4096):
                packet = query(to_text(one.name), type_name(one.type), edns=edns)
                slow = made.looked_up(packet)
                made.front.table.clear()
                without += made.front._at_hand(packet[2:].lower()) is not None
                assert made.raw(packet) == slow, (one, edns)
        counts.append(without)
    assert counts == [40, 40]


def test_a_zone_within_a_zone_takes_its_names_and_gives_them_back() -> None:
    made = fronts()
    inner = "$TTL 60\n@ SOA ns h 9 14400 3600 1209600 60\n@ NS ns\n@ TXT inner\nhost A 192.0.2.77\n"
    host = "host.a.b.ent.example.test"
    assert made.ask(host, "A").rcode() == 3
    assert made.ask("a.b.ent.example.test", "A").answer
    made.put(zone(inner, "a.b.ent.example.test."))
    assert texts(made.ask(host, "A").answer) == [f"{host}. A 192.0.2.77"]
    assert made.ask("x." + host, "A").authority[0].name.to_text() == "a.b.ent.example.test."
    assert not made.ask("a.b.ent.example.test", "A").answer
    assert made.ask("a.b.ent.example.test", "DS").authority[0].name.to_text() == "example.test."
    made.remove(from_text("a.b.ent.example.test."))
    assert made.ask(host, "A").rcode() == 3
    assert made.ask("a.b.ent.example.test", "A").answer
    made.remove(ORIGIN)
    assert made.ask(host, "A").rcode() == 5


def test_no_more_zones_are_unpacked_than_may_be() -> None:
    made = Fronts(unpacked_max=3)
    for number in range(20):
        made.put(zone(name=f"z{number}.test."))
    for _ in range(2):
        for number in range(20):
            assert made.ask(f"mx.z{number}.test", "A").answer
            assert made.ask(f"no.z{number}.test", "A").rcode() == 3
    assert len(made.book.names) <= 20 + 3 * 40


def test_a_miss_in_flight_puts_no_stale_answer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone changes between the look-up and the remembering."""
    made = fronts()
    keep = made.front._keep

    def late(*arguments: object) -> None:
        made.put(with_serial(zone(), 2))
        keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(made.front, "_keep", late)
    made.ask("example.test", "SOA")
    monkeypatch.undo()
    assert not made.front.table
    [soa] = made.ask("example.test", "SOA").answer[0]
    assert soa.serial == 2


def test_what_is_remembered_by_the_keys_of_before_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone's keys are taken away to be voided just when one more is written down among them."""
    made = fronts()

    class Voided(dict[bytes, Any]):
        def setdefault(self, origin: bytes, default: Any = None) -> Any:
            keys = super().setdefault(origin, default)
            made.front.void(origin)
            return keys

    for name, rrtype in (("example.test", "SOA"), ("nothing.example.test", "A"), ("example.test", "AAAA")):
        monkeypatch.setattr(made.front, "_keys", Voided())
        monkeypatch.setattr(made.front, "_denial_keys", Voided())
        made.ask(name, rrtype)
        assert not made.front.table
        assert not made.front._denials


def test_no_name_is_denied_while_its_zone_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("mx", "ns1", "a.b.ent", "b.ent", "s1._domainkey", "q.wild", "q.w.wild", "alias", "web")
    keys = [query(f"{name}.example.test", "A")[2:].lower() for name in names]
    made = fronts("$TTL 60\n*.example.test. A 192.0.2.1\n" + EXAMPLE)
    made.put(zone("$TTL 60\n@ SOA ns h 1 14400 3600 1209600 60\n@ NS ns\n", "test."))  # whose names they are not
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        for key in keys:
            entry = made.front._at_hand(key)
            assert entry is None or entry[0][1] & 15 == 0, key

    class Watched(dict[bytes, Any]):
        def pop(self, *arguments: Any) -> Any:
            found = super().pop(*arguments)
            look()
            return found

        def __setitem__(self, name: bytes, place: Any) -> None:
            super().__setitem__(name, place)
            look()

    made.ask("mx.example.test", "A")
    made.ask("nothing.test", "A")
    watched = Watched(made.book.names)
    monkeypatch.setattr(made.book, "names", watched)
    monkeypatch.setattr(made.front, "_names", watched)
    made.book.put(ORIGIN, pack(with_serial(zone(), 2)))
    assert looks > len(names)
