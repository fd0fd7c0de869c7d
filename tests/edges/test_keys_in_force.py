from __future__ import annotations

import os
from typing import Any

import pytest

import daemon.web.peer
from daemon.clock import iso, parse_iso
from tests.conftest import Start
from tests.inside import DaemonInside
from tests.support import RunningDaemon, mail

HOUR_MS = 3_600_000


def mintable(daemon: RunningDaemon, **more: Any) -> dict[str, Any]:
    return {"tenant": (tenant := daemon.tenant()), **daemon.enrollment_key(tenant, **more)}


def works(daemon: RunningDaemon, key: str) -> bool:
    answer = daemon.call("GET", "/v1/whoami", key=key)
    assert answer.status == 200 or (answer.status, answer.code) == (401, "invalid_api_key")
    return answer.status == 200


def test_an_agent_key_expires_no_later_than_its_enrollment_key(daemon: RunningDaemon) -> None:
    soon = iso(parse_iso(daemon.operator("GET", "/v1/stats").json["started_at"]) + HOUR_MS)
    agent = daemon.agent(expires_at=soon)
    assert agent["expires_at"] == soon
    further = daemon.operator("POST", f"/v1/agents/{agent['agent_id']}/keys", {"expires_at": "2999-01-01T00:00:00Z"})
    assert further.json["expires_at"] == soon


def test_an_agent_key_lives_as_long_as_the_setting_says(start: Start) -> None:
    daemon = start(AGENT_KEY_TTL="90s")
    agent = daemon.agent(expires_at="2999-01-01T00:00:00Z")
    keys = daemon.operator("GET", f"/v1/agents/{agent['agent_id']}/keys").json["data"]
    assert parse_iso(keys[0]["expires_at"]) - parse_iso(keys[0]["created_at"]) == 90_000


def test_an_expired_key_and_an_expired_token_are_refused(inside: DaemonInside) -> None:
    minted = mintable(inside, expires_at=iso(inside.clock.now_ms() + 48 * HOUR_MS))
    body = {"enrollment_token": minted["enrollment_token"]}
    key = inside.call("POST", "/v1/enroll", body).json["agent_key"]
    inside.clock.advance(days=1, seconds=-0.001)
    assert works(inside, key)
    inside.clock.advance(seconds=0.001)
    assert not works(inside, key)
    assert inside.call("POST", "/v1/enroll", body).status == 200
    inside.clock.advance(days=1)
    refused = inside.call("POST", "/v1/enroll", body)
    assert (refused.status, refused.code) == (401, "enrollment_token_expired")


def test_revoking_one_key_touches_no_other(daemon: RunningDaemon) -> None:
    minted = mintable(daemon)
    body = {"enrollment_token": minted["enrollment_token"]}
    one, two = (daemon.call("POST", "/v1/enroll", body).json for _ in range(2))
    inbox = daemon.inbox(one["agent_key"])
    assert daemon.operator("DELETE", f"/v1/agent-keys/{one['agent_key'].split('_')[2]}").json["revoked"] is True
    assert not works(daemon, one["agent_key"])
    assert works(daemon, two["agent_key"])
    assert daemon.call("GET", f"/v1/inboxes/{inbox['address']}", key=two["agent_key"]).status == 200
    assert works(daemon, daemon.call("POST", "/v1/enroll", body).json["agent_key"])


def test_a_key_that_was_revoked_twice_was_revoked_once(daemon: RunningDaemon) -> None:
    key = daemon.agent()["agent_key"].split("_")[2]
    first, second = (daemon.operator("DELETE", f"/v1/agent-keys/{key}") for _ in range(2))
    assert first.status == second.status == 200
    assert first.json == second.json


def test_a_disabled_agent_may_do_nothing_until_it_is_enabled(daemon: RunningDaemon) -> None:
    minted = mintable(daemon)
    body = {"enrollment_token": minted["enrollment_token"]}
    agent = daemon.call("POST", "/v1/enroll", body).json
    inbox = daemon.inbox(agent["agent_key"])
    shown = daemon.operator("PATCH", f"/v1/agents/{agent['agent_id']}", {"disabled": True}).json
    assert shown["status"] == "disabled"
    assert not works(daemon, agent["agent_key"])
    refused = daemon.call("POST", "/v1/enroll", body)
    assert (refused.status, refused.code) == (401, "invalid_enrollment_token")
    daemon.deliver(inbox["address"])
    assert daemon.operator("PATCH", f"/v1/agents/{agent['agent_id']}", {"disabled": False}).json["status"] == "active"
    messages = daemon.call("GET", f"/v1/inboxes/{inbox['id']}/messages", key=agent["agent_key"]).json
    assert len(messages["data"]) == 1, "what came meanwhile was kept"


def test_a_suspended_tenant_may_do_nothing_and_loses_no_mail(daemon: RunningDaemon) -> None:
    minted = mintable(daemon)
    body = {"enrollment_token": minted["enrollment_token"]}
    agent = daemon.call("POST", "/v1/enroll", body).json
    inbox = daemon.inbox(agent["agent_key"])
    path = f"/v1/tenants/{minted['tenant']}"
    assert daemon.operator("PATCH", path, {"suspended": True}).json["suspended"] is True
    assert not works(daemon, agent["agent_key"])
    assert daemon.call("POST", "/v1/enroll", body).code == "invalid_enrollment_token"
    daemon.deliver(inbox["address"], mail(inbox["address"], subject="while you were away"))
    assert daemon.operator("PATCH", path, {"suspended": False}).json["suspended"] is False
    messages = daemon.call("GET", f"/v1/inboxes/{inbox['id']}/messages", key=agent["agent_key"]).json["data"]
    assert [message["subject"] for message in messages] == ["while you were away"]


def test_rebinding_moves_an_agent_with_its_mailboxes_to_a_new_key(daemon: RunningDaemon) -> None:
    old = mintable(daemon)
    agent = daemon.call("POST", "/v1/enroll", {"enrollment_token": old["enrollment_token"]}).json
    inbox = daemon.inbox(agent["agent_key"])
    daemon.operator("DELETE", f"/v1/enrollment-tokens/{old['id']}")
    path = f"/v1/agents/{agent['agent_id']}"
    assert daemon.operator("POST", f"{path}/keys", {}).code == "conflict"

    new = daemon.enrollment_key(old["tenant"], scopes=["mailbox:read"])
    assert daemon.operator("PATCH", path, {"enrollment_key_id": new["id"]}).json["enrollment_key_id"] == new["id"]
    again = daemon.call("POST", "/v1/enroll", {"enrollment_token": new["enrollment_token"]}).json
    assert again["agent_id"] == agent["agent_id"]
    assert again["scopes"] == ["mailbox:read"]
    assert daemon.call("GET", f"/v1/inboxes/{inbox['id']}", key=again["agent_key"]).status == 200


def test_rebinding_stays_inside_the_tenant_and_takes_no_handle_over(daemon: RunningDaemon) -> None:
    mine, foreign = mintable(daemon), mintable(daemon)
    taken = daemon.enrollment_key(mine["tenant"])
    for key in (mine, taken):
        daemon.call("POST", "/v1/enroll", {"enrollment_token": key["enrollment_token"]})
    agents = daemon.operator("GET", f"/v1/agents?tenant={mine['tenant']}").json["data"]
    path = f"/v1/agents/{agents[-1]['id']}"
    assert daemon.operator("PATCH", path, {"enrollment_key_id": foreign["id"]}).code == "validation_failed"
    assert daemon.operator("PATCH", path, {"enrollment_key_id": taken["id"]}).code == "conflict"


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer", "Bearer ", "pk_agent_x", "Bearer pk_agent_a_b", "Bearer \xff"]
)
def test_a_malformed_credential_is_401_even_on_the_socket(daemon: RunningDaemon, header: str) -> None:
    for local in (False, True):
        answer = daemon.call("GET", "/v1/whoami", local=local, headers={"Authorization": header})
        assert (answer.status, answer.code) == (401, "invalid_api_key")


def test_a_key_with_one_letter_changed_is_refused(daemon: RunningDaemon) -> None:
    key = daemon.agent()["agent_key"]
    for position in (len("pk_agent_") + 3, len(key) - 1):
        forged = key[:position] + ("a" if key[position] != "a" else "b") + key[position + 1 :]
        assert not works(daemon, forged)
    assert not works(daemon, key.upper())
    assert works(daemon, key)


def test_an_agent_key_on_the_socket_is_that_agent_and_no_operator(daemon: RunningDaemon) -> None:
    agent = daemon.agent()
    assert daemon.call("GET", "/v1/whoami", key=agent["agent_key"], local=True).json["agent_id"] == agent["agent_id"]
    assert daemon.call("GET", "/v1/tenants", key=agent["agent_key"], local=True).code == "scope_denied"
    assert daemon.operator("GET", "/v1/whoami").json["type"] == "operator"


def test_the_socket_is_for_the_daemons_own_user(inside: DaemonInside, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = inside.agent()
    for uid, status in ((os.getuid(), 200), (0, 200), (os.getuid() + 1, 401)):
        monkeypatch.setattr(daemon.web.peer, "_peer_uid", lambda _, uid=uid: uid)
        assert inside.operator("GET", "/v1/tenants").status == status
        assert inside.call("GET", "/v1/whoami", key=agent["agent_key"], local=True).status == status
    assert inside.call("GET", "/v1/whoami", key=agent["agent_key"]).status == 200, "over HTTP there is no uid"


def test_a_remote_operators_key_works_until_it_is_revoked(daemon: RunningDaemon) -> None:
    made = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json
    assert daemon.call("GET", "/v1/tenants", key=made["operator_key"]).status == 200
    daemon.operator("DELETE", f"/v1/operators/{made['id']}")
    assert not works(daemon, made["operator_key"])
