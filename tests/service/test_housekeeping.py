from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import daemon.service.housekeeping
from daemon.errors import unavailable
from daemon.service.housekeeping import (
    AGENT_KEY_KEPT_DAYS,
    BATCH_MESSAGES,
    EVENT_KEPT_DAYS,
    LINK_KEPT_DAYS,
    SENDING_KEY_KEPT_DAYS,
)
from tests.edges.support import World, a_world, audit_head, audit_since, looked_up
from tests.inside import DaemonInside
from tests.support import mail

WORD = "xylophonequartz"


@pytest.fixture
def world(inside: DaemonInside) -> World:
    return a_world(inside)


def counts(daemon: DaemonInside) -> dict[str, int]:
    """Return the rows of everything that a message is made of."""
    tables = ("messages", "raws", "threads", "messages_fts_docsize")
    return {table: looked_up(daemon, f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def found(daemon: DaemonInside, word: str) -> int:
    return len(looked_up(daemon, "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ?", word))


def sweep(daemon: DaemonInside) -> int:
    return daemon.run(daemon.services.housekeeping.sweep())


def keep_for(daemon: DaemonInside, world: World, days: int) -> None:
    answer = daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"limits": {"retention_days": days}})
    assert answer.json["limits"]["retention_days"] == days


def test_deleting_a_message_leaves_nothing_of_it(inside: DaemonInside, world: World) -> None:
    inside.deliver(world.address, mail(world.address, subject="unique", text=f"{WORD}\n"))
    assert found(inside, WORD) == 1
    newest = inside.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"][0]["id"]
    assert inside.call("DELETE", f"/v1/messages/{newest}", key=world.agent_key).json == {"id": newest, "deleted": True}
    assert counts(inside) == dict.fromkeys(counts(inside), 1)
    assert found(inside, WORD) == 0
    for path in (f"/v1/messages/{newest}", f"/v1/messages/{newest}/raw"):
        assert inside.call("GET", path, key=world.agent_key).status == 404
    assert inside.call("DELETE", f"/v1/messages/{newest}", key=world.agent_key).status == 404


def test_a_raw_that_others_got_too_stays_for_them(inside: DaemonInside, world: World) -> None:
    other = inside.inbox(world.agent_key)
    inside.deliver([world.address, other["address"]], mail(world.address, subject="shared"))
    first, second = (
        inside.call("GET", f"/v1/inboxes/{inbox}/messages", key=world.agent_key).json["data"][0]["id"]
        for inbox in (world.inbox, other["id"])
    )
    inside.call("DELETE", f"/v1/messages/{first}", key=world.agent_key)
    assert b"Subject: shared" in inside.call("GET", f"/v1/messages/{second}/raw", key=world.agent_key).body
    inside.call("DELETE", f"/v1/inboxes/{other['id']}", key=world.agent_key)
    assert counts(inside)["raws"] == 1


def test_a_thread_stays_while_it_has_messages(inside: DaemonInside, world: World) -> None:
    for name, headers in (("one", {}), ("two", {"In-Reply-To": "<one@x.test>", "References": "<one@x.test>"})):
        headers["Message-ID"] = f"<{name}@x.test>"
        inside.deliver(world.address, mail(world.address, subject=name, headers=headers))
    listed = inside.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"]
    assert listed[0]["thread_id"] == listed[1]["thread_id"] != listed[2]["thread_id"]
    for message, threads in ((listed[1], 2), (listed[0], 1)):
        inside.call("DELETE", f"/v1/messages/{message['id']}", key=world.agent_key)
        assert counts(inside)["threads"] == threads


def test_a_tenants_limit_retires_its_old_mail_and_nobody_elses(inside: DaemonInside, world: World) -> None:
    other = a_world(inside, "Other")
    keep_for(inside, world, 3)
    inside.clock.advance(days=2)
    inside.deliver(world.address, mail(world.address, subject="young"))
    inside.clock.advance(days=1)
    assert sweep(inside) == 0, "three days are not more than three days"
    inside.clock.advance(seconds=1)
    before = audit_head(inside)
    assert sweep(inside) == 1
    (line,) = audit_since(inside, before)
    assert (line["action"], line["tenant"], line["target"]) == ("system:message:retire", world.tenant, "messages:1")
    assert counts(inside) == dict.fromkeys(counts(inside), 2)
    key = inside.operator("POST", f"/v1/agents/{other.agent}/keys", {})
    assert key.status == 409, "its enrollment key has expired, too"
    subjects = looked_up(inside, "SELECT subject FROM messages ORDER BY n")
    assert subjects == [(other.subject,), ("young",)]


def test_the_setting_is_for_all_who_have_no_limit_of_their_own(tmp_path: Path) -> None:
    daemon = DaemonInside(tmp_path / "data", {"RETENTION_DAYS": "1"}).start()
    worlds = [a_world(daemon, name) for name in ("One", "Two", "Forever")]
    keep_for(daemon, worlds[2], 0)
    daemon.clock.advance(days=1.1)
    assert sweep(daemon) == 2
    assert looked_up(daemon, "SELECT subject FROM messages") == [(worlds[2].subject,)]
    daemon.stop()


def test_without_a_limit_nothing_is_ever_retired(inside: DaemonInside, world: World) -> None:
    inside.clock.advance(days=36_500)
    assert sweep(inside) == 0
    assert counts(inside)["messages"] == 1


def test_retirement_goes_in_batches_that_others_get_between(
    inside: DaemonInside, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon.service.housekeeping, "BATCH_MESSAGES", 4)
    assert BATCH_MESSAGES <= 500
    for number in range(9):
        inside.deliver(world.address, mail(world.address, subject=str(number)))
    keep_for(inside, world, 1)
    inside.clock.advance(days=2)
    before = audit_head(inside)

    async def beside() -> tuple[int, Any]:
        sweeping = asyncio.ensure_future(inside.services.housekeeping.sweep())
        tenants = await inside.services.stats._database.read(
            lambda conn: conn.execute("SELECT count(*) FROM tenants").fetchone()[0]
        )
        return await sweeping, tenants

    assert inside.run(beside()) == (10, 1)
    assert [line["target"] for line in audit_since(inside, before)] == ["messages:4", "messages:4", "messages:2"]
    assert counts(inside) == dict.fromkeys(counts(inside), 0)
    assert found(inside, "verification") == 0


def test_old_events_and_links_are_forgotten(inside: DaemonInside, world: World) -> None:
    inside.clock.advance(days=max(EVENT_KEPT_DAYS, LINK_KEPT_DAYS) + 2)
    sweep(inside)
    assert looked_up(inside, "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM links)") == [(0, 0)]


def test_a_secret_that_nobody_fetched_is_erased_when_its_link_expires(inside: DaemonInside, world: World) -> None:
    inside.operator("POST", f"/v1/agents/{world.agent}/keys", {}, headers={"Prefer": "receipt"})
    sealed = "SELECT count(*) FROM links WHERE sealed IS NOT NULL"
    sweep(inside)
    assert looked_up(inside, sealed) == [(1,)]
    inside.clock.advance(seconds=600)
    sweep(inside)
    assert looked_up(inside, sealed) == [(0,)]


def test_expired_keys_are_forgotten_and_stay_refused(inside: DaemonInside, world: World) -> None:
    minted = inside.enrollment_key(world.tenant, reusable=True, expires_at="2999-01-01T00:00:00Z")
    redeem = {"enrollment_token": minted["enrollment_token"]}
    old, new = (inside.call("POST", "/v1/enroll", redeem).json["agent_key"] for _ in range(2))
    inside.clock.advance(days=AGENT_KEY_KEPT_DAYS + 2)
    fresh = inside.call("POST", "/v1/enroll", redeem).json["agent_key"]
    sweep(inside)
    agent = inside.call("GET", "/v1/whoami", key=fresh).json["agent_id"]
    listed = inside.operator("GET", f"/v1/agents/{agent}/keys").json["data"]
    assert [one["id"] for one in listed] == [fresh.split("_")[2]]
    for key in (old, new):
        refused = inside.call("GET", "/v1/whoami", key=key)
        assert (refused.status, refused.code) == (401, "invalid_api_key")
        assert inside.operator("DELETE", f"/v1/agent-keys/{key.split('_')[2]}").status == 404


def test_a_key_for_one_agent_stays_redeemed_when_what_it_gave_is_forgotten(inside: DaemonInside, world: World) -> None:
    minted = inside.enrollment_key(world.tenant, reusable=False, expires_at="2999-01-01T00:00:00Z")
    redeem = {"enrollment_token": minted["enrollment_token"], "agent_handle": "first"}
    agent = inside.call("POST", "/v1/enroll", redeem).json["agent_id"]
    moved = inside.operator("PATCH", f"/v1/agents/{agent}", {"enrollment_key_id": world.enrollment_key})
    assert moved.status == 200
    inside.clock.advance(days=AGENT_KEY_KEPT_DAYS + 2)
    sweep(inside)
    second = inside.call("POST", "/v1/enroll", redeem | {"agent_handle": "second"})
    assert (second.status, second.code) == (409, "enrollment_token_exhausted")


def test_answers_to_sendings_are_forgotten_and_a_mailboxs_is_not(inside: DaemonInside, world: World) -> None:
    minted = inside.enrollment_key(world.tenant, expires_at="2999-01-01T00:00:00Z")
    inside.operator("PATCH", f"/v1/agents/{world.agent}", {"enrollment_key_id": minted["id"]})
    body = {"to": "jane@foreign.test", "subject": "x", "text": "x", "idempotency_key": "k"}
    inbox = inside.inbox(world.agent_key, client_id="mine")
    assert inside.call("POST", f"/v1/inboxes/{inbox['id']}/send", body, key=world.agent_key).status == 202
    inside.clock.advance(days=SENDING_KEY_KEPT_DAYS + 1)
    sweep(inside)
    key = inside.operator("POST", f"/v1/agents/{world.agent}/keys", {}).json["agent_key"]
    assert looked_up(inside, "SELECT operation FROM idempotency") == [("inboxes.create",)]
    again = inside.call("POST", "/v1/inboxes", {"client_id": "mine"}, key=key)
    assert (again.status, again.json["id"]) == (200, inbox["id"])


def test_housekeeping_outlives_a_failure(
    inside: DaemonInside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    housekeeping, tried_again = inside.services.housekeeping, asyncio.Event()
    monkeypatch.setattr(daemon.service.housekeeping, "WATCH_EVERY_SECONDS", 0)

    async def sweep_fails() -> int:
        if "housekeeping failed" in caplog.text:
            tried_again.set()
        raise unavailable("The store cannot be written.")

    async def watch() -> None:
        monkeypatch.setattr(housekeeping, "sweep", sweep_fails)
        task = asyncio.ensure_future(housekeeping.run())
        await asyncio.wait_for(tried_again.wait(), 20)
        task.cancel()

    inside.run(watch())
