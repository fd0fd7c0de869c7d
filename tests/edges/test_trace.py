"""What is put before a mail (RFC 5321, 4.4), and the end of mail that runs in circles (6.3)."""

from __future__ import annotations

import email
import re
import smtplib
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

import pytest

from tests.edges.support import World, a_world
from tests.edges.test_smtp import HEAD, TIMEOUT_SECONDS, wire
from tests.support import RunningDaemon

RECEIVED = re.compile(r"from (\S+) \(\[(\S+)\]\)\s+by (\S+) with (\S+) id ([a-z2-7]{24})(?: for <(\S+)>)?;\s+(.+)")


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Trace")


def newest(daemon: RunningDaemon, inbox: str, key: str) -> bytes:
    listed = daemon.call("GET", f"/v1/inboxes/{inbox}/messages?limit=1", key=key).json["data"][0]
    return daemon.call("GET", f"/v1/messages/{listed['id']}/raw", key=key).body


def traced(raw: bytes) -> tuple[Message, tuple[str | None, ...]]:
    mail = email.message_from_bytes(raw)
    found = RECEIVED.fullmatch(str(mail["Received"]).replace("\r\n", ""))
    assert found is not None
    return mail, found.groups()


def test_a_mail_carries_whence_and_when_it_came(daemon: RunningDaemon, world: World) -> None:
    with smtplib.SMTP(*daemon.smtp, local_hostname="mail.foreign.test", timeout=TIMEOUT_SECONDS) as server:
        server.sendmail("bounces+1@foreign.test", [world.address], HEAD + b"hello\r\n")
    raw = newest(daemon, world.inbox, world.agent_key)
    assert raw.endswith(HEAD + b"hello\r\n")
    mail, (helo, peer, by, protocol, _, recipient, at) = traced(raw)
    assert list(mail) == ["Return-Path", "Received", "From", "Subject"]
    assert mail["Return-Path"] == "<bounces+1@foreign.test>"
    assert (helo, peer, by, protocol) == ("mail.foreign.test", "127.0.0.1", "mx.postern.test", "ESMTP")
    assert recipient == world.address
    assert abs(parsedate_to_datetime(str(at)) - datetime.now(UTC)) < timedelta(minutes=5)


def test_of_several_recipients_none_is_told(daemon: RunningDaemon, world: World) -> None:
    other = daemon.inbox(world.agent_key)
    daemon.deliver([world.address, other["address"]], HEAD + b"x\r\n", sender="")
    raw = newest(daemon, other["id"], world.agent_key)
    mail, groups = traced(raw)
    assert mail["Return-Path"] == "<>"
    assert groups[5] is None
    assert world.address.encode() not in raw


@pytest.mark.parametrize("hello", [b"HELO plain", b"EHLO a(b)<c>;\tx\x80\xff: y", b"EHLO [IPv6:2001:db8::1]"])
def test_no_greeting_breaks_the_line(hello: bytes, daemon: RunningDaemon, world: World) -> None:
    with wire(daemon) as server:
        assert server.send(hello + b"\r\n") == 250
        server.again(world.address)
        assert server.send(HEAD + b"x\r\n.\r\n") == 250
    mail, groups = traced(newest(daemon, world.inbox, world.agent_key))
    assert mail["Subject"] == "raw"
    assert groups[3] == ("SMTP" if hello.startswith(b"HELO") else "ESMTP")


@pytest.mark.parametrize(("hops", "answer"), [(100, 250), (101, 554)])
def test_a_mail_that_runs_in_circles_is_refused(hops: int, answer: int, daemon: RunningDaemon, world: World) -> None:
    with wire(daemon) as server:
        server.begin(world.address)
        assert server.send(b"rEceived: from a by b;\r\n\tnow\r\n" * hops + HEAD + b"Received: x\r\n.\r\n") == answer
