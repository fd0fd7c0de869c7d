from __future__ import annotations

import pytest

from tests.authenticate.support import PEER, RAW, asked, verdicts
from tests.nameserver import SERVFAIL, Records
from tests.signing import Signer

POLICY = "v=DMARC1; p=reject; pct=0"
SENDS = f"v=spf1 ip4:{PEER} -all"


def from_(author: str) -> bytes:
    return RAW.replace(b"Foreign <no-reply@foreign.test>", author.encode())


async def by_spf(records: Records, raw: bytes = RAW, *, sender: str = "bounce@foreign.test") -> str:
    """Return the verdict on a mail that nobody signed."""
    return (await verdicts({"foreign.test TXT": [SENDS], **records}, raw, peer=PEER, sender=sender)).dmarc


async def by_dkim(domain: str, policy: str, raw: bytes = RAW, *, peer: str = PEER) -> str:
    """Return the verdict on a mail that `domain` signed, and for which no SPF speaks."""
    signer = Signer(domain)
    records: Records = {signer.name: [signer.record], "_dmarc.foreign.test TXT": [policy]}
    return (await verdicts(records, signer.sign(raw), peer=peer, sender="x@elsewhere.test")).dmarc


async def test_either_of_them_is_enough() -> None:
    assert await by_spf({"_dmarc.foreign.test TXT": [POLICY]}) == "pass"
    assert await by_spf({"_dmarc.foreign.test TXT": [POLICY]}, sender="bounce@elsewhere.test") == "fail"
    assert await by_dkim("foreign.test", POLICY) == "pass"
    assert await by_dkim("evil.test", POLICY) == "fail"
    assert await by_dkim("foreign.test", POLICY, peer="127.0.0.1") == "pass"


async def test_another_domain_of_the_same_owner_is_enough_unless_that_is_forbidden() -> None:
    assert await by_dkim("mail.foreign.test", POLICY) == "pass"
    assert await by_dkim("mail.foreign.test", "v=DMARC1;p=none;adkim=s") == "fail"
    assert await by_dkim("foreign.test", "v=DMARC1;p=none;adkim=s") == "pass"
    mails: Records = {"mail.foreign.test TXT": [SENDS]}
    sender = "bounce@mail.foreign.test"
    assert await by_spf({**mails, "_dmarc.foreign.test TXT": [POLICY]}, sender=sender) == "pass"
    assert await by_spf({**mails, "_dmarc.foreign.test TXT": [POLICY + "; aspf=s"]}, sender=sender) == "fail"


async def test_two_tenants_of_one_public_suffix_are_strangers() -> None:
    records: Records = {"a.co.uk TXT": [SENDS], "_dmarc.b.co.uk TXT": [POLICY]}
    assert await by_spf(records, from_("x@b.co.uk"), sender="x@a.co.uk") == "fail"


async def test_a_subdomain_has_its_own_policy_or_its_parents() -> None:
    raw = from_("no-reply@deep.mail.foreign.test")
    found, server = await asked(
        {"foreign.test TXT": [SENDS], "_dmarc.foreign.test TXT": ["v=DMARC1; p=reject; sp=none"]},
        raw, peer=PEER, sender="b@foreign.test",
    )  # fmt: skip
    assert found.dmarc == "pass"
    dmarc = [one for one in server.asked if one.startswith("_dmarc")]
    assert dmarc == ["_dmarc.deep.mail.foreign.test TXT", "_dmarc.foreign.test TXT"]  # no parent in between
    own: Records = {"_dmarc.deep.mail.foreign.test TXT": ["v=DMARC1; p=none; aspf=s"]}
    assert await by_spf({**own, "_dmarc.foreign.test TXT": [POLICY]}, raw, sender="b@foreign.test") == "fail"


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        ([], "none"),
        (["v=DMARC2; p=none"], "none"),
        (["p=none; v=DMARC1"], "none"),
        ([POLICY, "v=DMARC1; p=none"], "none"),
        ([POLICY, "v=spf1 -all"], "pass"),
        (["v=DMARC1"], "permerror"),
        (["v=DMARC1; p=perhaps"], "permerror"),
        (["v=DMARC1; p=none; sp=perhaps"], "permerror"),
        (["v=DMARC1; p=perhaps; rua=mailto:a@foreign.test"], "pass"),
        (["v=DMARC1; p=none; what; ever"], "permerror"),
        (["v=DMARC1; P=NONE; new=tag"], "pass"),
        (SERVFAIL, "temperror"),
    ],
)
async def test_what_a_record_may_be(record: str | list[str], verdict: str) -> None:
    assert await by_spf({"_dmarc.foreign.test TXT": record}) == verdict


@pytest.mark.parametrize(
    ("author", "verdict"),
    [
        ("no-reply@foreign.test", "pass"),
        ("a@foreign.test, B <b@foreign.test>", "pass"),
        ("Team: a@foreign.test, b@foreign.test;", "pass"),
        ('"security@bank.test" <a@foreign.test>', "pass"),
        ("a@foreign.test, b@bank.test", "permerror"),
        ("a@foreign.test\r\nFrom: b@bank.test", "permerror"),
        ("undisclosed:;", "permerror"),
        ("nobody", "permerror"),
        ("a@[192.0.2.1]", "permerror"),
        ("a@foreign..test", "permerror"),
    ],
)
async def test_from_names_one_domain(author: str, verdict: str) -> None:
    assert await by_spf({"_dmarc.foreign.test TXT": [POLICY]}, from_(author)) == verdict


async def test_a_mail_without_from_has_no_author() -> None:
    raw = RAW.partition(b"\r\n")[2]
    assert await by_spf({"_dmarc.foreign.test TXT": [POLICY]}, raw) == "permerror"


async def test_international_domains_are_compared_in_a_labels() -> None:
    raw = from_("x@Bücher.test")
    records: Records = {"xn--bcher-kva.test TXT": [SENDS], "_dmarc.xn--bcher-kva.test TXT": [POLICY]}
    assert await by_spf(records, raw, sender="x@xn--bcher-kva.test") == "pass"
    assert await by_spf(records, raw, sender="x@mail.bücher.test") == "fail"


async def test_trouble_with_what_could_vouch_is_no_fail() -> None:
    policy: Records = {"_dmarc.foreign.test TXT": [POLICY]}
    assert await by_spf({**policy, "foreign.test TXT": SERVFAIL}) == "temperror"
    assert await by_spf({**policy, "elsewhere.test TXT": SERVFAIL}, sender="x@elsewhere.test") == "fail"
    signer = Signer("foreign.test")
    found = await verdicts({**policy, signer.name: SERVFAIL}, signer.sign(RAW), peer="127.0.0.1")
    assert found.model_dump() == {"spf": "unknown", "dkim": "temperror", "dmarc": "temperror"}


async def test_a_mail_from_a_relay_is_never_said_to_fail() -> None:
    signer = Signer("evil.test")
    records: Records = {signer.name: [signer.record], "_dmarc.foreign.test TXT": [POLICY]}
    found, server = await asked(records, signer.sign(RAW))
    assert found.model_dump() == {"spf": "unknown", "dkim": "pass", "dmarc": "unknown"}
    assert server.asked == [signer.name]  # for nothing but the key
