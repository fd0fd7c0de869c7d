"""Whom a fetched mail came for: what is read from headers that anybody may have written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.backends.receive.envelope import envelope

LINES = st.sampled_from(
    [
        b"Delivered-To: a@ours.test",
        b"X-Original-To: <b@ours.test>",
        b"Return-Path: <>",
        b"Return-Path: <c@foreign.test>",
        b"Received: from x by y for <d@ours.test>; Mon",
        b"Received: from x\r\n\tby y\r\n\tfor <d+label@ours.test>;\r\n\tMon",
        b"To: (((((",
        b"To: a@ours.test, B <b@ours.test>, undisclosed:;",
        b"Cc: =?utf-8?q?=0D=0A?= <e@ours.test>",
        b"From: F <f@foreign.test>",
        b" folded",
        b"Delivered-To:",
        b"",
        b"\xff\x00: \xff",
    ]
)


@given(st.one_of(st.binary(max_size=300), st.lists(LINES, max_size=30).map(b"\r\n".join)))
def test_it_reads_anything(raw: bytes) -> None:
    sender, groups = envelope(raw)
    assert all(groups)
    assert not any(mark in text for text in [sender, *sum(groups, ())] for mark in "\r\n\0")


@pytest.mark.parametrize(
    ("header", "sender", "groups"),
    [
        (b"Delivered-To: a@ours.test\r\nReturn-Path: <c@foreign.test>", "c@foreign.test", (("a@ours.test",),)),
        (b"Return-Path: <>\r\nFrom: daemon@foreign.test\r\nTo: a@ours.test", "", (("a@ours.test",),)),
        (b"From: F <f@foreign.test>\r\nTo: a@x.test, b@x.test\r\nCc: c@x.test", "f@foreign.test",
         (("a@x.test", "b@x.test", "c@x.test"),)),
        (b"Received: from x by y for <d@ours.test>; Mon\r\nReturn-Path: <forged@x.test>\r\nFrom: f@x.test", "f@x.test",
         (("d@ours.test",),)),
        (b"Delivered-To: all@ours.test\r\nX-Original-To: a@ours.test\r\nTo: list@x.test", "",
         (("all@ours.test",), ("a@ours.test",), ("list@x.test",))),
    ],
)  # fmt: skip
def test_the_surest_comes_first(header: bytes, sender: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert envelope(header + b"\r\n\r\nTo: body@x.test\r\n") == (sender, groups)
    assert envelope(header.replace(b"\r\n", b"\n") + b"\n\nTo: body@x.test\n") == (sender, groups)
