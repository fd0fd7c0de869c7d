"""What a zone answers: RFC 1034, 4.3.2; RFC 4592's own examples; and how zones differ."""

from __future__ import annotations

import pytest

from zones import zonefile
from zones.changes import difference
from zones.labels import from_text, to_text
from zones.records import type_code
from zones.serial import after, is_newer
from zones.zone import Found, Outcome, with_serial

EXAMPLE = from_text("example.")
# RFC 4592, 2.2.1
ZONE = zonefile.parse(
    """$TTL 3600
example. SOA ns.example.com. hostmaster.example. 1 14400 3600 1209600 600
example. NS ns.example.com.
example. NS ns.example.net.
*.example. TXT "this is a wildcard"
*.example. MX 10 host1.example.
sub.*.example. TXT "this is not a wildcard"
host1.example. A 192.0.2.1
_ssh._tcp.host1.example. SRV 0 0 22 host1.example.
_ssh._tcp.host2.example. SRV 0 0 22 host2.example.
subdel.example. NS ns.example.com.
subdel.example. NS ns.subdel.example.
ns.subdel.example. A 192.0.2.9
ns.subdel.example. AAAA 2001:db8::9
below.subdel.example. TXT "occluded"
alias.example. CNAME host1.example.
far.example. CNAME alias.example.
out.example. CNAME elsewhere.test.
lost.example. CNAME no.host1.example.
loop1.example. CNAME loop2.example.
loop2.example. CNAME loop1.example.
to-wild.example. CNAME anything.example.
to-cut.example. CNAME www.subdel.example.
""",
    EXAMPLE,
)


def look(name: str, rrtype: str) -> Found:
    return ZONE.lookup(from_text(name), type_code(rrtype) if rrtype != "ANY" else 255)


def answer(found: Found) -> list[str]:
    return [f"{to_text(one.name)} {one.type}" for one in found.answer]


@pytest.mark.parametrize(
    ("name", "rrtype", "outcome", "answered"),
    [
        # RFC 4592, 2.2.1, in its order
        ("host3.example.", "MX", Outcome.ANSWER, ["host3.example. 15"]),
        ("host3.example.", "A", Outcome.NODATA, []),
        ("foo.bar.example.", "TXT", Outcome.ANSWER, ["foo.bar.example. 16"]),
        ("host1.example.", "MX", Outcome.NODATA, []),
        ("sub.*.example.", "MX", Outcome.NODATA, []),
        ("_telnet._tcp.host1.example.", "SRV", Outcome.NXDOMAIN, []),
        ("host.subdel.example.", "A", Outcome.REFERRAL, []),
        ("ghost.*.example.", "MX", Outcome.NXDOMAIN, []),
        # a wildcard asked for by its own name is a name like others
        ("*.example.", "TXT", Outcome.ANSWER, ["*.example. 16"]),
        # empty non-terminals exist
        ("_tcp.host1.example.", "A", Outcome.NODATA, []),
        ("host2.example.", "TXT", Outcome.NODATA, []),
        # delegations
        ("subdel.example.", "NS", Outcome.REFERRAL, []),
        ("subdel.example.", "DS", Outcome.NODATA, []),
        ("below.subdel.example.", "TXT", Outcome.REFERRAL, []),
        # aliases
        ("alias.example.", "A", Outcome.ANSWER, ["alias.example. 5", "host1.example. 1"]),
        ("alias.example.", "CNAME", Outcome.ANSWER, ["alias.example. 5"]),
        ("alias.example.", "TXT", Outcome.NODATA, ["alias.example. 5"]),
        ("far.example.", "A", Outcome.ANSWER, ["far.example. 5", "alias.example. 5", "host1.example. 1"]),
        ("out.example.", "A", Outcome.ANSWER, ["out.example. 5"]),
        ("lost.example.", "A", Outcome.NXDOMAIN, ["lost.example. 5"]),
        ("loop1.example.", "A", Outcome.ANSWER, ["loop1.example. 5", "loop2.example. 5"]),
        ("to-wild.example.", "TXT", Outcome.ANSWER, ["to-wild.example. 5", "anything.example. 16"]),
        ("to-cut.example.", "A", Outcome.ANSWER, ["to-cut.example. 5"]),
        # everything at once is too much to ask for (RFC 8482)
        ("example.", "ANY", Outcome.ANSWER, ["example. 13"]),
        ("host2.example.", "ANY", Outcome.NODATA, []),
        ("a.host1.example.", "ANY", Outcome.NXDOMAIN, []),
        ("host1.example.", "TYPE65280", Outcome.NODATA, []),
    ],
)
def test_what_is_answered(name: str, rrtype: str, outcome: Outcome, answered: list[str]) -> None:
    found = look(name, rrtype)
    assert (found.outcome, answer(found)) == (outcome, answered)
    if outcome in (Outcome.NODATA, Outcome.NXDOMAIN):
        assert [(one.type, one.ttl) for one in found.authority] == [(6, 600)], "the SOA, with the lesser TTL"
    elif outcome is Outcome.ANSWER and answered != ["to-cut.example. 5"]:
        assert found.authority == found.additional == ()


def test_a_referral_has_the_glue_that_is_needed_and_no_other() -> None:
    found = look("www.subdel.example.", "A")
    assert [to_text(one.name) for one in found.authority] == ["subdel.example."]
    assert [(to_text(one.name), one.type) for one in found.additional] == [
        ("ns.subdel.example.", 1),
        ("ns.subdel.example.", 28),
    ]


def test_a_difference_makes_the_one_of_the_other() -> None:
    text = (
        zonefile.export(ZONE).replace("192.0.2.1", "192.0.2.77").replace("_ssh._tcp.host2 IN", "_ssh._tcp.host2 60 IN")
    )
    new = with_serial(zonefile.parse(text, EXAMPLE), 2)
    change = difference(ZONE, new)
    assert str(change).splitlines() == [
        "- host1.example. 3600 IN A 192.0.2.1",
        "- _ssh._tcp.host2.example. 3600 IN SRV 0 0 22 host2.example.",
        "+ host1.example. 3600 IN A 192.0.2.77",
        "+ _ssh._tcp.host2.example. 60 IN SRV 0 0 22 host2.example.",
    ]
    assert not difference(new, new)


def test_serials_go_round() -> None:
    assert is_newer(2, 1)
    assert not is_newer(1, 1)
    assert is_newer(5, 2**32 - 5)
    assert not is_newer(2**31, 0), "half way round: neither is newer"
    assert after(2**32 - 1) == 1
    assert is_newer(after(2**32 - 1), 2**32 - 1)
