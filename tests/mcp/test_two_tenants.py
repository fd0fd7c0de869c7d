"""What is another's does not exist, over MCP as over REST."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from daemon.api.operations import OPERATIONS, Scope
from tests.edges.support import EPOCH, World, a_world, key_with
from tests.mcp.support import begun, text_of
from tests.support import RunningDaemon, mail

AIMED = [operation.tool for operation in OPERATIONS if operation.tool and operation.path_names]
eras = pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])


@pytest.fixture(scope="module")
def ours(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Ours")


@pytest.fixture(scope="module")
def theirs(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Theirs")


def aimed(tool: str, world: World) -> dict[str, Any]:
    """Return a call aimed at the things of a world."""
    given: dict[str, dict[str, Any]] = {
        "get_message": {"id": world.message},
        "reply_email": {"id": world.message, "text": "Hello"},
        "send_email": {"addr": world.address, "to": "a@foreign.test", "subject": "Hello", "text": "Hello"},
        "wait_for_email": {"addr": world.address, "since": EPOCH, "timeout_seconds": 0, "wait_id": world.wait},
    }
    return given.get(tool, {"addr": world.address})


@eras
@pytest.mark.parametrize("tool", AIMED)
@pytest.mark.parametrize("who", ["another tenant's agent", "a sibling"])
def test_what_is_anothers_looks_like_what_is_not_there(
    daemon: RunningDaemon, ours: World, theirs: World, tool: str, who: str, modern: bool
) -> None:
    scopes = [scope.value for scope in Scope]
    key = theirs.agent_key if who != "a sibling" else key_with(daemon, ours, *scopes, handle="sibling")
    host = begun(daemon, key, modern=modern)
    given = aimed(tool, ours)
    nothing = given | {name: "inbox_" + "a" * 24 for name in ("addr", "id") if name in given}
    strange, absent = host.call(tool, **given), host.call(tool, **nothing)
    for result in (strange, absent):
        assert result["isError"] is True
        result["_meta"]["error"].pop("request_id")
    assert strange == absent
    assert strange["_meta"]["error"]["code"] == "not_found"


@eras
def test_lists_and_searches_end_at_their_owner(daemon: RunningDaemon, ours: World, theirs: World, modern: bool) -> None:
    host = begun(daemon, theirs.agent_key, modern=modern)
    told = [host.call("list_inboxes"), host.call("search", q="code"), host.call("whoami")]
    words = {str(value) for name, value in dataclasses.asdict(ours).items() if name not in ("audit_seq", "label")}
    assert not [word for word in words if word in json.dumps(told)]
    assert host.refusal("search", q="code", inbox=ours.address) == "not_found"


def test_another_sessions_wait_id_is_another_wait(daemon: RunningDaemon, ours: World, theirs: World) -> None:
    host = begun(daemon, theirs.agent_key)
    answer = host.data("wait_for_email", addr=theirs.address, wait_id=ours.wait, timeout_seconds=0)
    assert answer["message"] is None or answer["message"]["id"] != ours.message


SECRET = "unmistakable words"


@eras
def test_a_key_for_codes_alone_gets_codes_alone(daemon: RunningDaemon, modern: bool) -> None:
    world = a_world(daemon)
    minted = daemon.enrollment_key(world.tenant, scopes=["mailbox:otp"])
    daemon.operator("PATCH", f"/v1/agents/{world.agent}", {"enrollment_key_id": minted["id"]})
    host = begun(daemon, daemon.operator("POST", f"/v1/agents/{world.agent}/keys", {}).json["agent_key"], modern=modern)
    raw = mail(
        world.address,
        subject=SECRET,
        text=f"{SECRET}\n\nYour verification code is 575757.\n\nusername: bob\npassword: hunter22\n",
        sender=f"{SECRET} <unmistakable@foreign.test>",
    )
    vain = host.data("wait_for_email", addr=world.address, timeout_seconds=0)
    daemon.deliver(world.address, raw)
    found = host.call("wait_for_email", addr=world.address, wait_id=vain["wait_id"], timeout_seconds=5)
    assert found["structuredContent"]["extracted"]["otp_code"] == "575757"
    assert "Code: 575757" in text_of(found)
    for word in ("unmistakable", "hunter22", "bob"):
        assert word not in json.dumps(found)
    for tool in ("list_inboxes", "create_inbox"):
        assert host.refusal(tool) == "scope_denied"
    for tool in ("get_inbox", "read_messages", "list_threads", "delete_inbox"):
        assert host.refusal(tool, addr=world.address) == "scope_denied"
    assert host.refusal("get_message", id=world.message) == "scope_denied"
    assert host.refusal("search", q="code") == "scope_denied"
    for question in ({"regex": "^u"}, {"subject": "unm"}):
        assert host.refusal("wait_for_email", addr=world.address, **question) == "scope_denied"
    assert "error" in host.ask("resources/read", {"uri": f"postern://message/{world.message}"})
    assert host.data("whoami")["scopes"] == ["mailbox:otp"]
