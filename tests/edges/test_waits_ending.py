from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Start
from tests.edges.support import World, a_world, answer_of, until, waiting, waits_active
from tests.inside import DaemonInside
from tests.support import RunningDaemon

End = Callable[[RunningDaemon, World], object]

ENDS: dict[str, tuple[End, int, str]] = {
    "the key is revoked": (
        lambda daemon, w: daemon.operator("DELETE", f"/v1/agent-keys/{w.agent_key_id}"),
        401,
        "invalid_api_key",
    ),
    "the agent is disabled": (
        lambda daemon, w: daemon.operator("PATCH", f"/v1/agents/{w.agent}", {"disabled": True}),
        401,
        "invalid_api_key",
    ),
    "the tenant is suspended": (
        lambda daemon, w: daemon.operator("PATCH", f"/v1/tenants/{w.tenant}", {"suspended": True}),
        401,
        "invalid_api_key",
    ),
    "the tenant is deleted": (
        lambda daemon, w: daemon.operator("DELETE", f"/v1/tenants/{w.tenant}?confirm={w.tenant}"),
        404,
        "not_found",
    ),
    "the mailbox is deleted": (
        lambda daemon, w: daemon.call("DELETE", f"/v1/inboxes/{w.inbox}", key=w.agent_key),
        404,
        "not_found",
    ),
}


@pytest.mark.parametrize("why", ENDS)
def test_a_wait_ends_at_once_when(why: str, daemon: RunningDaemon) -> None:
    end, status, code = ENDS[why]
    world = a_world(daemon)
    before = waits_active(daemon)
    wait = waiting(daemon, world.address, world.agent_key, timeout_seconds=300)
    end(daemon, world)
    answer = answer_of(wait)
    assert (answer.status, answer.code) == (status, code)
    assert waits_active(daemon) == before


@pytest.mark.parametrize("why", ["the tenant is deleted", "the mailbox is deleted"])
def test_an_operators_wait_ends_with_the_mailbox(why: str, daemon: RunningDaemon) -> None:
    world = a_world(daemon)
    wait = waiting(daemon, world.address, None, timeout_seconds=300)
    ENDS[why][0](daemon, world)
    assert answer_of(wait).status == 404


def test_an_operators_wait_ends_with_its_key(daemon: RunningDaemon) -> None:
    world = a_world(daemon)
    made = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json
    wait = waiting(daemon, world.address, made["operator_key"], timeout_seconds=300)
    daemon.operator("DELETE", f"/v1/operators/{made['id']}")
    assert answer_of(wait).status == 401


def test_other_waits_go_on(daemon: RunningDaemon) -> None:
    world = a_world(daemon)
    further = daemon.operator("POST", f"/v1/agents/{world.agent}/keys", {}).json["agent_key"]
    ended = waiting(daemon, world.address, world.agent_key)
    going_on = waiting(daemon, world.address, further)
    daemon.operator("DELETE", f"/v1/agent-keys/{world.agent_key_id}")
    daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"name": "Renamed"})
    daemon.operator("PATCH", f"/v1/agents/{world.agent}", {"disabled": False})
    assert answer_of(ended).status == 401
    assert not going_on.done()
    daemon.deliver(world.address)
    assert answer_of(going_on).json["timed_out"] is False


def test_a_wait_ends_when_its_key_expires(inside: DaemonInside) -> None:
    world = a_world(inside)
    inside.clock.advance(days=1, seconds=-0.2)
    wait = waiting(inside, world.address, world.agent_key, timeout_seconds=300)
    answer = answer_of(wait)
    assert (answer.status, answer.code) == (401, "invalid_api_key")


def test_a_stop_answers_every_wait_with_try_again(start: Start) -> None:
    daemon = start()
    world = a_world(daemon)
    waits = [waiting(daemon, world.address, world.agent_key, timeout_seconds=300) for _ in range(5)]
    waits.append(waiting(daemon, world.address, None, timeout_seconds=300))
    until(lambda: waits_active(daemon) == 6)
    assert daemon.stop() == 0
    for wait in waits:
        answer = answer_of(wait)
        assert (answer.status, answer.code) == (503, "backend_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert "Traceback" not in daemon.log
