from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.keys import Keyring
from daemon.service.link_tokens import LinkClaim, Purpose, link_id, read_token, write_token

RING = Keyring({"00000001": b"a" * 32, "00000002": b"b" * 32}, "00000002")
CLAIMS = st.builds(
    LinkClaim,
    st.binary(min_size=16, max_size=16).map(link_id),
    st.sampled_from(Purpose),
    st.integers(0, 2**48 - 1),
)


@given(CLAIMS)
def test_a_token_tells_what_was_written(claim: LinkClaim) -> None:
    token = write_token(RING, claim)
    assert read_token(RING, token) == claim
    assert len(token) == 80


@given(CLAIMS, st.integers(0, 79), st.characters(codec="ascii"))
def test_a_token_with_one_letter_changed_is_none(claim: LinkClaim, at: int, letter: str) -> None:
    token = write_token(RING, claim)
    altered = token[:at] + letter + token[at + 1 :]
    if letter.translate(str.maketrans("+/", "-_")) != token[at]:
        assert read_token(RING, altered) is None


@given(st.one_of(st.text(), st.text(min_size=80, max_size=80), st.text("AQgw-_=+/", min_size=80, max_size=80)))
@example("A" * 76 + "====")
@example("=" * 80)
def test_anything_else_is_none(text: str) -> None:
    assert read_token(RING, text) is None


@pytest.mark.parametrize("claim", [LinkClaim(link_id(b"x" * 16), Purpose.REVEAL, 1)])
def test_an_older_key_still_verifies_and_one_that_is_gone_does_not(claim: LinkClaim) -> None:
    token = write_token(Keyring({"00000001": b"a" * 32}, "00000001"), claim)
    assert read_token(RING, token) == claim
    assert read_token(Keyring({"00000002": b"b" * 32}, "00000002"), token) is None
    assert read_token(Keyring({"00000001": b"c" * 32}, "00000001"), token) is None
