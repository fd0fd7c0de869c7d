"""The stream of events: nothing missed, nothing twice, and an end with a reason."""

from __future__ import annotations

import json
import random
import select
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from types import SimpleNamespace
from typing import Any

import pytest

import daemon.service.telling.events
import daemon.web.streams
from daemon.service.housekeeping import EVENT_KEPT_DAYS
from daemon.store import events
from daemon.store.database import Tx
from tests.conftest import Start
from tests.edges.support import DEADLINE_SECONDS, World, a_world, background, key_with, looked_up, until
from tests.inside import DaemonInside
from tests.support import RunningDaemon, mail


class Stream:
    """A stream that is open."""

    def __init__(self, response: HTTPResponse) -> None:
        self.response = response

    def block(self) -> dict[str, str]:
        """Return the next block as its fields; a comment is the field with no name. Empty at the end."""
        fields: dict[str, str] = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        return fields

    def event(self) -> tuple[str, str, Any]:
        """Return id, name and data of the next event."""
        while "data" not in (fields := self.block()):
            assert fields, "the stream ended"
        return fields.get("id", ""), fields["event"], json.loads(fields["data"])


@contextmanager
def following(
    daemon: RunningDaemon, key: str | None, last_id: str | None = None, query: str = "", name: str = "Last-Event-ID"
) -> Iterator[Stream]:
    """Open a stream; it is live when this returns."""
    connection = daemon.connection(local=key is None)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    connection.request("GET", f"/v1/events{query}", headers=headers | ({name: last_id} if last_id else {}))
    response = connection.getresponse()
    assert response.status == 200, response.read()
    stream = Stream(response)
    assert "id" in stream.block()
    try:
        yield stream
    finally:
        response.close()
        connection.close()


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon)


def deliver(daemon: RunningDaemon, world: World, subject: str) -> None:
    daemon.deliver(world.address, mail(world.address, subject=subject))


def test_an_event_is_told_as_a_webhook_would(daemon: RunningDaemon, world: World) -> None:
    with following(daemon, world.agent_key) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-store"
        assert stream.response.headers["X-Postern-Request-Id"]
        deliver(daemon, world, "data: [DONE] id: 7 ü")
        _, name, data = stream.event()
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"][0]
    fields = ("id", "thread_id", "from", "subject", "received_at")
    assert (name, data["inbox"]) == ("message.received", world.address)
    assert data["message"] == {field: listed[field] for field in fields}


def test_the_head_comes_when_nothing_is_missed_any_more(inside: DaemonInside, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(inside)
    looking, go_on = threading.Event(), threading.Event()

    def last_n(conn: sqlite3.Connection) -> int:
        looking.set()
        go_on.wait(DEADLINE_SECONDS)
        return events.last_n(conn)

    monkeypatch.setattr(daemon.service.telling.events, "events", SimpleNamespace(**vars(events) | {"last_n": last_n}))
    connection = inside.connection()
    connection.request("GET", "/v1/events", headers={"Authorization": f"Bearer {world.agent_key}"})
    assert looking.wait(DEADLINE_SECONDS)
    assert select.select([connection.sock], [], [], 0)[0] == []
    go_on.set()
    stream = Stream(connection.getresponse())
    assert "id" in stream.block()
    connection.close()


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_goes_on_after_the_last_event_with_nothing_missed_and_nothing_twice(
    how: str, daemon: RunningDaemon, world: World
) -> None:
    def after(last: str) -> dict[str, str]:
        return {"last_id": last} if how == "header" else {"query": f"?last_event_id={last}"}

    with following(daemon, world.agent_key) as stream:
        deliver(daemon, world, "0")
        deliver(daemon, world, "1")
        first, _, data = stream.event()
        assert data["message"]["subject"] == "0"
    deliver(daemon, world, "2")
    with following(daemon, world.agent_key, **after(first)) as stream:
        deliver(daemon, world, "3")
        told = [stream.event() for _ in range(3)]
        assert [data["message"]["subject"] for _, _, data in told] == ["1", "2", "3"]
    with following(daemon, world.agent_key, **after(told[-1][0])) as stream:
        deliver(daemon, world, "4")
        assert stream.event()[2]["message"]["subject"] == "4"


def test_who_comes_and_goes_at_random_while_mail_pours_in_sees_each_once(daemon: RunningDaemon, world: World) -> None:
    count, dice = 120, random.Random(5)
    with following(daemon, world.agent_key) as stream:
        deliver(daemon, world, "-1")
        last = stream.event()[0]

    def pour() -> None:
        for number in range(count):
            deliver(daemon, world, str(number))

    pouring, seen = background(pour), list[int]()
    while len(seen) < count:
        with following(daemon, world.agent_key, last) as stream:
            for _ in range(min(dice.randint(1, 25), count - len(seen))):
                last, _, data = stream.event()
                seen.append(int(data["message"]["subject"]))
    pouring.result(30)
    assert seen == list(range(count))


def test_an_agent_sees_its_own_and_an_operator_all_or_a_tenants(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon)
    sibling = key_with(daemon, world, "mailbox:read")
    with (
        following(daemon, world.agent_key) as own,
        following(daemon, sibling) as siblings,
        following(daemon, None) as all_,
        following(daemon, None, query=f"?tenant={other.tenant}") as theirs,
        following(daemon, world.agent_key, query=f"?tenant={other.tenant}") as curious,
    ):
        deliver(daemon, other, "theirs")
        deliver(daemon, world, "ours")
        for stream in (own, curious):
            assert stream.event()[2]["message"]["subject"] == "ours"
        assert [all_.event()[2]["message"]["subject"] for _ in range(2)] == ["theirs", "ours"]
        assert theirs.event()[2]["message"]["subject"] == "theirs"
        inbox = daemon.inbox(sibling_creator(daemon, world))
        daemon.deliver(inbox["address"])
        assert all_.event()[2]["inbox"] == inbox["address"]
        end(daemon, sibling)
        assert siblings.event()[1] == "end", "and of all that nothing"


def sibling_creator(daemon: RunningDaemon, world: World) -> str:
    return key_with(daemon, world, "mailbox:create", handle="creator")


def end(daemon: RunningDaemon, key: str) -> None:
    assert daemon.operator("DELETE", f"/v1/agent-keys/{key.split('_')[2]}").status == 200


def test_a_stream_ends_when_its_key_its_agent_or_its_tenant_does(daemon: RunningDaemon) -> None:
    for ending in ("key", "agent", "tenant"):
        world = a_world(daemon)
        with following(daemon, world.agent_key) as stream:
            if ending == "key":
                end(daemon, world.agent_key)
            elif ending == "agent":
                daemon.operator("PATCH", f"/v1/agents/{world.agent}", {"disabled": True})
            else:
                daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"suspended": True})
            assert stream.event() == ("", "end", {"reason": "access_ended"})
            assert stream.block() == {}, "and the connection is closed"


def test_a_remote_operators_stream_ends_with_its_key(daemon: RunningDaemon) -> None:
    operator = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json
    with following(daemon, operator["operator_key"]) as stream:
        daemon.operator("DELETE", f"/v1/operators/{operator['id']}")
        assert stream.event()[2] == {"reason": "access_ended"}


def test_a_daemon_that_stops_says_so_at_once(start: Start) -> None:
    stopping = start()
    with following(stopping, None) as stream:
        assert stopping.stop() == 0
        assert stream.event()[2] == {"reason": "stopping"}


def test_a_message_that_was_deleted_is_passed_over(daemon: RunningDaemon, world: World) -> None:
    with following(daemon, world.agent_key) as stream:
        deliver(daemon, world, "before")
        last, _, _ = stream.event()
    deliver(daemon, world, "deleted")
    message = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"][0]["id"]
    daemon.call("DELETE", f"/v1/messages/{message}", key=world.agent_key)
    deliver(daemon, world, "after")
    with following(daemon, world.agent_key, last) as stream:
        assert stream.event()[2]["message"]["subject"] == "after"


def test_an_id_of_another_is_no_id(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon)
    with following(daemon, other.agent_key) as stream:
        deliver(daemon, other, "x")
        theirs = stream.event()[0]
    for last in (theirs, "1", "x" * 40, "ü"):
        answer = daemon.call(
            "GET", "/v1/events", key=world.agent_key, headers={"Last-Event-ID": last.encode().decode("latin-1")}
        )
        assert (answer.status, answer.code) == (400, "bad_request")
    assert daemon.call("GET", f"/v1/events?last_event_id={'x' * 101}", key=world.agent_key).status == 422


# --------------------------------------------------------------------------------------------------- by a clock of ours


def test_events_that_are_kept_no_more_are_not_passed_over_in_silence(inside: DaemonInside) -> None:
    world = a_world(inside)
    with following(inside, None) as stream:
        deliver(inside, world, "0")
        last = stream.event()[0]
    deliver(inside, world, "1")
    inside.clock.advance(days=EVENT_KEPT_DAYS + 1)
    inside.run(inside.services.housekeeping.sweep())
    assert looked_up(inside, "SELECT count(*) FROM events") == [(0,)]
    answer = inside.operator("GET", "/v1/events", headers={"Last-Event-ID": last})
    assert (answer.status, answer.code) == (410, "gone")


def test_a_key_that_expires_ends_its_stream(inside: DaemonInside) -> None:
    world = a_world(inside)
    with following(inside, world.agent_key) as stream:
        inside.clock.advance(days=2)
        deliver(inside, world, "too late")
        assert stream.event() == ("", "end", {"reason": "access_ended"})


def test_silence_is_filled_with_comments_that_move_the_id_on(
    inside: DaemonInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, other = a_world(inside), a_world(inside)
    with following(inside, world.agent_key) as stream:
        deliver(inside, world, "a")
        last = stream.event()[0]
        deliver(inside, other, "of no concern")
        inside.clock.advance(seconds=daemon.service.telling.events.HEARTBEAT_SECONDS)
        deliver(inside, world, "b")
        assert stream.event()[2]["message"]["subject"] == "b"
        beat = stream.block()
        assert beat[""] == "alive"
        assert beat["id"] != last
    with following(inside, world.agent_key, beat["id"]) as stream:
        deliver(inside, world, "c")
        assert stream.event()[2]["message"]["subject"] == "c"


def test_a_reader_that_takes_nothing_is_dropped_with_a_reason_and_can_go_on(
    inside: DaemonInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon.web.streams, "READER_LAGS_MAX_SECONDS", 0.2)
    world = a_world(inside)
    with following(inside, None) as stream:
        deliver(inside, world, "first")
        last = stream.event()[0]
    count = 4_000
    deliver(inside, world, "x" * 5_000)
    ((message,),) = looked_up(inside, "SELECT id FROM messages ORDER BY n DESC LIMIT 1")

    def pour(tx: Tx) -> None:
        for _ in range(count):
            events.add(tx, "message.received", world.tenant, world.inbox, message)

    inside.run(inside.services.events._database.write(pour))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", int(inside.ready["http"].rpartition(":")[2])))
        operator = inside.operator("POST", "/v1/operators", {"name": "slow"}).json["operator_key"]
        request = (
            f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {operator}\r\nLast-Event-ID: {last}\r\n\r\n"
        )
        until(lambda: subscribed(inside) == 1)  # the stream before has ended: only the dispatcher is left
        connection.sendall(request.encode())
        until(lambda: subscribed(inside) == 2)
        until(lambda: subscribed(inside) == 1)
        told = b""
        try:
            while piece := connection.recv(1 << 20):
                told += piece
        except ConnectionResetError:
            pass
    assert told.count(b"event: message.received") < count
    assert b'{"reason":"too_slow"}' in told


def subscribed(inside: DaemonInside) -> int:
    """Return how many are subscribed to what happens; ask the daemon something, so that it gets on."""
    inside.operator("GET", "/v1/stats")
    return len(inside.services.events._bus._by_topic.get("events", ()))
