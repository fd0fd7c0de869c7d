"""Mail that was made to cost or to confuse, by SMTP: refused for a stated reason, or stored, listed and marked."""

from __future__ import annotations

import pytest

from tests.edges.support import World, a_world
from tests.edges.test_smtp import stored, stuffed, wire
from tests.mail.hostile import HOSTILE, ON_THE_WIRE
from tests.support import RunningDaemon

REFUSED = {
    "20 MB of one HTML line": 500,
    "a line of 10 MB": 500,
    "100,000 nested tags": 500,
    "20,000 encoded words": 500,
    "32,000 addresses": 500,
    "larger than is taken": 552,
    "bare line feeds": 554,
    "a bare CR at the end of 20 MB": 554,
    "not UTF-8": 554,  # every octet, so the bare line ends, too
}
MARKED = {
    "3,000 nested multiparts",
    "20,000 parts",
    "header without end",
    "10,000 senders",
}
MAILS = HOSTILE | ON_THE_WIRE


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Hostile")


def ended(raw: bytes) -> bytes:
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def newest(daemon: RunningDaemon, world: World) -> str:
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages?limit=1", key=world.agent_key)
    return str(listed.json["data"][0]["id"])


@pytest.mark.parametrize("name", MAILS)
def test_it_is_refused_with_a_reason_or_stored_and_listed(name: str, daemon: RunningDaemon, world: World) -> None:
    before = newest(daemon, world)
    raw = ended(MAILS[name])
    with wire(daemon) as server:
        server.begin(world.address)
        said = server.send(b"".join(stuffed(raw)) + b".\r\n")
        assert said == REFUSED.get(name, 250)
        assert server.send(b"NOOP\r\n") == 250, "the session goes on"
    after = newest(daemon, world)
    if name in REFUSED:
        assert after == before
        return
    assert after != before
    shown = daemon.call("GET", f"/v1/messages/{after}", key=world.agent_key)
    assert shown.status == 200
    assert shown.json["problem"] is not None or name not in MARKED
    kept = daemon.call("GET", f"/v1/messages/{after}/raw", key=world.agent_key).body
    assert kept.endswith(raw)


def test_after_all_of_it_ordinary_mail_comes_in(daemon: RunningDaemon, world: World) -> None:
    daemon.deliver(world.address, b"From: a@foreign.test\r\nSubject: at last\r\n\r\nYour code is 482913.\r\n")
    assert stored(daemon, world)[-1].endswith(b"482913.\r\n")
