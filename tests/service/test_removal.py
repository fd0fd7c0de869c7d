from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daemon.service.mailboxes import inbox_removal
from tests.edges.support import World, a_world, looked_up
from tests.inside import DaemonInside
from tests.support import mail

WORD = "xylophonequartz"
HELD = 5
AT_ONCE = 2
TABLES = ("inboxes", "messages", "raws", "threads", "thread_mentions", "outbox", "messages_fts_docsize")
Resume = Callable[[], None]


@pytest.fixture
def world(inside: DaemonInside) -> World:
    return a_world(inside)


@pytest.fixture
def resume(inside: DaemonInside, monkeypatch: pytest.MonkeyPatch) -> Resume:
    """Have nothing removed beside a request, and of a request no more than `AT_ONCE`, until this is called."""
    remove_next = inbox_removal._remove_next
    monkeypatch.setattr(inbox_removal, "STEP_MESSAGES", AT_ONCE)
    monkeypatch.setattr(inbox_removal, "_remove_next", lambda tx: False)

    def resumed() -> None:
        monkeypatch.setattr(inbox_removal, "_remove_next", remove_next)
        inside.run(inside.services.removal.step())

    return resumed


def fill(daemon: DaemonInside, world: World) -> list[str]:
    """Return the messages of a mailbox that holds more than goes at once, one of them on its way out."""
    for number in range(HELD):
        daemon.deliver(world.address, mail(world.address, subject=str(number), text=f"{WORD}\n"))
    body = {"to": "jane@foreign.test", "subject": "Late", "text": "Never.\n"}
    assert daemon.call("POST", f"/v1/inboxes/{world.inbox}/send", body, key=world.agent_key).status == 202
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"]
    return [one["id"] for one in listed]


def counts(daemon: DaemonInside) -> dict[str, int]:
    return {table: looked_up(daemon, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def nothing_is_seen(daemon: DaemonInside, world: World, messages: list[str], thread: str, key: str | None) -> None:
    def status(path: str, method: str = "GET") -> int:
        return daemon.call(method, path, key=key, local=key is None).status

    paths = [f"/v1/inboxes/{name}{rest}" for name in (world.inbox, world.address) for rest in ("", "/messages")]
    paths += [f"/v1/messages/{one}{rest}" for one in messages for rest in ("", "/raw", "/text")]
    assert {path: status(path) for path in (*paths, f"/v1/threads/{thread}")} == dict.fromkeys(
        (*paths, f"/v1/threads/{thread}"), 404
    )
    assert status(f"/v1/inboxes/{world.inbox}", "DELETE") == 404
    for path in ("/v1/inboxes", f"/v1/search?q={WORD}"):
        assert daemon.call("GET", path, key=key, local=key is None).json["data"] == []


def test_a_full_mailbox_is_gone_at_once_and_its_mail_little_by_little(
    inside: DaemonInside, world: World, resume: Resume
) -> None:
    messages = fill(inside, world)
    thread = inside.operator("GET", f"/v1/messages/{messages[0]}").json["thread_id"]
    before = inside.operator("GET", "/v1/stats").json
    gone = inside.call("DELETE", f"/v1/inboxes/{world.inbox}", key=world.agent_key, headers={"Prefer": "receipt"})
    assert gone.json["data"] == {"id": world.inbox, "deleted": True}
    assert looked_up(inside, "SELECT count(*) FROM messages") == [(len(messages) - AT_ONCE,)]
    assert looked_up(inside, "SELECT count(*) FROM outbox WHERE state IN ('queued', 'handing')") == [(0,)]
    for key in (world.agent_key, None):
        nothing_is_seen(inside, world, messages, thread, key)
    with pytest.raises(Exception, match="550"):
        inside.deliver(world.address)
    assert inside.operator("GET", "/v1/stats").json["inboxes"] == before["inboxes"] - 1

    heir = {"username": world.address.partition("@")[0], "agent_id": world.agent}
    again = inside.operator("POST", "/v1/inboxes", heir)
    assert (again.status, again.json["address"]) == (201, world.address), "its tenant's operator hands it out again"
    inside.deliver(world.address)
    resume()
    assert counts(inside) == dict.fromkeys(TABLES, 1) | {"outbox": 0, "thread_mentions": 0}
    lines = inside.operator("GET", "/v1/audit?action=rest:inbox:delete").json["data"]
    assert [line["entry"]["target"] for line in lines if line["entry"]["outcome"] == "ok"] == [world.inbox]


def test_a_full_tenant_is_gone_at_once_and_its_name_is_free(inside: DaemonInside, world: World, resume: Resume) -> None:
    messages = fill(inside, world)
    thread = inside.operator("GET", f"/v1/messages/{messages[0]}").json["thread_id"]
    tenant = inside.operator("GET", f"/v1/tenants/{world.tenant}").json
    minted = inside.enrollment_key(world.tenant)
    assert inside.operator("DELETE", f"/v1/tenants/{world.tenant}?confirm={world.tenant}").status == 200
    assert looked_up(inside, "SELECT count(*) FROM messages")[0][0] > 0
    nothing_is_seen(inside, world, messages, thread, None)
    for noun in ("tenants", "agents", "enrollment-tokens"):
        assert inside.operator("GET", f"/v1/{noun}").json["data"] == []
    for path in (f"tenants/{world.tenant}", f"agents/{world.agent}", f"enrollment-tokens/{minted['id']}"):
        assert inside.operator("GET", f"/v1/{path}").status == 404
    assert inside.call("GET", "/v1/whoami", key=world.agent_key).status == 401
    refused: dict[str, Any] = {"enrollment_token": minted["enrollment_token"]}
    assert inside.call("POST", "/v1/enroll", refused).code == "invalid_enrollment_token"
    body = {"name": tenant["name"], "label": tenant["label"]}
    assert inside.operator("POST", "/v1/tenants", body).status == 201
    resume()
    assert counts(inside) == dict.fromkeys(TABLES, 0)
    for table in ("agents", "enrollment_keys"):
        assert looked_up(inside, f"SELECT count(*) FROM {table}") == [(0,)]
    assert looked_up(inside, "SELECT name, closed FROM tenants") == [(tenant["name"], 0)]
    assert looked_up(inside, "PRAGMA foreign_key_check") == []
