"""What the daemon signs, the client package's verifier checks; and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.service.telling.signatures import secret_text, signed_headers
from postern_ctl.webhooks import (
    TOLERANCE_SECONDS,
    BodyMalformed,
    SignatureMalformed,
    SignatureMismatch,
    SignatureMissing,
    TimestampInFuture,
    TimestampTooOld,
    Unverified,
    verify,
)

NOW = 1_700_000_000
SECRET, OTHER = secret_text(b"a" * 32), secret_text(b"b" * 32)
BODY = b'{"event":"message.received"}'
OURS, STANDARD = ("X-Postern-Signature",), ("webhook-id", "webhook-timestamp", "webhook-signature")
NAMES = (*OURS, *STANDARD)


def signed(*secrets: str, body: bytes = BODY, only: tuple[str, ...] = NAMES) -> dict[str, str]:
    headers = signed_headers("message.received", "delivery_1", secrets or (SECRET,), NOW * 1000, body)
    return {name: headers[name] for name in only}


@pytest.mark.parametrize("only", [NAMES, OURS, STANDARD])
def test_what_was_signed_is_verified(only: tuple[str, ...]) -> None:
    verified = verify(BODY, signed(only=only), SECRET, now=NOW)
    assert verified.data == {"event": "message.received"}
    assert verified.timestamp == NOW
    assert verified.delivery_id == (None if only == OURS else "delivery_1"), "ours does not vouch for the id"


def test_header_names_are_the_same_in_any_case() -> None:
    verify(BODY, {name.upper(): value for name, value in signed().items()}, SECRET, now=NOW)


@pytest.mark.parametrize("only", [NAMES, OURS, STANDARD])
def test_during_a_rotation_each_of_the_two_secrets_verifies(only: tuple[str, ...]) -> None:
    headers = signed(OTHER, SECRET, only=only)
    assert signed(OTHER, SECRET)["X-Postern-Signature"].count("v1=") == 2
    for secret in (SECRET, OTHER, [SECRET, OTHER]):
        verify(BODY, headers, secret, now=NOW)
    verify(BODY, signed(only=only), [OTHER, SECRET], now=NOW)


def test_the_example_of_standard_webhooks_holds() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    verified = verify(b'{"test": 2432232314}', headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=1614265330)
    assert verified.delivery_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize("only", [OURS, STANDARD])
def test_another_secret_and_another_body_do_not_verify(only: tuple[str, ...]) -> None:
    with pytest.raises(SignatureMismatch):
        verify(BODY, signed(only=only), OTHER, now=NOW)
    with pytest.raises(SignatureMismatch):
        verify(BODY + b" ", signed(only=only), SECRET, now=NOW)


def test_another_id_does_not_verify() -> None:
    with pytest.raises(SignatureMismatch):
        verify(BODY, signed() | {"webhook-id": "delivery_2"}, SECRET, now=NOW)


def test_if_one_of_the_two_signatures_is_wrong_nothing_holds() -> None:
    for name in ("X-Postern-Signature", "webhook-signature"):
        with pytest.raises(SignatureMismatch):
            verify(BODY, signed() | {name: signed(OTHER)[name]}, SECRET, now=NOW)


@pytest.mark.parametrize("only", [NAMES, OURS, STANDARD])
def test_the_time_has_to_be_near(only: tuple[str, ...]) -> None:
    for now in (NOW - TOLERANCE_SECONDS, NOW + TOLERANCE_SECONDS):
        verify(BODY, signed(only=only), SECRET, now=now)
    with pytest.raises(TimestampTooOld):
        verify(BODY, signed(only=only), SECRET, now=NOW + TOLERANCE_SECONDS + 1)
    with pytest.raises(TimestampInFuture):
        verify(BODY, signed(only=only), SECRET, now=NOW - TOLERANCE_SECONDS - 1)
    with pytest.raises(TimestampTooOld):
        verify(BODY, signed(only=only), SECRET)  # by the clock
    verify(BODY, signed(only=only), SECRET, tolerance_seconds=1e12)


def test_no_signature_is_no_signature() -> None:
    with pytest.raises(SignatureMissing):
        verify(BODY, {"X-Postern-Event": "message.received"}, SECRET, now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Postern-Signature": ""},
        {"X-Postern-Signature": f"t={NOW}"},
        {"X-Postern-Signature": "v1=" + "0" * 64},
        {"X-Postern-Signature": f"t={NOW},t={NOW},v1=" + "0" * 64},
        {"X-Postern-Signature": f"t={NOW},v1=zz"},
        {"X-Postern-Signature": f"t=-1,v1={'0' * 64}"},
        {"X-Postern-Signature": f"t=²,v1={'0' * 64}"},
        {"X-Postern-Signature": f"t={NOW}" + f",v1={'0' * 64}" * 50},
        {"X-Postern-Signature": "x" * 10_000},
        {"webhook-id": "x"},
        {"webhook-id": "x", "webhook-timestamp": str(NOW)},
        {"webhook-id": "x", "webhook-timestamp": "soon", "webhook-signature": "v1,eA=="},
        {"webhook-id": "x", "webhook-timestamp": str(NOW), "webhook-signature": "v2,eA=="},
        {"webhook-id": "x", "webhook-timestamp": str(NOW), "webhook-signature": "v1,e " * 2_000},
    ],
)
def test_what_has_not_the_form_is_malformed(headers: Mapping[str, str]) -> None:
    with pytest.raises(SignatureMalformed):
        verify(BODY, headers, SECRET, now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_what_is_signed_and_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BodyMalformed):
        verify(body, signed(body=body), SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["", []])
def test_without_a_secret_nothing_is_verified(secret: str | list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        verify(BODY, signed(), secret, now=NOW)


# ----------------------------------------------------------------------------------------------------------- the fuzzer

TEXT = st.one_of(
    st.text(max_size=80),
    st.text("tv1=,0123456789abcdef. ", max_size=120),
    st.binary(max_size=40).map(lambda raw: "v1," + base64.b64encode(raw).decode()),
)


@given(st.dictionaries(st.sampled_from(NAMES), TEXT), st.binary(max_size=100))
def test_strangers_headers_never_verify_and_raise_nothing_else(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(Unverified):
        verify(body, headers, SECRET, now=NOW)


@given(st.sampled_from(NAMES), st.integers(0, 200), st.characters(codec="latin-1"))
def test_one_letter_changed_never_verifies(name: str, at: int, letter: str) -> None:
    headers = signed(only=OURS if name in OURS else STANDARD)
    value = headers[name]
    at %= len(value)
    headers[name] = value[:at] + letter + value[at + 1 :]
    try:
        verified = verify(BODY, headers, SECRET, now=NOW, tolerance_seconds=1e15)
    except Unverified:
        return
    assert (verified.timestamp, verified.delivery_id) in ((NOW, None), (NOW, "delivery_1"))
    assert headers[name].strip() == value, "only what stands for the same may hold"


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=300), st.integers(0, 10**11))
def test_whatever_is_signed_is_verified(random: bytes, content: bytes, now: int) -> None:
    secret, body = secret_text(random), b'{"a":"' + content.hex().encode() + b'"}'
    headers = signed_headers("x", "delivery_1", [secret], now * 1000, body)
    assert verify(body, headers, secret, now=now).data == {"a": content.hex()}
