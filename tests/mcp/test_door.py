"""Who comes in to MCP, and as whom."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Start
from tests.edges.support import World, a_world, audit_head, audit_since
from tests.mcp.support import Host, Refused, begun
from tests.support import RunningDaemon

ONLY = ["redeem_enrollment"]
eras = pytest.mark.parametrize("modern", [False, True], ids=["2025-11-25", "2026-07-28"])


def refused(host: Host) -> tuple[int, str, str]:
    """Return status, code and message of what the door says."""
    with pytest.raises(Refused) as raised:
        host.ask("tools/list")
    error = json.loads(raised.value.body)["error"]
    return raised.value.status, error["code"], error["message"]


def tools(host: Host) -> list[str]:
    return [tool["name"] for tool in host.ask("tools/list")["result"]["tools"]]


@eras
@pytest.mark.parametrize("local", [False, True], ids=["http", "socket"])
def test_nobody_comes_in_without_a_key(daemon: RunningDaemon, modern: bool, local: bool) -> None:
    """Whoever may open the control socket is the operator everywhere but here."""
    status, code, _ = refused(Host(daemon, None, modern=modern, local=local))
    assert (status, code) == (401, "invalid_api_key")


@eras
@pytest.mark.parametrize("local", [False, True], ids=["http", "socket"])
def test_operator_keys_are_refused_with_what_to_do_and_recorded(
    daemon: RunningDaemon, modern: bool, local: bool
) -> None:
    key = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json["operator_key"]
    before = audit_head(daemon)
    status, code, message = refused(Host(daemon, key, modern=modern, local=local))
    assert (status, code) == (403, "scope_denied")
    assert "no operator key" in message
    assert "Mint an enrollment key" in message
    assert [(line["action"], line["reason"]) for line in audit_since(daemon, before)] == [
        ("mcp:session:open", "scope_denied")
    ]


@eras
@pytest.mark.parametrize("local", [False, True], ids=["http", "socket"])
def test_without_a_key_there_is_redemption_and_nothing_else(
    daemon: RunningDaemon, world: World, modern: bool, local: bool
) -> None:
    host = begun(daemon, None, modern=modern, local=local, path="/mcp/enroll")
    assert tools(host) == ONLY
    assert host.refusal("whoami") == "invalid_api_key"
    assert host.refusal("list_inboxes") == "invalid_api_key"
    assert host.refusal("get_inbox", addr=world.address) == "invalid_api_key"
    assert "error" in host.ask("resources/read", {"uri": f"postern://message/{world.message}"})
    assert host.refusal("redeem_enrollment", enrollment_token="pk_enroll_x_y") == "invalid_enrollment_token"
    told = host.call("redeem_enrollment", enrollment_token=world.enrollment_token, reveal=True)
    key = told["structuredContent"]["agent_key"]
    assert begun(daemon, key, modern=modern).data("whoami")["tenant_id"] == world.tenant


@eras
def test_no_key_lends_authority_where_none_is_needed(daemon: RunningDaemon, modern: bool) -> None:
    key = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json["operator_key"]
    host = begun(daemon, key, modern=modern, path="/mcp/enroll")
    assert tools(host) == ONLY
    assert host.refusal("whoami") == "invalid_api_key"


def test_a_session_begun_with_an_enrollment_key_acts_as_its_agent_once_redeemed(
    daemon: RunningDaemon, world: World
) -> None:
    host = begun(daemon, world.enrollment_token)
    assert host.refusal("whoami") == "invalid_api_key"
    result = host.call("redeem_enrollment", agent_handle="by session")
    assert "pk_agent_" not in json.dumps(result).replace(result["structuredContent"]["agent_key_prefix"], "")
    assert result["structuredContent"]["agent_key"] is None
    me = host.data("whoami")
    assert (me["agent_handle"], me["tenant_id"]) == ("by session", world.tenant)
    assert host.data("create_inbox")["status"] == "live"
    other = begun(daemon, world.enrollment_token)
    assert other.refusal("whoami") == "invalid_api_key"


def test_without_sessions_an_enrollment_key_is_told_how_to_go_on(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.enrollment_token, modern=True)
    told = host.call("redeem_enrollment")
    assert "ask again with reveal" in told["content"][1]["text"]
    assert host.refusal("whoami") == "invalid_api_key"
    revealed = host.data("redeem_enrollment", reveal=True)["agent_key"]
    assert begun(daemon, revealed, modern=True).data("whoami")["agent_handle"] == "default"


def test_the_key_is_behind_the_link_of_its_redemption(daemon: RunningDaemon, world: World) -> None:
    link = begun(daemon, world.enrollment_token).call("redeem_enrollment")["_meta"]["link"]
    assert link["purpose"] == "reveal"
    opened = daemon.call("POST", "/l/" + link["url"].rpartition("/")[2]).json
    assert daemon.call("GET", "/v1/whoami", key=opened["secret"]).status == 200


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_an_enrollment_key_that_ended_opens_nothing(daemon: RunningDaemon, world: World, end: str) -> None:
    if end == "revoked":
        daemon.operator("DELETE", f"/v1/enrollment-tokens/{world.enrollment_key}")
    else:
        daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"suspended": True})
    status, code, _ = refused(Host(daemon, world.enrollment_token))
    assert (status, code) == (401, "enrollment_token_revoked" if end == "revoked" else "invalid_enrollment_token")


def test_a_stolen_session_id_is_worth_nothing(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.enrollment_token)
    host.call("redeem_enrollment")
    thief = a_world(daemon, "Thief")
    for key, modern, status in (
        (None, False, 401),
        (thief.agent_key, False, 404),
        (thief.enrollment_token, False, 404),
    ):
        stolen = Host(daemon, key, modern=modern)
        stolen.session = host.session
        with pytest.raises(Refused) as raised:
            stolen.call("whoami")
        assert raised.value.status == status
        assert stolen.end() == status
    for key in (thief.agent_key, thief.enrollment_token):
        stolen = Host(daemon, key, modern=True)  # the stateless protocol does not look at sessions
        stolen.session = host.session
        assert world.tenant not in json.dumps(stolen.call("whoami"))
    assert host.data("whoami")["tenant_id"] == world.tenant


def test_a_session_is_of_one_key_even_of_one_agent(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.agent_key)
    host.key = daemon.operator("POST", f"/v1/agents/{world.agent}/keys", {}).json["agent_key"]
    with pytest.raises(Refused) as raised:
        host.call("whoami")
    assert raised.value.status == 404


@eras
def test_a_key_that_was_revoked_is_refused_at_its_next_request(
    daemon: RunningDaemon, world: World, modern: bool
) -> None:
    host = begun(daemon, world.agent_key, modern=modern)
    assert host.data("whoami")["agent_id"] == world.agent
    daemon.operator("DELETE", f"/v1/agent-keys/{world.agent_key_id}")
    status, code, _ = refused(host)
    assert (status, code) == (401, "invalid_api_key")


def test_what_a_session_redeemed_ends_with_its_agent(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.enrollment_token)
    agent = host.data("redeem_enrollment", agent_handle="to be disabled")["agent_id"]
    daemon.operator("PATCH", f"/v1/agents/{agent}", {"disabled": True})
    assert host.refusal("whoami") == "invalid_api_key"


def test_an_ended_session_is_gone(daemon: RunningDaemon, world: World) -> None:
    host = begun(daemon, world.agent_key)
    assert host.end() == 200
    with pytest.raises(Refused) as raised:
        host.call("whoami")
    assert raised.value.status == 404


@eras
@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Host", "evil.example", 421),
        ("Host", "127.0.0.1.evil.example", 421),
        ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403),
        ("Origin", "http://localhost.evil.example", 403),
        ("Origin", "http://localhost:3000", 200),
    ],
)
def test_pages_of_other_origins_get_nothing(
    daemon: RunningDaemon, world: World, modern: bool, name: str, value: str, status: int
) -> None:
    for host in (Host(daemon, world.agent_key, modern=modern), Host(daemon, None, modern=modern, path="/mcp/enroll")):
        host.headers = {name: value}
        if status == 200:
            assert tools(begun(daemon, host.key, modern=modern, path=host.path))
            continue
        with pytest.raises(Refused) as raised:
            host.ask("initialize" if not modern else "tools/list", {"protocolVersion": "2025-11-25"})
        assert raised.value.status == status


def test_the_public_url_is_let_in(start: Start) -> None:
    daemon = start(PUBLIC_URL="https://mail.example.org")
    host = Host(daemon, a_world(daemon).agent_key, modern=True)
    host.headers = {"Host": "mail.example.org", "Origin": "https://mail.example.org"}
    assert "result" in host.ask("tools/list")
    host.headers = {"Host": "other.example.org"}
    with pytest.raises(Refused):
        host.ask("tools/list")
