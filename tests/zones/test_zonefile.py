"""Zone files: what is read, what is refused and where, and that what is written is read back."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zones import zonefile
from zones.labels import from_text
from zones.packed import pack, serial_of, unpack
from zones.records import AAAA, MX, SOA, TXT, A, RRset, data_text, rrset
from zones.zone import Zone
from zones.zonefile import ZoneFileError

ORIGIN = from_text("example.test.")
HEAD = "$TTL 3600\n@ IN SOA ns1 hostmaster 7 14400 3600 1209600 3600\n@ IN NS ns1\n"

RECORDS = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "NS": "ns1.example.test.",
    "CNAME": "www.example.test.",
    "PTR": "host.example.test.",
    "MX": "10 mx.example.test.",
    "TXT": '"v=spf1 -all" "a \\"quoted\\" \\\\ ;semicolon" "\\001\\255"',
    "SPF": '"v=spf1 -all"',
    "HINFO": '"PDP-11" "UNIX"',
    "SRV": "0 5 5060 sip.example.test.",
    "CAA": '0 issue "letsencrypt.org; validationmethods=dns-01"',
    "TLSA": "3 1 1 00112233445566778899AABBCCDDEEFF",
    "SSHFP": "4 2 ABCDEF0123456789",
    "DS": "12345 8 2 49FD46E6C4B45C55D4AC",
    "DNSKEY": "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0d",
    "NAPTR": '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.test!" .',
    "URI": '10 1 "ftp://ftp1.example.com/public"',
    "RP": "admin.example.test. info.example.test.",
    "AFSDB": "1 db.example.test.",
    "OPENPGPKEY": "AQMFBwkLDQ8=",
    "SMIMEA": "3 0 0 AABBCC",
    "CDS": "0 0 0 00",
    "SVCB": '1 svc.example.test. mandatory=port alpn="h2,h3" port=8443 key667="hello"',
    "HTTPS": "1 . no-default-alpn ipv4hint=192.0.2.1,192.0.2.2 ech=AEX+DQ== ipv6hint=2001:db8::1",
    "TYPE65280": "\\# 4 0A000001",
    "TYPE731": "\\# 0",
}


def parsed(text: str) -> Zone:
    return zonefile.parse(text, ORIGIN)


@pytest.mark.parametrize("rrtype", RECORDS)
def test_each_type_is_read_and_written_alike(rrtype: str) -> None:
    zone = parsed(f"{HEAD}name IN {rrtype} {RECORDS[rrtype]}\n")
    node = zone.nodes[from_text("name.example.test.")]
    [(code, one)] = node.items()
    assert data_text(code, one.data[0]) == RECORDS[rrtype]
    assert zonefile.parse(zonefile.export(zone), ORIGIN) == zone
    assert unpack(pack(zone)) == zone
    # RFC 3597, 5: the generic form of a known type means the same
    data = one.data[0]
    assert parsed(f"{HEAD}name TYPE{code} \\# {len(data)} {data.hex()}\n") == zone


def test_what_rfc_1035_allows() -> None:
    zone = parsed(
        "$ORIGIN test.\n$TTL 2h ; two hours\n"
        "example IN SOA ns1.example hostmaster\\.dns.example (\n"
        "    2024010101 ; serial\n"
        "    4h 1h\n"
        "    2w 1h )\n"
        "\n"
        "        300 IN NS ns1.example\n"
        "        IN 300 NS ns2.example.net.\n"
        "$ORIGIN example.test.\n"
        "ns1 A 192.0.2.1\n"
        "  AAAA 2001:db8::1 ; the owner above\n"
        "WWW.Example.TEST. 1h30m in cname NS1\n"
        'a\\.b\\032c TXT bare "with ; and ( "\n'
        "\\042 TXT escaped-star\n"
    )
    assert zone.serial == 2024010101
    assert zone.nodes[ORIGIN][SOA].ttl == 7200
    assert zone.nodes[ORIGIN][2].ttl == 300
    assert "hostmaster\\.dns.example.test." in data_text(SOA, zone.soa.data[0])
    assert zone.nodes[from_text("www.example.test.")][5].ttl == 5400
    assert b"\x05a.b c" + ORIGIN in zone.nodes
    assert from_text("*.example.test.") in zone.nodes
    assert zone.nodes[from_text("ns1.example.test.")].keys() == {A, AAAA}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (HEAD + "a A 192.0.2.256", 4, "no IPv4 address"),
        (HEAD + "a AAAA 192.0.2.1", 4, "no IPv6 address"),
        (HEAD + "\n\na MX mx", 6, "from 0 to 65535"),
        (HEAD + "a MX 10", 4, "a name is missing"),
        (HEAD + "a A 192.0.2.1 192.0.2.2", 4, "more than A takes"),
        (HEAD + "a NOPE 1", 4, "no record type 'NOPE'"),
        (HEAD + "a CH TXT x", 4, "only IN"),
        (HEAD + "$INCLUDE other.zone", 4, "$INCLUDE is refused"),
        (HEAD + "$GENERATE 1-9 a$ A 192.0.2.$", 4, "$GENERATE is refused"),
        (HEAD + "$NOPE", 4, "no directive"),
        (HEAD + 'a TXT "open', 4, "quote is not closed"),
        (HEAD + "a TXT ( b\nc", 4, "parenthesis is not closed"),
        (HEAD + "a TXT b )", 4, "not opened"),
        (HEAD + f"a TXT {'x' * 256}", 4, "at most 255"),
        (HEAD + f"{'a' * 64} TXT x", 4, "longer than 63"),
        (HEAD + "a..b TXT x", 4, "empty label"),
        (HEAD + "a\\25 TXT x", 4, "three digits"),
        (HEAD + "a TYPE1 \\# 3 010203", 4, "cut short"),
        (HEAD + "a TYPE65280 \\# 3 0102", 4, "2 are there"),
        (HEAD + "a 99999999999 A 192.0.2.1", 4, "RFC 2181"),
        (HEAD + "a CNAME b\na A 192.0.2.1", 5, "RFC 2181, 10.1"),
        (HEAD + "a DNAME b", 4, "DNAME"),
        (HEAD + "a RRSIG A 8 2 3600 1 1 1 x.test. AAAA", 4, "no record type"),
        (HEAD + "a TYPE46 \\# 1 00", 4, "unsigned"),
        (HEAD + "a TYPE255 \\# 1 00", 4, "only ever asked for"),
        (HEAD + "*.a NS ns1", 4, "RFC 4592"),
        (HEAD + "other.example. A 192.0.2.1", 4, "not in the zone"),
        (HEAD + "@ SOA a b 1 1 1 1 1", 4, "one SOA"),
        ("$TTL 1\n@ NS ns1", 2, "one SOA"),
        ("@ 1 SOA a b 1 1 1 1 1", 1, "no NS"),
        ("@ NS ns1", 1, "no TTL"),
        ("  NS ns1", 1, "no name stands above"),
        ("a", 1, "type is missing"),
        (HEAD + "a HTTPS 1 . port=x", 4, "no port"),
        (HEAD + "a HTTPS 1 . port=1 port=2", 4, "twice"),
    ],
)
def test_a_fault_is_told_by_line_and_reason(text: str, line: int, why: str) -> None:
    with pytest.raises(ZoneFileError) as told:
        parsed(text)
    assert str(told.value).startswith(f"line {line}: "), told.value
    assert why in str(told.value)


LABELS = st.binary(min_size=1, max_size=63).map(lambda label: bytes((len(label),)) + label.lower())
NAMES = st.lists(LABELS, max_size=3).map(lambda labels: b"".join(labels) + ORIGIN).filter(lambda name: len(name) < 256)
TTLS = st.integers(0, 2**31 - 1)
STRINGS = st.lists(st.binary(max_size=255).map(lambda one: bytes((len(one),)) + one), min_size=1, max_size=3)
RRSETS = st.one_of(
    st.builds(
        lambda name, ttl, data: rrset(name, TXT, ttl, *data), NAMES, TTLS, st.sets(STRINGS.map(b"".join), min_size=1)
    ),
    st.builds(
        lambda name, ttl, data: rrset(name, A, ttl, *data),
        NAMES,
        TTLS,
        st.sets(st.binary(min_size=4, max_size=4), min_size=1),
    ),
    st.builds(lambda name, ttl, target: rrset(name, MX, ttl, b"\0\x0a" + target), NAMES, TTLS, NAMES),
    st.builds(lambda name, ttl, data: rrset(name, 65280, ttl, data), NAMES, TTLS, st.binary(max_size=40)),
)


def made(rrsets: list[RRset]) -> Zone:
    return Zone.of(ORIGIN, [*parsed(HEAD), *rrsets])


@given(st.lists(RRSETS, max_size=8))
@settings(max_examples=150)
def test_any_zone_is_read_back_as_it_was(rrsets: list[RRset]) -> None:
    zone = made(rrsets)
    assert zonefile.parse(zonefile.export(zone), ORIGIN) == zone
    assert unpack(pack(zone)) == zone
    assert serial_of(pack(zone)) == zone.serial


PIECES = st.sampled_from(
    [
        *'@| |\n|\t|;|(|)|"|\\|\\#|\\032|IN|A|TXT|SOA|NS|MX|HTTPS|CAA|$TTL|$ORIGIN|3600|1h|ns1'.split("|"),
        *("192.0.2.1", "::1", "a.b.", "TYPE99", "port=1", "é", "\0", "x" * 300),
    ]
)


@given(
    st.one_of(
        st.text(max_size=200), st.lists(PIECES, max_size=40).map(" ".join), st.lists(PIECES, max_size=40).map("".join)
    )
)
@settings(max_examples=int(os.environ.get("POSTERN_FUZZ_EXAMPLES", "400")))
def test_whatever_is_written_is_a_zone_or_a_fault_with_its_line(text: str) -> None:
    for whole in (text, HEAD + text):
        line, zone = 1, None
        try:
            zone = parsed(whole)
        except ZoneFileError as told:
            line = told.line
        assert 1 <= line <= whole.count("\n") + 1
        assert zone is None or zonefile.parse(zonefile.export(zone), ORIGIN) == zone
