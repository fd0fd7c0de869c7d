"""Whatever comes in: an answer comes out that two libraries can read, or none, and no error of ours.

For longer: `just fuzz-dns`.
"""

from __future__ import annotations

import os
import struct

import dns.message
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from daemon.dns.book import Book
from daemon.dns.careful import Careful
from daemon.dns.counters import Counters
from daemon.dns.front import Front
from daemon.dns.transfer import Transfers
from tests.dns.support import EXAMPLE, zone
from zones.labels import from_text
from zones.packed import pack

EXAMPLES = int(os.environ.get("POSTERN_FUZZ_EXAMPLES", "600"))
BOOK = Book()
BOOK.put(from_text("example.test."), pack(zone(EXAMPLE)))
TRANSFERS = Transfers(BOOK, lambda: 1_700_000_000.0)
TRANSFERS.set_keys({"secondary": "c2VjcmV0"})
CAREFUL = Careful(BOOK, TRANSFERS.answer)
FRONTS = (Front(BOOK, Counters(), tcp=False, table_max=50), Front(BOOK, Counters(), tcp=True, table_max=50))

NAMES = st.sampled_from(
    [
        from_text(f"{name}example.test.")
        for name in (
            "",
            "mx.",
            "alias.",
            "lost.",
            "sub.",
            "a.sub.",
            "x.wild.",
            "ent.",
            "no.",
            "web.",
            "txt97.",
            "huge.",
        )
    ]
    + [b"\0", b"\1a\0", b"\xc0\x0c", b"\x3f" + b"a" * 63 + b"\0", b"\5a\0b\0c" + from_text("example.test."), b"\1", b""]
)
TYPES = st.one_of(
    st.sampled_from([1, 2, 5, 6, 15, 16, 28, 41, 43, 65, 97, 250, 251, 252, 255, 0]), st.integers(0, 65535)
)
OPTIONS = st.lists(
    st.tuples(st.integers(0, 20), st.binary(max_size=45)).map(
        lambda one: struct.pack("!HH", one[0], len(one[1])) + one[1]
    ),
    max_size=3,
).map(b"".join)
RECORDS = st.one_of(
    st.builds(
        lambda name, size, version, flags, options, off: (
            name + struct.pack("!HHBBHH", 41, size, 0, version, flags, max(len(options) + off, 0)) + options
        ),
        st.sampled_from([b"\0", b"\0", b"\0", b"\1a\0"]),
        st.integers(0, 65535),
        st.sampled_from([0, 0, 0, 1, 255]),
        st.integers(0, 65535),
        st.one_of(st.just(b""), OPTIONS, st.binary(max_size=10)),
        st.sampled_from([0, 0, 0, 1, -1]),
    ),
    st.builds(
        lambda name, kind, data: name + struct.pack("!HHIH", kind, 255, 0, len(data)) + data,
        st.sampled_from([b"\x09secondary\0", b"\0", b"\xc0\x0c"]),
        TYPES,
        st.one_of(st.binary(max_size=80), st.just(b"\x0bhmac-sha256\0" + bytes(6) + b"\1\x2c\0\x20" + bytes(38))),
    ),
    st.binary(max_size=30),
)
MESSAGES = st.builds(
    lambda number, first, second, counts, name, kind, rrclass, records, cut: (
        number
        + bytes((first, second))
        + struct.pack("!4H", *counts)
        + name
        + struct.pack("!HH", kind, rrclass)
        + b"".join(records)
    )[: cut or None],
    st.binary(min_size=2, max_size=2),
    st.one_of(st.sampled_from([0, 1, 1, 1]), st.integers(0, 255)),
    st.one_of(st.sampled_from([0, 0x10, 0x20]), st.integers(0, 255)),
    st.one_of(
        st.sampled_from(
            [(1, 0, 0, 0), (1, 0, 0, 1), (1, 0, 0, 1), (1, 0, 0, 2), (1, 0, 1, 1), (0, 0, 0, 1), (2, 0, 0, 0)]
        ),
        st.tuples(*[st.integers(0, 65535)] * 4),
    ),
    NAMES,
    TYPES,
    st.sampled_from([1, 1, 1, 1, 3, 255]),
    st.lists(RECORDS, max_size=2),
    st.sampled_from([0, 0, 0, 0, 13, 17, 30]),
)


def answers(packet: bytes, front: Front) -> list[bytes]:
    """Answer as the listeners do."""
    key = packet[2:].lower()
    entry = front.table.get(key) or front.miss(key, packet[2:])
    if entry is None:
        return list(CAREFUL.answer(packet, "127.0.0.1" if front is FRONTS[1] else None))
    head, tail, at, size, _ = entry
    answer = packet[:2] + head + packet[12:at] + tail
    assert len(answer) == size
    return [answer]


def said(messages: list[bytes]) -> list[str]:
    """Return what messages say: the same may be written with more or less compression.

    All are read as answers to queries: of an update's question dnspython asks more than we do, who refuse it.
    """
    plain = [one[:2] + bytes([one[2] & 0x87]) + one[3:] for one in messages]
    read = [dns.message.from_wire(one, keyring=False, raise_on_truncation=False).to_text() for one in plain]
    return [f"{one[2] & 0x78} {text}" for one, text in zip(messages, read, strict=True)]


@given(st.one_of(MESSAGES, st.binary(max_size=100), st.binary(max_size=600)))
@example(b"\0\1\0\0\0\1\0\0\0\0\0\0\xc0\x0d\x0f\x05\x02\x02\x0c\x14\x13\x02\x01\x0c\x03\x10\x03\xc0\x0c\x02")
@example(b"")
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_whatever_comes_in(packet: bytes) -> None:
    for front in FRONTS:
        first = answers(packet, front)
        assert said(answers(packet, front)) == said(first), "what is remembered is what was found"
        if len(packet) < 12 or packet[2] & 0x80:
            assert not first, "an answer gets no answer"
            continue
        [answer] = first
        assert answer[:2] == packet[:2]
        assert answer[2] & 0x80
        assert answer[3] & 0x70 == 0
        assert answer[2] & 0x79 == packet[2] & 0x79, "opcode and RD are kept"
        assert front is not FRONTS[0] or len(answer) <= 1232
        assert answer[4:6] == b"\0\0" or answer[12:].startswith(packet[12 : packet.find(b"\0", 12)])
        said(first)


@given(MESSAGES)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_an_answer_does_not_depend_on_what_was_asked_before(packet: bytes) -> None:
    fresh = Front(BOOK, Counters(), tcp=False)
    assert said(answers(packet, fresh)) == said(answers(packet, FRONTS[0]))
