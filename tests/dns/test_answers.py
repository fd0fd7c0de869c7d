"""What strict checkers look at, line by line, by UDP and by TCP, found and remembered."""

from __future__ import annotations

import struct

import dns.flags
import dns.rcode
import pytest

from tests.dns.support import DnsProcess, flags, query, read, texts

SOA = "example.test. SOA ns1.example.test. hostmaster.example.test. 1 14400 3600 1209600 600"


def code(message: object) -> str:
    return dns.rcode.to_text(message.rcode())  # type: ignore[attr-defined]


@pytest.mark.parametrize("edns", [None, 0, 512, 1232, 4096, 65535, 777])
def test_positive(server: DnsProcess, edns: int | None) -> None:
    found = server.answer("example.test", "MX", edns=edns)
    assert (code(found), flags(found)) == ("NOERROR", "QR AA RD")
    assert texts(found.answer) == ["example.test. MX 10 mx.example.test."]
    assert (found.authority, found.additional) == ([], [])


@pytest.mark.parametrize("edns", [None, 1232])
def test_no_such_name(server: DnsProcess, edns: int | None) -> None:
    for name in ("nothing.example.test", "a.b.c.nothing.example.test", "nothing.mx.example.test"):
        found = server.answer(name, "A", edns=edns)
        assert (code(found), flags(found), found.answer) == ("NXDOMAIN", "QR AA RD", [])
        assert texts(found.authority) == [SOA]
        assert found.authority[0].ttl == 600, "the lesser of the SOA's TTL and minimum (RFC 2308, 3)"


@pytest.mark.parametrize(
    ("name", "rrtype"),
    [
        ("example.test", "AAAA"),
        ("mx.example.test", "TYPE65280"),
        ("mx.example.test", "TYPE99"),
        ("mx.example.test", "HTTPS"),
        ("ent.example.test", "A"),
        ("b.ent.example.test", "TXT"),
        ("_domainkey.example.test", "TXT"),
        ("wild.example.test", "TXT"),
        ("sub.example.test", "DS"),
        ("example.test", "DS"),
        ("mx.example.test", "RRSIG"),
        ("x.wild.example.test", "A"),
    ],
)
def test_no_such_data(server: DnsProcess, name: str, rrtype: str) -> None:
    found = server.answer(name, rrtype)
    assert (code(found), flags(found), found.answer) == ("NOERROR", "QR AA RD", [])
    assert texts(found.authority) == [SOA]


@pytest.mark.parametrize("name", ["www.other.test", "test", ".", "xexample.test"])
def test_off_zone_is_refused_and_refers_to_nobody(server: DnsProcess, name: str) -> None:
    found = server.answer(name, "NS" if name == "." else "A")
    assert (code(found), flags(found)) == ("REFUSED", "QR RD")
    assert found.answer == found.authority == found.additional == []


@pytest.mark.parametrize(("name", "rrtype"), [("sub.example.test", "NS"), ("www.sub.example.test", "A")])
def test_delegation(server: DnsProcess, name: str, rrtype: str) -> None:
    found = server.answer(name, rrtype)
    assert (code(found), flags(found), found.answer) == ("NOERROR", "QR RD", [])
    assert texts(found.authority) == [
        "sub.example.test. NS ns.sub.example.test.",
        "sub.example.test. NS ns.elsewhere.test.",
    ]
    assert texts(found.additional) == ["ns.sub.example.test. A 192.0.2.9"]


def test_aliases(server: DnsProcess) -> None:
    found = server.answer("far.example.test", "A")
    assert (code(found), flags(found)) == ("NOERROR", "QR AA RD")
    assert texts(found.answer) == [
        "far.example.test. CNAME alias.example.test.",
        "alias.example.test. CNAME mx.example.test.",
        "mx.example.test. A 192.0.2.25",
    ]
    lost = server.answer("lost.example.test", "A")
    assert (code(lost), texts(lost.answer), texts(lost.authority)) == (
        "NXDOMAIN",
        ["lost.example.test. CNAME nothing.example.test."],
        [SOA],
    )
    out = server.answer("out.example.test", "A")
    assert (code(out), texts(out.answer), out.authority) == (
        "NOERROR",
        ["out.example.test. CNAME elsewhere.test."],
        [],
    )


def test_wildcard(server: DnsProcess) -> None:
    for name in ("x.wild.example.test", "y.x.wild.example.test"):
        assert texts(server.answer(name, "TXT").answer) == [f'{name}. TXT "made"']


def test_any_is_one_small_record(server: DnsProcess) -> None:
    assert texts(server.answer("example.test", "ANY").answer) == ['example.test. HINFO "RFC8482" ""']
    assert code(server.answer("nothing.example.test", "ANY")) == "NXDOMAIN"


@pytest.mark.parametrize("rrtype", ["AXFR", "IXFR"])
def test_no_transfer_without_a_key(server: DnsProcess, rrtype: str) -> None:
    for found in server.answers(query("example.test", rrtype)):
        assert (code(found), flags(found), found.answer) == ("REFUSED", "QR RD", [])


@pytest.mark.parametrize(
    ("rrtype", "expected"), [("MAILA", "NOTIMP"), ("MAILB", "NOTIMP"), ("OPT", "FORMERR"), ("TYPE0", "FORMERR")]
)
def test_questions_for_what_is_no_type(server: DnsProcess, rrtype: str, expected: str) -> None:
    assert code(server.answer("example.test", rrtype)) == expected


def test_the_flags_of_the_asker(server: DnsProcess) -> None:
    set_all = dns.flags.RD | dns.flags.CD | dns.flags.AD | dns.flags.RA | dns.flags.AA | 0x40
    for asked in (query("example.test", "MX", flags=set_all), query("nothing.example.test", "MX", flags=set_all)):
        for found in server.answers(asked):
            assert flags(found) == "QR AA RD"
    for found in server.answers(query("example.test", "MX", flags=0)):
        assert flags(found) == "QR AA"


def test_case_is_the_askers(server: DnsProcess) -> None:
    for name in ("eXaMpLe.TeSt.", "EXAMPLE.TEST.", "nOtHiNg.ExAmPlE.tEsT."):
        assert str(server.answer(name, "MX").question[0].name) == name


def test_other_classes_are_refused(server: DnsProcess) -> None:
    for rrclass in ("CH", "HS", "ANY"):
        [by_udp, _] = server.answers(query("version.bind", "TXT", rdclass=rrclass))
        assert (code(by_udp), by_udp.answer) == ("REFUSED", [])


@pytest.mark.parametrize(
    ("opcode", "expected"),
    [(1, "NOTIMP"), (2, "NOTIMP"), (4, "REFUSED"), (5, "NOTIMP"), (6, "NOTIMP"), (15, "NOTIMP")],
)
def test_other_opcodes(server: DnsProcess, opcode: int, expected: str) -> None:
    packet = bytearray(query("example.test", "SOA", flags=0))
    packet[2] |= opcode << 3
    for answer in (server.udp(bytes(packet)), server.over_tcp(bytes(packet))[0]):
        assert answer is not None
        found = read(answer)
        assert (code(found), int(found.opcode()), found.edns) == (expected, opcode, 0)


def test_an_answer_gets_no_answer(server: DnsProcess) -> None:
    packet = bytearray(query("example.test", "SOA"))
    packet[2] |= 0x80
    assert server.udp(bytes(packet), 0.3) is None
    assert server.udp(b"\0\1\1", 0.3) is None


@pytest.mark.parametrize(
    "packet",
    [
        struct.pack("!6H", 7, 0, 2, 0, 0, 0) + b"\1a\0\0\1\0\1" * 2,
        struct.pack("!6H", 7, 0, 0, 0, 0, 0),
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\1a\0\0\1",
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\1a\0\0\1\0\1junk",
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\x40a\0\0\1\0\1",
        struct.pack("!6H", 7, 0, 1, 0, 0, 1) + b"\1a\0\0\1\0\1",
        struct.pack("!6H", 7, 0, 1, 1, 0, 0) + b"\1a\0\0\1\0\1" + b"\0\0\1\0\1\0\0\0\0\0\0",
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\x3f" + b"a" * 63 + b"\0\0\1",
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1",
    ],
)
def test_what_is_malformed_is_told_so(server: DnsProcess, packet: bytes) -> None:
    for answer in (server.udp(packet), server.over_tcp(packet)[0]):
        assert answer is not None
        assert answer[:2] == packet[:2]
        assert (answer[2] & 0x80, answer[2] & 0x04, answer[3] & 15) == (0x80, 0, 1)


def test_a_message_is_cut_at_an_rrset_and_says_so(server: DnsProcess) -> None:
    for edns, fits in ((None, False), (512, False), (1100, True), (1232, True), (4096, True)):
        answer = server.udp(query("long.example.test", "TXT", edns=edns))
        assert answer is not None
        found = read(answer)
        assert (flags(found), len(found.answer)) == (("QR AA RD", 1) if fits else ("QR AA TC RD", 0))
        assert found.edns == (-1 if edns is None else 0), "the OPT record stays"
        assert len(answer) <= max(edns or 512, 512)
    answer = server.udp(query("huge.example.test", "TXT", edns=65535))
    assert answer is not None
    assert flags(read(answer)) == "QR AA TC RD", "we never send more than 1232 octets by UDP"
    [by_tcp] = server.over_tcp(query("huge.example.test", "TXT"))
    assert len(read(by_tcp).answer) == 1
