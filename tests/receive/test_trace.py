"""The trace lines are two fields, whatever a client claims to be."""

from __future__ import annotations

import email
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.backends.protocols import Arrival
from daemon.backends.receive.trace import HEADER_LOOK_OCTETS, hops, protocol, trace

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def lines(arrival: Arrival, recipient: str | None = None) -> bytes:
    return trace(arrival, by="mx.x.test", protocol="ESMTP", trace_id="id", recipient=recipient, received=NOON)


def test_the_form() -> None:
    arrival = Arrival("ann@foreign.test", "2001:db8::1", "mail.foreign.test")
    assert lines(arrival, "bob@x.test") == (
        b"Return-Path: <ann@foreign.test>\r\n"
        b"Received: from mail.foreign.test ([IPv6:2001:db8::1])\r\n"
        b"\tby mx.x.test with ESMTP id id for <bob@x.test>;\r\n"
        b"\tSat, 31 Jan 2026 12:00:00 +0000\r\n"
    )


@given(st.text(max_size=400), st.text(max_size=600), st.one_of(st.none(), st.text(max_size=600)))
def test_nothing_breaks_out_of_them(helo: str, sender: str, recipient: str | None) -> None:
    raw = lines(Arrival(sender, "192.0.2.1", helo), recipient)
    assert raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n") == 4
    assert max(map(len, raw.split(b"\r\n"))) < 3_000
    mail = email.message_from_bytes(raw + b"\r\n")
    assert mail.keys() == ["Return-Path", "Received"]
    assert raw.endswith(b"12:00:00 +0000\r\n")


@pytest.mark.parametrize(
    ("how", "smtp", "lmtp"),
    [
        ({"extended": False, "encrypted": False, "utf8": False}, "SMTP", "LMTP"),
        ({"extended": True, "encrypted": False, "utf8": False}, "ESMTP", "LMTP"),
        ({"extended": True, "encrypted": True, "utf8": False}, "ESMTPS", "LMTPS"),
        ({"extended": True, "encrypted": True, "utf8": True}, "UTF8SMTPS", "UTF8LMTPS"),
    ],
)
def test_what_was_spoken(how: dict[str, bool], smtp: str, lmtp: str) -> None:
    assert protocol("SMTP", **how) == smtp
    assert protocol("LMTP", **how) == lmtp


def test_hops_are_counted_in_the_header_only() -> None:
    assert hops(b"Received: a\r\nreceived : b\r\nX-Received: c\r\n\r\nReceived: d\r\n") == 2
    assert hops(b"X: y\r\n" * HEADER_LOOK_OCTETS + b"Received: a\r\n") == 0
