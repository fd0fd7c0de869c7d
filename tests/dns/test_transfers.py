"""The wire side of secondaries: TSIG, AXFR, IXFR, NOTIFY, as dnspython speaks them."""

from __future__ import annotations

import base64
import socket
import struct
import time
from collections.abc import Iterator

import dns.message
import dns.query
import dns.rcode
import dns.rrset
import dns.tsig
import dns.tsigkeyring
import dns.xfr
import dns.zone
import pytest

from tests.dns.support import EXAMPLE, HOST, DnsProcess, Start, read, zone
from zones.labels import from_text
from zones.zone import Zone, with_serial
from zones.zonefile import export

SECRET = base64.b64encode(b"k" * 32).decode()
KEYS = dns.tsigkeyring.from_text({"secondary.": SECRET})
WRONG = dns.tsigkeyring.from_text({"secondary.": base64.b64encode(b"w" * 32).decode()})
STRANGER = dns.tsigkeyring.from_text({"stranger.": SECRET})
ALLOW = [{"key": "secondary", "networks": ["127.0.0.0/8"]}]
MANY = "".join(f"host{number} A 192.0.2.{number % 250}\n" for number in range(3000))


def primary(launch: Start, text: str = EXAMPLE, allow: list[dict[str, object]] | None = None) -> DnsProcess:
    server = launch()
    server.ask("keys", keys={"secondary": SECRET})
    server.ask("secondaries", zone="example.test.", allow=ALLOW if allow is None else allow, notify=[])
    server.feed(zone(text))
    return server


def transferred(server: DnsProcess, into: dns.zone.Zone, keyring: object = KEYS) -> dns.zone.Zone:
    """Transfer as a secondary does: incrementally, if there is something already."""
    asked, _ = dns.xfr.make_query(into, keyring=keyring)
    dns.query.inbound_xfr(HOST, into, asked, port=server.port, timeout=10)
    return into


def records(held: dns.zone.Zone) -> set[tuple[str, int, int, str]]:
    return {
        (
            str(name),
            int(one.rdtype),
            one.ttl,
            data.to_text(origin=held.origin, relativize=False),
        )
        for name, one in held.iterate_rdatasets()
        for data in one
    }


def as_held(one: Zone) -> set[tuple[str, int, int, str]]:
    return records(dns.zone.from_text(export(one), origin="example.test.", relativize=False))


def empty() -> dns.zone.Zone:
    return dns.zone.Zone("example.test.", relativize=False)


def ask(server: DnsProcess, rrtype: str, keyring: object, *, udp: bool = False, **more: object) -> dns.message.Message:
    """Ask one signed question; return the first message, unverified."""
    asked = dns.message.make_query("example.test", rrtype)
    asked.use_tsig(keyring, **more)  # type: ignore[arg-type]
    wire = asked.to_wire()
    answer = server.udp(wire) if udp else server.over_tcp(wire)[0]
    assert answer is not None
    return dns.message.from_wire(answer, keyring=False, one_rr_per_rrset=True, xfr=True)


@pytest.mark.parametrize("text", [EXAMPLE, EXAMPLE + MANY], ids=["small", "many messages"])
def test_a_whole_zone(launch: Start, text: str) -> None:
    server = primary(launch, text)
    assert records(transferred(server, empty())) == as_held(zone(text))


def test_what_changed_since(launch: Start) -> None:
    server = primary(launch)
    held = transferred(server, empty())
    texts = [
        EXAMPLE.replace("192.0.2.25", f"192.0.2.{last}") + f"new{last} A 192.0.2.{last}\n" for last in range(30, 35)
    ]
    for serial, text in enumerate(texts, 2):
        server.put(with_serial(zone(text), serial))
    asked, _ = dns.xfr.make_query(held, keyring=KEYS)
    [answer] = server.over_tcp(asked.to_wire())
    assert len(answer) < 500, "not the whole zone"
    assert records(transferred(server, held)) == as_held(with_serial(zone(texts[-1]), 6))
    [answer] = server.over_tcp(dns.xfr.make_query(held, keyring=KEYS)[0].to_wire())
    assert int.from_bytes(answer[6:8], "big") == 1, "nothing to tell: the SOA alone (RFC 1995, 2)"


def test_the_serial_is_found_behind_compressed_names(launch: Start) -> None:
    server = primary(launch)
    server.put(with_serial(zone(), 2))
    asked = dns.message.make_query("example.test", "IXFR")
    soa = "ns1.example.test. hostmaster.example.test. 1 0 0 0 0"
    asked.authority = [dns.rrset.from_text("example.test.", 0, "IN", "SOA", soa)]
    asked.use_tsig(KEYS)
    assert len(asked.to_wire()) < 170, "compressed"
    [answer] = server.over_tcp(asked.to_wire())
    found = dns.message.from_wire(answer, keyring=KEYS, request_mac=asked.mac, xfr=True, one_rr_per_rrset=True)
    assert [one[0].serial for one in found.answer] == [2, 1, 2, 2]


def test_who_is_too_far_behind_gets_the_whole_zone(launch: Start) -> None:
    server = primary(launch)
    held = transferred(server, empty())
    for serial in range(2, 60):
        server.put(with_serial(zone(), serial))
    assert records(transferred(server, held)) == as_held(with_serial(zone(), 59))


def test_an_incremental_transfer_by_udp_says_come_by_tcp(launch: Start) -> None:
    server = primary(launch)
    held = transferred(server, empty())
    server.put(with_serial(zone(), 2))
    asked, _ = dns.xfr.make_query(held, keyring=KEYS)
    answer = server.udp(asked.to_wire())
    assert answer is not None
    found = dns.message.from_wire(answer, keyring=KEYS, request_mac=asked.mac, xfr=True)
    assert [(one.rdtype, one[0].serial) for one in found.answer] == [(6, 2)]


def test_a_signed_question_gets_a_signed_answer(launch: Start) -> None:
    server = primary(launch)
    asked = dns.message.make_query("example.test", "SOA", use_edns=0, payload=1232)
    asked.use_tsig(KEYS)
    for answer in (
        dns.query.udp(asked, HOST, port=server.port, timeout=10),
        dns.query.tcp(asked, HOST, port=server.port, timeout=10),
    ):
        assert answer.had_tsig
        assert answer.answer[0][0].serial == 1


@pytest.mark.parametrize(
    ("keyring", "error"), [(WRONG, dns.rcode.BADSIG), (STRANGER, dns.rcode.BADKEY)], ids=["wrong", "unknown"]
)
@pytest.mark.parametrize("rrtype", ["AXFR", "SOA"])
def test_a_wrong_or_unknown_key_is_refused(launch: Start, keyring: object, error: int, rrtype: str) -> None:
    server = primary(launch)
    for udp in (False, True):
        found = ask(server, rrtype, keyring, udp=udp)
        assert (found.rcode(), found.answer) == (dns.rcode.NOTAUTH, [])
        assert found.tsig is not None
        assert (found.tsig[0].error, found.tsig[0].mac) == (error, b"")


def test_another_algorithm_is_another_key(launch: Start) -> None:
    found = ask(primary(launch), "AXFR", KEYS, algorithm=dns.tsig.HMAC_SHA512)
    assert found.tsig is not None
    assert (found.rcode(), found.tsig[0].error) == (dns.rcode.NOTAUTH, dns.rcode.BADKEY)


def test_a_clock_that_is_off_is_told_ours(launch: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = primary(launch)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    found = ask(server, "SOA", KEYS)
    assert found.tsig is not None
    assert (found.rcode(), found.tsig[0].error) == (dns.rcode.NOTAUTH, dns.rcode.BADTIME)
    assert abs(int.from_bytes(found.tsig[0].other, "big") - now) < 60
    assert found.tsig[0].mac


@pytest.mark.parametrize(
    ("allow", "code"),
    [
        ([], dns.rcode.REFUSED),
        ([{"key": "other", "networks": []}], dns.rcode.REFUSED),
        ([{"key": "secondary", "networks": ["192.0.2.0/24"]}], dns.rcode.REFUSED),
        ([{"key": "secondary", "networks": []}], dns.rcode.NOERROR),
    ],
)
def test_each_zone_says_who_may_have_it(launch: Start, allow: list[dict[str, object]], code: int) -> None:
    server = primary(launch, allow=allow)
    for rrtype in ("AXFR", "IXFR"):
        assert ask(server, rrtype, KEYS).rcode() == code
    assert ask(server, "SOA", KEYS).rcode() == dns.rcode.NOERROR


def test_a_zone_that_is_not_here_and_a_transfer_by_udp(launch: Start) -> None:
    server = primary(launch)
    asked = dns.message.make_query("mx.example.test", "AXFR")
    asked.use_tsig(KEYS)
    [answer] = server.over_tcp(asked.to_wire())
    assert answer[3] & 15 == dns.rcode.NOTAUTH
    assert ask(server, "AXFR", KEYS, udp=True).rcode() == dns.rcode.FORMERR


@pytest.mark.parametrize("cut", [1, 10, 20, 40, 60])
def test_a_malformed_signature_is_a_malformed_message(launch: Start, cut: int) -> None:
    asked = dns.message.make_query("example.test", "SOA")
    asked.use_tsig(KEYS)
    wire = asked.to_wire()
    assert (primary(launch).udp(wire[:-cut]) or b"\0" * 4)[3] & 15 == dns.rcode.FORMERR


# --------------------------------------------------------------------------------------------------------------- NOTIFY


@pytest.fixture
def secondary() -> Iterator[socket.socket]:
    """Where a secondary listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((HOST, 0))
        listening.settimeout(10)
        yield listening


def tell(server: DnsProcess, secondary: socket.socket, key: str | None) -> None:
    target = {"host": HOST, "port": secondary.getsockname()[1], "key": key}
    server.ask("secondaries", zone="example.test.", allow=ALLOW, notify=[target])


@pytest.mark.parametrize("key", [None, "secondary"])
def test_secondaries_are_told_until_they_hear(launch: Start, secondary: socket.socket, key: str | None) -> None:
    server = primary(launch)
    tell(server, secondary, key)
    first, source = secondary.recvfrom(65535)
    again, _ = secondary.recvfrom(65535)
    told = dns.message.from_wire(again, keyring=KEYS)
    assert (int(told.opcode()), told.had_tsig, told.answer[0][0].serial) == (4, key is not None, 1)
    assert first[:2] != again[:2]
    secondary.sendto(
        again[:2] + b"\xa4\0" + struct.pack("!4H", 1, 0, 0, 0) + from_text("example.test.") + b"\0\6\0\1", source
    )
    server.put(with_serial(zone(), 2))
    packet, source = secondary.recvfrom(65535)
    assert dns.message.from_wire(packet, keyring=KEYS).answer[0][0].serial == 2
    secondary.sendto(packet[:2] + b"\xa4\0" + struct.pack("!4H", 0, 0, 0, 0), source)
    while not (state := server.ask("stats")["notify"]["example.test."][0])["heard"]:
        assert state["serial"] == 2
    assert read(server.udp(dns.message.make_query("example.test", "SOA").to_wire()) or b"").answer


def test_who_is_no_secondary_any_more_is_told_nothing(launch: Start, secondary: socket.socket) -> None:
    server = primary(launch)
    tell(server, secondary, None)
    secondary.recvfrom(65535)
    server.ask("secondaries", zone="example.test.", allow=[], notify=[])
    secondary.settimeout(1.5)
    server.put(with_serial(zone(), 2))
    with pytest.raises(TimeoutError):
        secondary.recvfrom(65535)
