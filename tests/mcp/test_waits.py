"""wait_for_email over MCP: woken, told of progress, cancelled, lost, resumed."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from daemon.web.mcp import calls
from tests.conftest import Start
from tests.edges.support import DEADLINE_SECONDS, World, a_world, at_once, background, until, waits_active
from tests.inside import DaemonInside
from tests.mcp.support import META, Host, Json, begun, messages, text_of
from tests.support import RunningDaemon, mail

eras = pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])


def waiting(daemon: RunningDaemon, host: Host, address: str, **more: Any) -> Any:
    """Start a wait and return once the daemon has it."""
    before = waits_active(daemon)
    future = background(lambda: host.call("wait_for_email", addr=address, timeout_seconds=120, **more))
    until(lambda: future.done() or waits_active(daemon) == before + 1)
    return future


@eras
def test_a_wait_is_woken_by_its_mail(daemon: RunningDaemon, world: World, modern: bool) -> None:
    host = begun(daemon, world.agent_key, modern=modern)
    wait = waiting(daemon, host, world.address)
    daemon.deliver(world.address)
    assert wait.result(DEADLINE_SECONDS)["structuredContent"]["extracted"]["otp_code"] == "482913"


def test_a_session_waits_for_several_mailboxes_at_once(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.agent_key)
    addresses = [host.data("create_inbox")["address"] for _ in range(5)]
    hosts = [Host(daemon, world.agent_key) for _ in addresses]
    for number, one in enumerate(hosts):
        one.session, one._number = host.session, 100 * (number + 1)  # ids are a session's own
    waits = [waiting(daemon, one, address) for one, address in zip(hosts, addresses, strict=True)]
    at_once(len(addresses), lambda number: daemon.deliver(addresses[number]))
    for wait, address in zip(waits, addresses, strict=True):
        data = wait.result(DEADLINE_SECONDS)["structuredContent"]
        read = host.data("get_message", id=data["message"]["id"])
        assert read["untrusted_content"]["to"] == [address]


@eras
def test_progress_is_told_to_whoever_asks_for_it(
    inside: DaemonInside, monkeypatch: pytest.MonkeyPatch, modern: bool
) -> None:
    monkeypatch.setattr(calls, "PROGRESS_SECONDS", 0.01)
    world = a_world(inside)
    inside.clock.advance(seconds=1)
    host = begun(inside, world.agent_key, modern=modern)
    params: Json = {"name": "wait_for_email", "arguments": {"addr": world.address, "timeout_seconds": 60}}
    with host.asking("tools/call", params | {"_meta": {"progressToken": "mine"}}) as response:
        told = messages(response)
        first, second = (next(told)["params"] for _ in range(2))
        assert first["progressToken"] == second["progressToken"] == "mine"
        assert 0 < first["progress"] < second["progress"] <= second["total"] == 60
        inside.deliver(world.address)
        answer = next(message for message in told if "id" in message)
    assert answer["result"]["structuredContent"]["timed_out"] is False


def test_progress_is_told_often_enough() -> None:
    assert calls.PROGRESS_SECONDS <= 10


def test_a_cancelled_wait_is_freed(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.agent_key)
    before = waits_active(daemon)
    wait = waiting(daemon, host, world.address)
    other = Host(daemon, world.agent_key)
    other.session = host.session
    other.tell("notifications/cancelled", {"requestId": host._number, "reason": "changed my mind"})
    until(lambda: waits_active(daemon) == before)
    with pytest.raises(AssertionError, match="cancelled"):
        wait.result(DEADLINE_SECONDS)


@eras
def test_a_wait_whose_caller_hangs_up_is_freed(daemon: RunningDaemon, world: World, modern: bool) -> None:
    host = begun(daemon, world.agent_key, modern=modern)
    before = waits_active(daemon)
    connection = daemon.connection()
    params: Json = {"name": "wait_for_email", "arguments": {"addr": world.address, "timeout_seconds": 120}}
    if modern:
        params["_meta"] = META
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    connection.request("POST", "/mcp", json.dumps(message).encode(), host._headers(message))
    until(lambda: waits_active(daemon) == before + 1)
    connection.close()
    until(lambda: waits_active(daemon) == before)


def test_a_wait_ends_with_its_session(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.agent_key)
    before = waits_active(daemon)
    wait = waiting(daemon, host, world.address)
    other = Host(daemon, world.agent_key)
    other.session = host.session
    assert other.end() == 200
    until(lambda: waits_active(daemon) == before)
    with pytest.raises(AssertionError):
        wait.result(DEADLINE_SECONDS)


@eras
def test_a_revoked_key_ends_its_wait_with_what_to_do(daemon: RunningDaemon, world: World, modern: bool) -> None:
    host = begun(daemon, world.agent_key, modern=modern)
    before = waits_active(daemon)
    wait = waiting(daemon, host, world.address)
    daemon.operator("DELETE", f"/v1/agent-keys/{world.agent_key_id}")
    result = wait.result(DEADLINE_SECONDS)
    assert result["isError"] is True
    assert text_of(result).startswith("invalid_api_key: ")
    assert "Redeem your enrollment key" in text_of(result)
    assert waits_active(daemon) == before


@eras
def test_a_wait_in_vain_says_how_to_go_on_and_misses_nothing(daemon: RunningDaemon, world: World, modern: bool) -> None:
    host = begun(daemon, world.agent_key, modern=modern)
    vain = host.call("wait_for_email", addr=world.address, subject="Welcome", timeout_seconds=0)
    wait_id = vain["structuredContent"]["wait_id"]
    assert f'wait_id="{wait_id}"' in text_of(vain)
    assert "1 came and did not match: since (1), subject (1)" in text_of(vain)
    daemon.deliver(world.address, None)
    daemon.deliver(world.address, mail(world.address, subject="Welcome", text="Your code is 771177."))
    again = begun(daemon, world.agent_key, modern=modern)
    found = again.data("wait_for_email", addr=world.address, subject="Welcome", wait_id=wait_id, timeout_seconds=0)
    assert found["extracted"]["otp_code"] == "771177"
    once_more = host.data("wait_for_email", addr=world.address, subject="Welcome", wait_id=wait_id)
    assert once_more["message"] == found["message"]


def test_a_lost_connection_can_be_replayed_by_its_session_alone(daemon: RunningDaemon, world: World) -> None:
    """The answer to a request is kept for who lost it; another session's events have the same names, and stay there."""
    hosts = [begun(daemon, world.agent_key) for _ in range(2)]
    made = [host.data("create_inbox")["address"] for host in hosts]
    for host, own, other in zip(hosts, made, reversed(made), strict=True):
        connection = daemon.connection()
        headers = host._headers({}) | {"Last-Event-ID": "3", "Accept": "text/event-stream"}
        del headers["Content-Type"]
        connection.request("GET", "/mcp", None, headers)
        response = connection.getresponse()
        told = next(message for message in messages(response) if "id" in message)
        connection.close()
        assert own in json.dumps(told)
        assert other not in json.dumps(told)


def test_a_stop_ends_what_waits_over_mcp(start: Start) -> None:
    daemon = start()
    world = a_world(daemon)
    waits = [waiting(daemon, begun(daemon, world.agent_key, modern=modern), world.address) for modern in (False, True)]
    held = threading.Event()

    def listen() -> None:
        host = begun(daemon, world.agent_key)
        connection = daemon.connection()
        connection.request("GET", "/mcp", None, host._headers({}) | {"Accept": "text/event-stream"})
        response = connection.getresponse()
        held.set()
        try:
            response.read()
        finally:
            connection.close()

    listener = background(listen)
    assert held.wait(DEADLINE_SECONDS)
    assert daemon.stop() == 0
    assert listener.exception(DEADLINE_SECONDS) is None or listener.done()
    for wait in waits:
        assert wait.exception(DEADLINE_SECONDS) is not None or "backend_unavailable" in text_of(wait.result())
    assert "Traceback" not in daemon.log
