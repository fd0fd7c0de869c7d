from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.backends.authenticate.spf_record import BadRecord, read
from tests.authenticate.support import PEER, RAW, asked, verdicts
from tests.nameserver import SERVFAIL, Records

SENDER = "bounce@foreign.test"


async def spf(records: Records, *, peer: str | None = PEER, sender: str = SENDER, helo: str = "mx.foreign.test") -> str:
    return (await verdicts(records, peer=peer, sender=sender, helo=helo)).spf


def a_record(terms: str, **more: str) -> Records:
    return {
        "foreign.test TXT": [f"v=spf1 {terms}"],
        **{name.replace("_", " "): [value] for name, value in more.items()},
    }


@pytest.mark.parametrize(
    ("terms", "verdict"),
    [
        (f"ip4:{PEER} -all", "pass"),
        ("ip4:8.8.0.0/16 -all", "pass"),
        ("ip4:8.8.8.8 -all", "fail"),
        ("ip4:8.8.8.8 ~all", "none"),  # softfail and neutral are neither yes nor no
        ("ip4:8.8.8.8 ?all", "none"),
        ("ip4:8.8.8.8", "none"),
        ("ip4:8.8.8.8.8 -all", "permerror"),
        ("ipv4:8.8.4.4 -all", "permerror"),
        ("include:nobody.test -all", "permerror"),
        ("a:%{q}.foreign.test -all", "permerror"),
        ("redirect=a.test redirect=b.test", "permerror"),
        (" ".join(f"a:h{number}.foreign.test" for number in range(3)) + " -all", "permerror"),  # three for nothing
        ("-all " * 2_000, "permerror"),
    ],
)
async def test_a_record_decides(terms: str, verdict: str) -> None:
    assert await spf(a_record(terms)) == verdict


async def test_who_has_no_record_or_no_name_says_nothing() -> None:
    assert await spf({"foreign.test TXT": ["site-verification=1"]}) == "none"
    assert await spf({}) == "none"
    assert await spf({}, sender="no-domain") == "none"
    assert await spf({}, sender="x@[192.0.2.1]") == "none"


async def test_two_records_are_an_error() -> None:
    assert await spf({"foreign.test TXT": [f"v=spf1 ip4:{PEER} -all", "v=spf1 -all"]}) == "permerror"


async def test_the_mechanisms_that_ask() -> None:
    records: Records = {
        "foreign.test TXT": ["v=spf1 mx include:_spf.foreign.test -all"],
        "foreign.test MX": ["20 b.foreign.test.", "10 a.foreign.test."],
        "a.foreign.test A": ["8.8.1.1"],
        "b.foreign.test A": ["8.8.1.2"],
        "_spf.foreign.test TXT": ["v=spf1 exists:%{ir}.%{v}.%{l}._x.%{d2} -all"],
        "4.4.8.8.in-addr.bounce._x.foreign.test A": ["127.0.0.2"],
    }
    assert await spf(records) == "pass"
    assert await spf(records, peer="8.8.1.2") == "pass"
    assert await spf(records, peer="8.8.9.9") == "fail"


async def test_over_ipv6_and_by_the_name_of_the_peer() -> None:
    reverse = "8.8.8.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.8.4.0.6.8.4.1.0.0.2.ip6.arpa PTR"
    records: Records = {
        "foreign.test TXT": ["v=spf1 ptr -all"],
        reverse: ["liar.test.", "mx.foreign.test."],
        "mx.foreign.test AAAA": ["2001:4860:4860::8888"],
    }
    assert await spf(records, peer="2001:4860:4860::8888") == "pass"
    assert await spf(a_record("ip6:2001:4860::/32 -all"), peer="2001:4860:4860::8888") == "pass"
    assert await spf(a_record(f"ip4:{PEER} -all"), peer=f"::ffff:{PEER}") == "pass"


async def test_a_bounce_is_checked_by_its_helo_name() -> None:
    records: Records = {"mx.foreign.test TXT": [f"v=spf1 ip4:{PEER} -all"]}
    assert await spf(records, sender="") == "pass"
    assert await spf(records, sender="", helo="[8.8.4.4]") == "none"
    assert await spf(records, sender="", helo="\udcff") == "none"


async def test_an_international_domain_is_asked_for_in_a_labels() -> None:
    assert await spf({"xn--bcher-kva.test TXT": [f"v=spf1 ip4:{PEER} -all"]}, sender="a@Bücher.test") == "pass"


async def test_who_cannot_be_asked_may_be_asked_later() -> None:
    assert await spf({"foreign.test TXT": SERVFAIL}) == "temperror"
    assert await spf({"foreign.test TXT": ["v=spf1 a:x.test -all"], "x.test A": SERVFAIL}) == "temperror"


async def test_a_loop_ends_at_ten_lookups() -> None:
    found, server = await asked(a_record("include:foreign.test -all"), peer=PEER, sender=SENDER)
    assert found.spf == "permerror"
    chain: Records = {f"i{n}.test TXT": [f"v=spf1 include:i{n + 1}.test -all"] for n in range(50)}
    found, server = await asked(chain, peer=PEER, sender="a@i0.test")
    assert found.spf == "permerror"
    assert len([one for one in server.asked if one.startswith("i")]) == 11
    assert await spf(a_record("redirect=foreign.test")) == "permerror"


async def test_no_more_than_ten_mail_exchangers_are_looked_up() -> None:
    records: Records = {
        "foreign.test TXT": ["v=spf1 mx -all"],
        "foreign.test MX": [f"10 m{number}.foreign.test." for number in range(11)],
    }
    found, server = await asked(records, peer=PEER, sender=SENDER)
    assert found.spf == "permerror"
    assert not [one for one in server.asked if one.endswith(" A")]


async def test_a_giant_record_counts_for_nothing() -> None:
    found, server = await asked(a_record("ip4:8.8.8.8 " * 1_000 + "-all"), peer=PEER, sender=SENDER)
    assert found.spf == "permerror"
    assert server.asked[:2] == ["foreign.test TXT"] * 2  # over UDP, then over TCP
    assert await spf(a_record("ip4:8.8.8.8 " * 4_000 + "-all")) == "temperror"  # not even read


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.1", "fd00::1", "fe80::1%eth0", None, "?"])
async def test_an_address_that_anybody_has_is_not_asked_about(peer: str | None) -> None:
    found, server = await asked(a_record("-all"), RAW, peer=peer, sender=SENDER)
    assert found.model_dump() == {"spf": "unknown", "dkim": "none", "dmarc": "unknown"}
    assert server.asked == []


@given(st.one_of(st.binary(max_size=300), st.text("+-?~alinmxp tr4:/%{}.=0129_d", max_size=80).map(str.encode)))
def test_any_record_is_read_or_refused(rest: bytes) -> None:
    with contextlib.suppress(BadRecord):
        read(b"v=spf1 " + rest)
