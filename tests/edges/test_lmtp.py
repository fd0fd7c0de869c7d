"""LMTP (RFC 2033), as a relay speaks it: an answer for each recipient, over TCP and over a socket file."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.support import World, a_world
from tests.lmtp import Lmtp
from tests.support import RunningDaemon, mail

KEPT = (250, "2.0.0 Kept")
MESSAGE_MAX_BYTES = 50_000


@pytest.fixture(scope="module", params=["port", "socket"])
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    home = tmp_path_factory.mktemp("l")
    at = "127.0.0.1:0" if request.param == "port" else str(home / "lmtp")
    settings = {"LMTP_LISTEN": at, "MAX_MESSAGE_BYTES": str(MESSAGE_MAX_BYTES)}
    running = RunningDaemon(home / "d", settings).start()
    yield running
    running.stop()
    assert not (home / "lmtp").exists()


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Lmtp")


def lmtp(daemon: RunningDaemon) -> Lmtp:
    at = daemon.ready["lmtp"]
    return Lmtp(Path(at) if "/" in at else int(at.rpartition(":")[2]))


def test_each_recipient_gets_an_answer_of_its_own(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon, "Other")
    entry = {"entry": "@spam.test", "inbox": other.address}
    assert daemon.call("PUT", "/v1/lists/block", entry, key=other.agent_key).status == 200
    nobody = "nobody-there@acme.postern.test"
    label = world.address.replace("@", "+label@")
    raw = mail(world.address, subject="parted", sender="author@spam.test")
    with lmtp(daemon) as client:
        told = client.deliver("bounce@foreign.test", [world.address, nobody, other.address, label], raw)
    assert told == {
        world.address: KEPT,
        nobody: (550, "5.1.1 No such mailbox here"),
        other.address: (550, "5.7.1 Mail from this sender is not accepted"),
        label: KEPT,
    }
    listed = daemon.call("GET", f"/v1/inboxes/{world.address}/messages", key=world.agent_key).json["data"]
    assert [one["subject"] for one in listed].count("parted") == 1


def test_the_trace_says_how_it_came(daemon: RunningDaemon, world: World) -> None:
    with lmtp(daemon) as client:
        assert client.deliver("a@foreign.test", [world.address], mail(world.address)) == {world.address: KEPT}
    newest = daemon.call("GET", f"/v1/inboxes/{world.address}/messages?limit=1", key=world.agent_key).json["data"][0]
    raw = daemon.call("GET", f"/v1/messages/{newest['id']}/raw", key=world.agent_key).body
    assert b" with LMTP id " in raw.split(b"\r\n\r\n")[0]
    assert f" for <{world.address}>;".encode() in raw
    assert b"([127.0.0.1])" in raw


def test_a_mail_that_is_refused_is_refused_to_each(daemon: RunningDaemon, world: World) -> None:
    to = [world.address, world.address.replace("@", "+two@")]
    with lmtp(daemon) as client:
        told = client.deliver("a@foreign.test", to, b"Subject: x\r\n\r\n" + b"x" * 998 * 60)
        assert {code for code, _ in told.values()} == {552}
        assert client.deliver("a@foreign.test", to, mail(to[0])) == dict.fromkeys(to, KEPT)


def test_it_is_not_smtp(daemon: RunningDaemon, world: World) -> None:
    with lmtp(daemon) as client:
        for greeting in ("HELO", "EHLO"):
            assert client.docmd(greeting, "relay.test") == (500, b"5.5.1 This is LMTP: say LHLO")
        assert client.docmd("MAIL", "FROM:<a@foreign.test>")[0] == 503
        assert client.docmd("LHLO", "relay.test")[0] == 250
        assert client.docmd("DATA")[0] == 503


def test_a_socket_file_is_for_the_group_of_the_relay(daemon: RunningDaemon) -> None:
    at = daemon.ready["lmtp"]
    if "/" in at:
        assert stat.S_IMODE(Path(at).stat().st_mode) == 0o660
