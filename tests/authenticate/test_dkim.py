from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.backends.authenticate.dkim_tags import Unusable, key, signature
from daemon.clock import ManualClock
from daemon.mail.fields import Field, split
from tests.authenticate.support import RAW, asked, verdicts
from tests.nameserver import SERVFAIL, Records
from tests.signing import Signer, rsa_key

RSA = rsa_key()
NOW_SECONDS = ManualClock().now_ms() // 1000


@pytest.fixture(params=["rsa", "ed25519"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return Signer("foreign.test", key=RSA) if request.param == "rsa" else Signer("foreign.test")


def of(*signers: Signer) -> Records:
    return {one.name: [one.record] for one in signers}


async def dkim(records: Records, raw: bytes) -> str:
    return (await verdicts(records, raw)).dkim


@pytest.mark.parametrize("form", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed"])
async def test_a_mail_as_it_was_signed_passes(signer: Signer, form: str) -> None:
    raw = signer.sign(RAW, form=form)
    assert await dkim(of(signer), raw) == "pass"
    assert await dkim(of(signer), b"Received: from a by b\r\n" + raw) == "pass"
    for was, now in [(b"482913", b"482914"), (b"Your code\r\n", b"Your Code\r\n"), (b"no-reply@", b"reply@")]:
        assert was in raw
        assert await dkim(of(signer), raw.replace(was, now)) == "fail"


async def test_relaxed_forgives_white_space_and_simple_does_not() -> None:
    signer = Signer("foreign.test")
    for form, verdict in [("relaxed/relaxed", "pass"), ("simple/simple", "fail")]:
        raw = signer.sign(RAW, form=form)
        changed = raw.replace(b"is  482913.\t", b"is 482913. ").replace(b"Subject: Your", b"SUBJECT:  Your\r\n\t")
        assert await dkim(of(signer), changed) == verdict
        assert await dkim(of(signer), raw + b"\r\n\r\n") == "pass"  # empty lines at the end never count


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b" \r\n", b"a", b"a\r\n \r\n\t\r\n", b"\r\n a"])
@pytest.mark.parametrize("form", ["relaxed/simple", "relaxed/relaxed"])
async def test_odd_bodies(body: bytes, form: str) -> None:
    signer = Signer("foreign.test")
    raw = signer.sign(RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body, form=form)
    assert await dkim(of(signer), raw) == "pass"


async def test_a_large_body_is_hashed_in_pieces() -> None:
    signer, chance = Signer("foreign.test"), random.Random(1)
    words = chance.choices([b"a ", b"\t", b"\r\n", b" \r\n", b"word", b"\r\n" * 50], k=150_000)
    raw = RAW + b"".join(words) + b" " * 200_000 + b".\r\n" + b"\r\n" * 100_000
    for form in ("relaxed/relaxed", "simple/simple"):
        assert await dkim(of(signer), signer.sign(raw, form=form)) == "pass"


async def test_a_bare_line_end_does_not_vanish() -> None:
    signer = Signer("foreign.test")
    raw = signer.sign(RAW)
    assert await dkim(of(signer), raw.replace(b"\r\nBye", b"\n\r\nBye")) == "fail"
    assert await dkim(of(signer), raw + b"\n") == "fail"


async def test_one_good_signature_is_enough() -> None:
    good, other = Signer("foreign.test"), Signer("relay.test")
    broken = other.sign(RAW, bh="AAAA")
    assert await dkim(of(good, other), good.sign(broken)) == "pass"
    assert await dkim(of(good, other), good.sign(RAW.replace(b"Bye", b"Hi"), bh="AAAA")) == "fail"
    assert await dkim(of(good), other.sign(good.sign(RAW))) == "pass"  # the other's key is not to be found


async def test_what_is_added_below_a_length_is_not_vouched_for() -> None:
    signer = Signer("foreign.test")
    whole = len(b"Your code is 482913.\r\n\r\nBye\r\n")
    assert await dkim(of(signer), signer.sign(RAW, l=whole)) == "pass"
    assert await dkim(of(signer), signer.sign(RAW, l=whole) + b"Code: 111111\r\n") == "fail"
    assert await dkim(of(signer), signer.sign(RAW, l=10)) == "fail"
    assert await dkim(of(signer), signer.sign(RAW, l=0)) == "fail"
    assert await dkim(of(signer), signer.sign(RAW, l=9_999)) == "fail"


async def test_an_expired_signature_fails() -> None:
    signer = Signer("foreign.test")
    assert await dkim(of(signer), signer.sign(RAW, x=NOW_SECONDS + 60)) == "pass"
    assert await dkim(of(signer), signer.sign(RAW, x=NOW_SECONDS - 3_600)) == "fail"
    assert await dkim(of(signer), signer.sign(RAW, t=NOW_SECONDS, x=NOW_SECONDS - 1)) == "permerror"


@pytest.mark.parametrize(
    "tags",
    [
        {"v": "2"},
        {"a": "rsa-sha1"},
        {"a": "rsa-md5"},
        {"d": "*"},
        {"d": ""},
        {"s": "a b"},
        {"i": "@evil.test"},
        {"i": "@xforeign.test"},
        {"c": "nowsp/simple"},
        {"h": "to:subject"},
        {"bh": "no base64!"},
        {"q": "http"},
        {"l": "-1"},
        {"x": "soon"},
    ],
)
async def test_a_signature_that_breaks_the_rules_is_an_error(tags: dict[str, str]) -> None:
    signer = Signer("foreign.test")
    found, server = await asked(of(signer), signer.sign(RAW, **{"names": "from", **tags}))
    assert found.dkim == "permerror"
    assert server.asked == []


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("p=", "p=; x="),  # revoked
        ("p=", "p=AAAA; x="),
        ("v=DKIM1", "v=DKIM2"),
        ("k=ed25519", "k=rsa"),
        ("k=ed25519", "k=ed25519; h=sha1"),
        ("k=ed25519", "k=ed25519; s=tlsrpt"),
        ("v=DKIM1; ", "no list "),
    ],
)
async def test_a_key_that_is_none_is_an_error(was: str, now: str) -> None:
    signer = Signer("foreign.test")
    records: Records = {signer.name: [signer.record.replace(was, now)]}
    assert await dkim(records, signer.sign(RAW)) == "permerror"


async def test_a_key_may_say_what_it_is_for() -> None:
    signer = Signer("foreign.test")
    mail = signer.sign(RAW, i="x@mail.foreign.test")
    assert await dkim(of(signer), mail) == "pass"
    assert await dkim({signer.name: [signer.record + "; t=s"]}, mail) == "permerror"
    assert await dkim({signer.name: [signer.record + "; t=s"]}, signer.sign(RAW)) == "pass"
    testing: Records = {signer.name: [signer.record + "; t=y; h=sha256:sha1; s=email; n=note"]}
    assert await dkim(testing, signer.sign(RAW)) == "pass"
    assert await dkim(testing, signer.sign(RAW).replace(b"Subject: Your", b"Subject: My")) == "none"


async def test_a_missing_key_is_an_error_and_an_unknown_one_may_come() -> None:
    signer = Signer("foreign.test")
    assert await dkim({}, signer.sign(RAW)) == "permerror"
    assert await dkim({signer.name: SERVFAIL}, signer.sign(RAW)) == "temperror"


@pytest.mark.parametrize(("bits", "verdict"), [(1024, "pass"), (4096, "pass"), (4104, "permerror")])
async def test_rsa_keys_have_a_size_that_counts(bits: int, verdict: str) -> None:
    signer = Signer("foreign.test", key=rsa_key(bits))
    assert await dkim(of(signer), signer.sign(RAW)) == verdict


async def test_an_rsa_key_of_512_bits_is_refused() -> None:
    # Made once: no library makes them any more.
    short = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKpB/len6m3BUQTE76DjEyWQrbaNwefTBb45JPhZye6bcin+pkscyHe9R1i0"
    short += "M4gj0X2RS+/tu7+bArVxrrUJmcUCAwEAAQ=="
    signer = Signer("foreign.test", key=RSA)
    assert await dkim({signer.name: [short]}, signer.sign(RAW)) == "permerror"


async def test_a_field_doubled_behind_the_signers_back_breaks_it() -> None:
    signer = Signer("foreign.test")
    assert await dkim(of(signer), b"Subject: Your other code\r\n" + signer.sign(RAW)) == "permerror"
    assert await dkim(of(signer), b"From: evil@evil.test\r\n" + signer.sign(RAW)) == "permerror"
    oversigned = signer.sign(RAW, names="from:from:to:subject:subject")
    assert await dkim(of(signer), oversigned) == "pass"
    assert await dkim(of(signer), b"Subject: Your other code\r\n" + oversigned) == "fail"


async def test_a_hundred_signatures_are_five() -> None:
    signer = Signer("foreign.test")
    raw = RAW
    for number in range(100):
        raw = Signer("foreign.test", f"s{number}", signer.key).sign(raw)
    found, server = await asked({}, raw)
    assert found.dkim == "permerror"
    assert len([one for one in server.asked if "_domainkey" in one]) == 5


async def test_a_header_without_end_is_not_searched() -> None:
    raw = Signer("foreign.test").sign(b"X-Long: " + b"x" * 300_000 + b"\r\n" + RAW)
    assert (await verdicts({}, raw)).model_dump() == {"spf": "unknown", "dkim": "none", "dmarc": "permerror"}
    raw = b"X: \r\n" * 3_000 + RAW
    assert split(raw) == ([], len(raw))


@given(st.binary(max_size=200), st.text("abdhilqstvx=;: \t/+0149", max_size=120))
def test_any_signature_and_any_key_is_read_or_refused(octets: bytes, text: str) -> None:
    good = signature(Field("dkim-signature", Signer("a.test").sign(RAW).partition(b"\r\nFrom")[0]))
    for given_octets in (octets, text.encode()):
        with contextlib.suppress(Unusable):
            signature(Field("dkim-signature", b"DKIM-Signature:" + given_octets))
        with contextlib.suppress(Unusable):
            key(given_octets, good)
        split(given_octets)
