from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.ids import Ids
from daemon.keys import Key, KeyKind, Keyring, KeyringError, Place, matches, mint, parse, signature_holds

RING = Keyring({"00000001": b"a" * 32}, "00000001")
PLACE = Place("cus_1", "links", "link_1", "sealed")
PLACES = st.builds(Place, st.text(), st.text(), st.text(), st.text())


@given(st.sampled_from(KeyKind), st.binary(min_size=50, max_size=50))
def test_a_key_is_read_as_it_was_minted(kind: KeyKind, random: bytes) -> None:
    key = mint(kind, Ids(lambda count: random[:count]))
    assert parse(key.text) == key
    assert key.text.startswith(f"pk_{kind}_")
    assert matches(key, key.digest)
    assert key.digest == hashlib.sha256(key.secret.encode()).digest()


@given(st.one_of(st.text(), st.from_regex(r"pk_(enroll|agent|operator)_[a-z2-7]{23,25}_[a-z2-7]{55,57}")))
def test_what_is_no_key_is_none_and_what_is_comes_back(text: str) -> None:
    key = parse(text)
    assert key is None or key.text == text


@given(st.binary(min_size=32, max_size=32))
def test_another_digest_does_not_match(digest: bytes) -> None:
    assert not matches(mint(KeyKind.AGENT, Ids()), digest)


def test_an_unknown_key_matches_nothing() -> None:
    assert not matches(mint(KeyKind.AGENT, Ids()), None)
    assert not matches(mint(KeyKind.AGENT, Ids()), bytes(32))


def test_what_is_printed_of_a_key_is_no_secret() -> None:
    key = Key(KeyKind.AGENT, "a" * 24, "b" * 56)
    for shown in (repr(key), str(key), key.prefix, repr(RING)):
        assert "b" * 56 not in shown
        assert str(b"a" * 32) not in shown


@given(PLACES, st.binary(max_size=200))
def test_what_is_sealed_opens_in_its_place(place: Place, clear: bytes) -> None:
    sealed = RING.seal(place, clear)
    assert RING.unseal(place, sealed) == clear
    assert sealed != RING.seal(place, clear), "no two are alike"


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Place)])
def test_what_is_sealed_does_not_open_elsewhere(field: str) -> None:
    sealed = RING.seal(PLACE, b"secret")
    with pytest.raises(KeyringError, match="altered or moved"):
        RING.unseal(dataclasses.replace(PLACE, **{field: "elsewhere"}), sealed)


@given(PLACES, PLACES)
def test_no_two_places_are_the_same(one: Place, other: Place) -> None:
    assert (one.bound("k") == other.bound("k")) == (one == other)
    assert json.loads(one.bound("k"))


@given(st.integers(0, 200))
def test_an_altered_seal_does_not_open(at: int) -> None:
    sealed = bytearray(RING.seal(PLACE, b"secret"))
    sealed[at % len(sealed)] ^= 1
    if at % len(sealed):  # the first octet is the version
        with pytest.raises((KeyringError, UnicodeDecodeError)):
            RING.unseal(PLACE, bytes(sealed))


def test_every_purpose_and_every_key_derive_their_own() -> None:
    both = Keyring({"00000001": b"a" * 32, "00000002": b"b" * 32}, "00000002")
    derived = [both.derive(purpose, key_id) for purpose in ("seal", "sign", "check") for key_id in both.key_ids]
    assert len(set(derived)) == 6
    assert both.derive("seal", "00000001") == RING.derive("seal")
    assert both.derive("seal") != RING.derive("seal")
    assert both.unseal(PLACE, RING.seal(PLACE, b"older")) == b"older"
    assert RING.public_keys() < both.public_keys()
    with pytest.raises(KeyringError, match="no key"):
        RING.derive("seal", "00000002")


@given(st.binary(), st.text(max_size=200), st.text(max_size=80))
def test_a_signature_holds_for_what_was_signed_only(data: bytes, signature: str, public_key: str) -> None:
    genuine, key = RING.sign(data)
    assert signature_holds(key, genuine, data)
    assert not signature_holds(key, genuine, data + b"x")
    assert not signature_holds(key, signature, data)
    assert not signature_holds(public_key, genuine, data)
