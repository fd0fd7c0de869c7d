"""What follows DATA, cut into pieces wherever the network likes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.backends.receive import data
from daemon.backends.receive.data import Fault, Incoming

LINE_MAX = 50
ODD = st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"a", b"bc", b"..", b"x" * 30]), max_size=40)
LINES = st.lists(st.sampled_from([b"", b".", b"..", b"a", b".b", b"x" * 49, b"y" * 50, b"z" * 51]), max_size=12)


def taken(wire: bytes, cuts: list[int], octets_max: int = 10_000) -> tuple[Incoming, bytes | None]:
    """Feed `wire` in pieces; return the mail and what was left over, None when it did not end."""
    incoming = Incoming(b"head|", octets_max=octets_max, line_max_octets=LINE_MAX)
    places = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    for at, (start, end) in enumerate(itertools.pairwise(places)):
        rest = incoming.feed(wire[start:end])
        if rest is not None:
            return incoming, rest + wire[places[at + 1] :]
    return incoming, None


def plain_reading(wire: bytes) -> tuple[bytes, bytes] | None:
    """The mail and what follows it, as RFC 5321, 4.1.1.4 and 4.5.2 has it, read at leisure."""
    mail, end, rest = (b"\r\n" + wire).partition(b"\r\n.\r\n")
    if not end:
        return None
    lines = (mail + b"\r\n")[2:].split(b"\r\n")
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines), rest


@pytest.fixture(autouse=True, params=[1, 3, 7, 40])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(data, "PIECE_MAX_OCTETS", request.param)
    return int(request.param)


CUTS = st.lists(st.integers(0, 400), max_size=8)


@pytest.mark.parametrize("ended", [True, False])
def test_it_is_read_the_same_however_it_is_cut(ended: bool) -> None:
    @given(ODD, CUTS)
    def read(pieces: list[bytes], cuts: list[int]) -> None:
        wire = b"".join(pieces) + (b"\r\n.\r\nQUIT\r\n" if ended else b"")
        incoming, rest = taken(wire, cuts)
        expected = plain_reading(wire)
        assert rest == (None if expected is None else expected[1])
        if expected is None:
            return
        mail = expected[0]
        if bare(mail) or longest(mail) > LINE_MAX:
            assert incoming.fault is not None
        else:
            assert incoming.content() == b"head|" + mail

    read()


def bare(mail: bytes) -> bool:
    left = mail.replace(b"\r\n", b"")
    return b"\r" in left or b"\n" in left


def longest(mail: bytes) -> int:
    return max(len(line) for line in mail.split(b"\r\n"))


def test_a_line_over_the_limit_is_refused_and_one_at_it_is_not() -> None:
    @given(LINES, CUTS)
    def read(lines: list[bytes], cuts: list[int]) -> None:
        wire = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"
        incoming, rest = taken(wire, cuts)
        assert rest == b""
        too_long = any(len(line) > LINE_MAX for line in lines)
        assert incoming.fault is (Fault.TOO_LONG_A_LINE if too_long else None)
        if not too_long:
            assert incoming.content() == b"head|" + b"".join(line + b"\r\n" for line in lines)

    read()


@pytest.mark.parametrize(("octets", "fault"), [(20, None), (19, Fault.TOO_MUCH)])
def test_the_size_is_the_mails_own(octets: int, fault: Fault | None) -> None:
    """RFC 1870, 4: neither the dots that were doubled nor the end count; nor does what we put before it."""
    incoming, rest = taken(b"..234567\r\n..12345678\r\n.\r\nNOOP\r\n", [4, 9, 13], octets_max=octets)
    assert rest == b"NOOP\r\n"
    assert incoming.fault is fault
