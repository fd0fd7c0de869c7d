"""`posternctl mcp`: the same surface by pipes, with no more authority than the key that it is given."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import Start
from tests.edges.support import World, a_world, background, until, waits_active
from tests.mcp.support import CLIENT, LEGACY, META, Host, Stdio, begun, text_of
from tests.support import BARE_ENV, RunningDaemon

Begin = Callable[..., Stdio]
ONLY = ["redeem_enrollment"]


def test_without_a_key_there_is_redemption_and_nothing_else(stdio: Begin, world: World) -> None:
    """It talks to the control socket, whose authority everything else of posternctl has."""
    host = stdio()
    assert host.begin()["result"]["capabilities"]["tools"]["listChanged"] is True
    assert host.tools() == ONLY
    for tool, given in (("whoami", {}), ("list_inboxes", {}), ("get_inbox", {"addr": world.address})):
        result = host.call(tool, **given)
        assert result["isError"] is True
        assert text_of(result).startswith("invalid_api_key: ")
    assert host.close() == (0, "")


@pytest.mark.parametrize("over_http", [False, True], ids=["socket", "http"])
def test_after_redeeming_all_tools_are_there_and_no_key_is_told(
    daemon: RunningDaemon, stdio: Begin, world: World, over_http: bool
) -> None:
    host = stdio(**({"POSTERN_API_BASE_URL": daemon.http} if over_http else {}))
    host.begin()
    told = host.call("redeem_enrollment", enrollment_token=world.enrollment_token, agent_handle="by pipes")
    assert "postern/agent_key" not in json.dumps(told)
    assert told["structuredContent"]["agent_key"] is None
    assert host.read() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    assert len(host.tools()) > 10
    assert host.call("whoami")["structuredContent"]["agent_handle"] == "by pipes"
    address = host.call("create_inbox")["structuredContent"]["address"]
    asked = host.send("tools/call", {"name": "wait_for_email", "arguments": {"addr": address}})
    until(lambda: waits_active(daemon) >= 1)
    daemon.deliver(address)
    answer = host.answer()
    assert answer["id"] == asked
    assert answer["result"]["structuredContent"]["extracted"]["otp_code"] == "482913"
    assert host.close() == (0, "")


def test_a_revealed_key_is_told_to_whoever_asks(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    host = stdio()
    host.begin()
    told = host.call("redeem_enrollment", enrollment_token=world.enrollment_token, reveal=True)
    key = told["structuredContent"]["agent_key"]
    assert daemon.call("GET", "/v1/whoami", key=key).status == 200


def test_an_operators_key_is_refused_at_the_start(daemon: RunningDaemon, stdio: Begin) -> None:
    key = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json["operator_key"]
    code, said = stdio(key).close()
    assert code == 5
    assert said.startswith("posternctl: MCP takes no operator key")
    assert key not in said


def test_an_agents_key_is_that_agent(stdio: Begin, world: World) -> None:
    host = stdio(world.agent_key)
    host.begin()
    assert host.call("whoami")["structuredContent"]["agent_id"] == world.agent


def test_an_enrollment_key_is_redeemed_by_itself(stdio: Begin, world: World) -> None:
    host = stdio(world.enrollment_token, "--handle", "from the environment")
    host.begin()
    assert len(host.tools()) > 10
    me = host.call("whoami")["structuredContent"]
    assert (me["agent_handle"], me["tenant_id"]) == ("from the environment", world.tenant)


def test_a_key_that_ends_is_renewed_with_the_enrollment_key(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    host = stdio(world.enrollment_token)
    host.begin()
    first = host.call("whoami")["structuredContent"]["key_id"]
    daemon.operator("DELETE", f"/v1/agent-keys/{first}")
    assert host.call("whoami")["structuredContent"]["key_id"] != first


def test_a_key_that_ends_leaves_redemption(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    host = stdio(world.agent_key)
    host.begin()
    assert host.call("whoami")["structuredContent"]["agent_id"] == world.agent
    daemon.operator("DELETE", f"/v1/agent-keys/{world.agent_key_id}")
    assert text_of(host.call("whoami")).startswith("invalid_api_key: ")
    assert host.tools() == ONLY
    host.call("redeem_enrollment", enrollment_token=world.enrollment_token, agent_handle="another")
    assert host.call("whoami")["structuredContent"]["agent_handle"] == "another"


def test_an_enrollment_key_that_ended_is_told_of(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    daemon.operator("DELETE", f"/v1/enrollment-tokens/{world.enrollment_key}")
    error = stdio(world.enrollment_token).begin()["error"]
    assert error["message"].startswith("enrollment_token_revoked: ")


def test_cancelling_and_leaving_free_their_waits(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    before = waits_active(daemon)
    host = stdio(world.agent_key)
    host.begin()
    params = {"name": "wait_for_email", "arguments": {"addr": world.address, "timeout_seconds": 120}}
    asked = host.send("tools/call", params)
    until(lambda: waits_active(daemon) == before + 1)
    host.tell("notifications/cancelled", {"requestId": asked})
    until(lambda: waits_active(daemon) == before)
    for _ in range(3):
        host.send("tools/call", params)
    until(lambda: waits_active(daemon) == before + 3)
    assert host.close()[0] == 0
    until(lambda: waits_active(daemon) == before)


def test_a_host_that_is_killed_leaves_no_wait(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    before = waits_active(daemon)
    host = stdio(world.agent_key)
    host.begin()
    host.send("tools/call", {"name": "wait_for_email", "arguments": {"addr": world.address, "timeout_seconds": 120}})
    until(lambda: waits_active(daemon) == before + 1)
    host.process.send_signal(signal.SIGKILL)
    host.process.communicate()
    until(lambda: waits_active(daemon) == before)


def test_hosts_of_the_stateless_protocol_are_served_and_cancel_by_hanging_up(
    daemon: RunningDaemon, stdio: Begin, world: World
) -> None:
    before = waits_active(daemon)
    host = stdio(world.agent_key)
    assert "2026-07-28" in host.ask("server/discover", {"_meta": META})["result"]["supportedVersions"]
    listed = host.ask("tools/list", {"_meta": META})["result"]
    assert (len(listed["tools"]) > 10, listed["resultType"]) == (True, "complete")
    params = {"name": "wait_for_email", "arguments": {"addr": world.address, "timeout_seconds": 120}, "_meta": META}
    asked = host.send("tools/call", params)
    until(lambda: waits_active(daemon) == before + 1)
    host.tell("notifications/cancelled", {"requestId": asked})
    until(lambda: waits_active(daemon) == before)
    named = {"name": "get_inbox", "arguments": {"addr": "straße@bücher.test"}, "_meta": META}
    assert any(host.answer()["id"] == one for one in (asked, host.send("tools/call", named)))


def test_a_restart_of_the_daemon_goes_unnoticed(start: Start) -> None:
    daemon = start()
    world = a_world(daemon)
    host = Stdio(daemon.env | {"POSTERN_API_KEY": world.agent_key})
    host.begin()
    assert host.call("whoami")["structuredContent"]["agent_id"] == world.agent
    daemon.stop()
    result = host.call("whoami")
    assert result["isError"] is True
    assert text_of(result).startswith("unreachable: ")
    daemon.start()
    assert host.call("whoami")["structuredContent"]["agent_id"] == world.agent
    host.close()


def test_nobody_there_is_told_by_protocol_and_by_result() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        host = Stdio(BARE_ENV | {"POSTERN_API_BASE_URL": url, "POSTERN_API_KEY": "pk_agent_a_b"})
        assert "Is the daemon running?" in host.begin()["error"]["message"]
        assert "Is the daemon running?" in text_of(host.call("whoami"))
        host.close()


def test_what_is_no_message_is_answered_and_survived(stdio: Begin, world: World) -> None:
    host = stdio(world.agent_key)
    assert host.process.stdin is not None
    for line, code in (("no json\n", -32700), ("[]\n", -32600), ('"text"\n', -32600), ("\n{\n", -32700)):
        host.process.stdin.write(line)
        host.process.stdin.flush()
        assert host.read()["error"]["code"] == code
    host.begin()
    assert host.ask("no/such/method")["error"]["code"] == -32601
    assert host.tools()


def test_stdin_is_the_hosts(daemon: RunningDaemon) -> None:
    done = daemon.ctl("mcp", "--api-key-stdin", check=False, input="pk_agent_a_b\n")
    assert (done.returncode, done.stdout) == (2, "")


def test_it_starts_without_anything_heavy(daemon: RunningDaemon) -> None:
    code = "import json, sys; from postern_ctl.cli import run; run(['mcp']); print(json.dumps(sorted(sys.modules)))"
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize"}
    params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=daemon.env,
        input=json.dumps(hello | {"params": params}) + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer, loaded = map(json.loads, done.stdout.splitlines())
    assert answer["result"]["serverInfo"]["name"] == "postern"
    assert not set(loaded) & {"mcp", "pydantic", "aiohttp", "rich", "anyio", "starlette"}


def test_both_ways_in_offer_the_same(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    over_http = begun(daemon, world.agent_key).ask("tools/list")["result"]["tools"]
    host = stdio(world.agent_key)
    host.begin()
    assert host.ask("tools/list")["result"]["tools"] == over_http


def test_many_requests_at_once_are_answered_each(daemon: RunningDaemon, stdio: Begin, world: World) -> None:
    host = stdio(world.agent_key)
    host.begin()
    asked = {host.send("tools/call", {"name": "whoami", "arguments": {}}) for _ in range(100)}
    answers = background(lambda: [host.answer() for _ in asked]).result(60)
    assert {answer["id"] for answer in answers} == asked
    assert all(answer["result"]["structuredContent"]["agent_id"] == world.agent for answer in answers)
    assert Host(daemon, world.agent_key).begin()
