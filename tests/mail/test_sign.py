from __future__ import annotations

import asyncio
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.mail.compose import File, check_text, compose, with_fields
from daemon.mail.sign import SEALED, Unsignable, sign
from daemon.mail.signing_key import SigningKey
from tests.authenticate.support import verdicts
from tests.mail.test_compose import ANY_TEXT, BODIES, FILES, draft, well_formed
from tests.nameserver import Records
from tests.signing import Signer, rsa_key

DOMAIN = "acme.example"
AT_SECONDS = 1_700_000_000
KEYS = (
    SigningKey(DOMAIN, "r1", rsa_key()),
    SigningKey(DOMAIN, "e1", Ed25519PrivateKey.generate()),
)
UNSUBSCRIBE = (("List-Unsubscribe", "<https://x.test/u/1>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def records_of(*keys: SigningKey) -> Records:
    signers = [Signer(key.domain, key.selector, key.private_key) for key in keys]
    return {one.name: [one.record] for one in signers}


def dkim(raw: bytes, *keys: SigningKey) -> str:
    """What our own verifier says, when only the records of these keys are published."""
    return asyncio.run(verdicts(records_of(*keys), raw)).dkim


def plain(**more: object) -> bytes:
    return with_fields(compose(draft(subject="Your code", **more), "t" * 24), UNSUBSCRIBE)


@given(subject=ANY_TEXT, text=BODIES, html=BODIES, files=FILES)
@example(subject="", text="", html=None, files=[])
@settings(max_examples=60)
def test_whatever_is_composed_passes_by_each_signature(
    subject: str, text: str | None, html: str | None, files: list[File]
) -> None:
    if check_text(subject) is not None:
        return
    raw = compose(draft(subject=subject, text=text or "", html=html, files=tuple(files)), "t" * 24)
    signed = sign(raw, KEYS, AT_SECONDS)
    assert signed.endswith(raw)
    well_formed(signed)
    for key in KEYS:
        assert dkim(signed, key) == "pass"


@pytest.mark.parametrize("key", KEYS, ids=["rsa", "ed25519"])
@pytest.mark.parametrize("name", [*SEALED, "list-unsubscribe", "list-unsubscribe-post"])
def test_nothing_that_a_reader_goes_by_can_be_added_or_changed(key: SigningKey, name: str) -> None:
    signed = sign(plain(in_reply_to="<2@x.test>", references=("<2@x.test>",)), (key,), AT_SECONDS)
    assert dkim(b"Received: from a by b\r\n" + signed, key) == "pass"
    added = name.encode() + b": something else\r\n" + signed
    changed = re.sub(rb"(?im)^(%b: )" % name.encode(), rb"\1x", signed)
    if name in SEALED:
        assert dkim(added, key) in ("fail", "permerror")
    if changed != signed:
        assert dkim(changed, key) in ("fail", "permerror")
    else:
        assert name in ("reply-to", "cc", "content-disposition")


def test_a_body_cannot_be_changed_nor_lengthened() -> None:
    signed = sign(plain(text="Your code is 482913.\n"), KEYS, AT_SECONDS)
    assert dkim(signed.replace(b"482913", b"111111"), *KEYS) == "fail"
    assert dkim(signed + b"more\r\n", *KEYS) == "fail"
    assert dkim(signed + b"\r\n", *KEYS) == "pass"


def test_the_same_mail_is_signed_alike_each_time_and_says_when() -> None:
    raw = plain()
    signed = sign(raw, KEYS, AT_SECONDS)
    assert signed == sign(raw, KEYS, AT_SECONDS)
    assert signed.count(b"t=1700000000;") == 2
    assert b"l=" not in re.sub(rb"b=[^;]+", b"", signed.partition(b"\r\nList-")[0])
    assert signed.index(b"rsa-sha256") < signed.index(b"ed25519-sha256")


def test_without_a_key_a_mail_goes_as_it_is_and_without_a_from_it_is_not_signed() -> None:
    assert sign(plain(), (), AT_SECONDS) == plain()
    with pytest.raises(Unsignable):
        sign(b"To: a@x.test\r\n\r\nHello.\r\n", KEYS, AT_SECONDS)


@given(st.binary(max_size=400))
def test_any_bytes_are_signed_or_refused(raw: bytes) -> None:
    try:
        signed = sign(b"From: a@acme.example\r\n" + raw, KEYS[1:], AT_SECONDS)
    except Unsignable:
        return
    assert signed.endswith(raw)
