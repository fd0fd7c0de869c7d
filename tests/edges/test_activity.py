"""What operators follow: a snapshot first, every audit line once and in order, and an end with the key."""

from __future__ import annotations

import pytest

from daemon.errors import Code
from postern_ctl.answers import Refused
from postern_ctl.client import Postern
from postern_ctl.streams import Following, StreamEvent
from tests.conftest import Start
from tests.edges.support import a_world, audit_head, until, waiting, waits_active
from tests.support import RunningDaemon, mail


def local(daemon: RunningDaemon) -> Postern:
    return Postern(socket_path=daemon.ready["socket"])


def until_told(stream: Following, kind: str) -> StreamEvent:
    return next(event for event in stream if event.event == kind)


def test_a_snapshot_comes_first_and_then_each_line(daemon: RunningDaemon) -> None:
    stream = local(daemon).activity.stream()
    first = next(stream)
    assert (first.event, first.data["event"]) == ("stats", "stats")
    stats = first.data["stats"]
    assert stats["problems"] == []
    assert stats["audit_seq"] == audit_head(daemon)
    tenant = daemon.tenant("Followed")
    line = until_told(stream, "audit").data["audit"]
    assert line == daemon.operator("GET", f"/v1/audit/{stats['audit_seq'] + 1}").json
    assert (line["entry"]["action"], line["entry"]["target"]) == ("socket:tenant:create", tenant)
    assert until_told(stream, "stats").data["stats"]["tenants"] == stats["tenants"] + 1
    stream.end()


def test_it_goes_on_after_the_last_one_seen(daemon: RunningDaemon) -> None:
    stream = local(daemon).activity.stream()
    seen = next(stream).id
    stream.end()
    before = audit_head(daemon)
    count = 250  # more than a page
    for number in range(count):
        daemon.tenant(f"Many {number}")
    again = local(daemon).activity.stream(last_event_id=seen)
    seqs = [until_told(again, "audit").data["audit"]["seq"] for _ in range(count)]
    assert seqs == list(range(before + 1, before + count + 1))
    again.end()


def test_mail_and_waits_change_the_snapshot(daemon: RunningDaemon) -> None:
    world = a_world(daemon)
    stream = local(daemon).activity.stream()
    before = next(stream).data["stats"]
    daemon.deliver(world.address, mail(world.address))
    until(lambda: until_told(stream, "stats").data["stats"]["messages"] == before["messages"] + 1)
    waiting(daemon, world.address, world.agent_key)
    until(lambda: until_told(stream, "stats").data["stats"]["waits_active"] == waits_active(daemon) >= 1)
    stream.end()


def test_an_id_of_another_stream_is_refused(daemon: RunningDaemon) -> None:
    with pytest.raises(Refused) as refused:
        next(local(daemon).activity.stream(last_event_id="AAAAAAAAAAc1nFu178Z3"))
    assert refused.value.code is Code.BAD_REQUEST


def test_it_ends_with_the_operators_key(start: Start) -> None:
    running = start()
    made = running.operator("POST", "/v1/operators", {"name": "remote"}).json
    connection = running.connection()
    connection.request("GET", "/v1/activity", headers={"Authorization": f"Bearer {made['operator_key']}"})
    response = connection.getresponse()
    assert response.readline() == b"event: stats\n"
    running.operator("DELETE", f"/v1/operators/{made['id']}")
    assert b'{"reason":"access_ended"}' in response.read()
    connection.close()
