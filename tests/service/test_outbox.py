"""Single journeys through the outbox, on a clock that is moved, with a mail system that is told what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from daemon.backends.protocols import Arrival
from daemon.clock import DAY_MS, SECOND_MS, ManualClock
from daemon.errors import Code, PosternError
from daemon.service.sending.rules import Outcome, SendingRules
from tests.service.harness import House, house
from tests.service.scripted import Does, Says, Scripted


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def a_mailbox(home: House, name: str = "Acme") -> tuple[str, str]:
    """Make a mailbox; return its tenant and its id."""
    tenant = (await home.ask("tenants.create", body={"name": name})).id
    await home.ask("tenants.update", tenant, body={"limits": {"send_cap_first": 1_000}})
    body = {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:send"], "max_mailboxes": 9}
    minted = await home.ask("keys.mint", body=body)
    agent = (await home.ask("enrollment.redeem", body={"enrollment_token": minted.enrollment_token})).agent_id
    return tenant, str((await home.ask("inboxes.create", body={"agent_id": agent})).id)


async def a_mail(home: House, inbox: str, *to: str, **more: Any) -> str:
    body = {"to": list(to or ("a@foreign.test",)), "subject": "x", "text": "y"} | more
    return str((await home.ask("messages.send", inbox, body=body)).id)


async def shown(home: House, message: str) -> tuple[str, list[tuple[str, str | None]]]:
    """Return a message's status, and each recipient's with its detail."""
    whole = await home.ask("messages.get", message)
    return whole.status, [(one.status, one.detail) for one in whole.deliveries]


async def told(home: House) -> list[str]:
    return [row[0] for row in await home.look("SELECT kind FROM events ORDER BY n")]


async def test_each_recipient_has_a_state_of_its_own_and_the_message_the_worst_of_them(home: House) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox, "a@foreign.test", "b@foreign.test")
    backend = Scripted([Does.REFUSES_THE_FIRST])
    assert await shown(home, message) == ("queued", [("queued", None)] * 2)
    await home.services.outbox.step(backend)
    assert await shown(home, message) == ("bounced", [("bounced", "said refused"), ("sent", "said sent")])
    assert await told(home) == ["message.sent", "message.bounced"]


async def test_who_is_put_off_is_tried_again_and_nobody_else(home: House) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox, "a@foreign.test", "b@foreign.test")
    backend = Scripted([Does.DEFERS_THE_FIRST])
    await home.services.outbox.step(backend)
    assert await shown(home, message) == ("queued", [("queued", "said deferred"), ("sent", "said sent")])
    await home.services.outbox.step(backend)
    assert len(backend.mails) == 1, "it is not due yet"
    home.clock.advance(seconds=120)
    await home.services.outbox.step(backend)
    first, second = backend.mails
    assert (second.recipients, second.operation_id) == (("a@foreign.test",), first.operation_id)
    assert (await shown(home, message))[0] == "sent"
    assert await told(home) == ["message.sent"]


async def test_a_wait_that_was_asked_for_is_waited_out(home: House) -> None:
    _, inbox = await a_mailbox(home)
    await a_mail(home, inbox)
    backend = Scripted([Does.IS_BUSY])
    await home.services.outbox.step(backend)
    home.clock.advance(seconds=299)
    await home.services.outbox.step(backend)
    assert len(backend.mails) == 1
    home.clock.advance(seconds=1)
    await home.services.outbox.step(backend)
    assert len(backend.mails) == 2


async def test_after_five_days_it_is_given_up_and_somebody_is_told(home: House) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox)
    backend = Scripted([Does.DEFERS] * 1000)
    began_ms = home.clock.now_ms()
    while (await shown(home, message))[0] == "queued":
        await home.services.outbox.step(backend)
        home.clock.advance(seconds=600)
    assert home.clock.now_ms() - began_ms >= 5 * DAY_MS
    assert 30 <= len(backend.mails) <= 80
    assert await shown(home, message) == ("failed", [("failed", "given up after 5 days: said deferred")])
    assert await told(home) == ["message.bounced"]


@pytest.mark.parametrize(
    ("does", "says", "status", "detail"),
    [
        (Does.HANGS_UP_AFTER, Says.THE_TRUTH, "sent", "said sent"),
        (Does.HANGS_UP_BEFORE, Says.THE_TRUTH, "queued", "the connection was lost before the mail was taken"),
        (Does.HANGS_UP_AFTER, Says.IT_CANNOT_TELL, "failed", "unknown outcome: the connection was lost"),
        (Does.HANGS_UP_BEFORE, Says.IT_CANNOT_TELL, "failed", "unknown outcome: the connection was lost"),
        (Does.HANGS_UP_AFTER, Says.NOTHING, "queued", None),
    ],
)
async def test_a_lost_connection_is_asked_about_and_never_blindly_repeated(
    home: House, does: Does, says: Says, status: str, detail: str | None
) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox)
    backend = Scripted([does], [says])
    await home.services.outbox.step(backend)
    assert len(backend.mails) == 1
    whole, ((_, said),) = await shown(home, message)
    assert whole == status
    assert said is None if detail is None else said is not None and said.startswith(detail)
    home.clock.advance(days=1)
    await home.services.outbox.step(backend)
    assert max(backend.taken.values(), default=0) <= 1
    assert (await shown(home, message))[0] == ("failed" if status == "failed" else "sent")


async def test_what_has_no_way_out_stays_visibly_queued_until_the_next_start(home: House) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox)
    backend = Scripted([Does.KNOWS_NO_WAY])
    await home.services.outbox.step(backend)
    home.clock.advance(days=30)
    await home.services.outbox.step(backend)
    assert len(backend.mails) == 1
    assert await shown(home, message) == ("queued", [("queued", "said no_route")])
    counts = (await home.ask("stats.get")).outbox
    assert (counts.queued, counts.oldest_queued_seconds) == (1, 30 * DAY_MS // SECOND_MS)
    home.services.outbox._taken_up = False  # as after a start
    await home.services.outbox.step(backend)
    assert (await shown(home, message))[0] == "sent"


async def test_tenants_take_turns(home: House) -> None:
    (_, busy), (_, calm) = await a_mailbox(home, "Busy"), await a_mailbox(home, "Calm")
    for _ in range(40):
        await a_mail(home, busy)
    home.clock.advance(seconds=1)
    await a_mail(home, calm, "calm@foreign.test")
    backend = Scripted()
    await home.services.outbox.step(backend)
    assert "calm@foreign.test" in [mail.recipients[0] for mail in backend.mails[:32]]
    while len(backend.mails) < 41:
        await home.services.outbox.step(backend)


async def test_what_was_deleted_or_suspended_is_not_handed_over(home: House) -> None:
    tenant, inbox = await a_mailbox(home)
    backend = Scripted()
    message = await a_mail(home, inbox)
    await home.ask("messages.delete", message)
    await home.services.outbox.step(backend)
    assert not backend.mails
    lines = await home.look("SELECT line ->> '$.reason' FROM audit WHERE line ->> '$.action' LIKE '%message:delete'")
    assert lines == [("its sending was cancelled",)]

    waiting = await a_mail(home, inbox)
    await home.ask("tenants.update", tenant, body={"suspended": True})
    await home.services.outbox.step(backend)
    assert not backend.mails
    await home.ask("tenants.update", tenant, body={"suspended": False})
    await home.services.outbox.step(backend)
    assert (await shown(home, waiting))[0] == "sent"
    await home.ask("messages.delete", waiting)
    reasons = "SELECT line ->> '$.reason' FROM audit WHERE line ->> '$.target' = ?"
    assert (await home.look(reasons, waiting))[-1] == (None,), "there was nothing left to cancel"


async def test_an_agent_that_is_disabled_sends_nothing_more_and_a_revoked_key_changes_nothing(home: House) -> None:
    _, inbox = await a_mailbox(home)
    ((agent, key),) = await home.look("SELECT agent_id, id FROM agent_keys")
    backend = Scripted()
    await a_mail(home, inbox)
    await home.ask("agents.update", agent, body={"disabled": True})
    await home.services.outbox.step(backend)
    assert not backend.mails
    await home.ask("agents.update", agent, body={"disabled": False})
    await home.ask("agents.revoke_key", key)
    await home.services.outbox.step(backend)
    assert len(backend.mails) == 1


async def test_a_mailbox_and_a_tenant_take_their_queue_with_them(home: House) -> None:
    tenant, inbox = await a_mailbox(home)
    await a_mail(home, inbox)
    await home.ask("inboxes.delete", inbox)
    assert await home.look("SELECT count(*) FROM outbox") == [(0,)]
    (agent,) = (await home.look("SELECT id FROM agents"))[0]
    again = await home.ask("inboxes.create", body={"agent_id": agent})
    await a_mail(home, again.id)
    await home.ask("tenants.delete", tenant, query={"confirm": tenant})
    for table in ("outbox", "outbox_recipients", "local_deliveries", "messages"):
        assert await home.look(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_the_rules_hear_of_every_end(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, Outcome]] = []
    monkeypatch.setattr(
        SendingRules, "outcome", lambda _, tx, inbox, message, address, outcome: heard.append((address, outcome))
    )
    _, inbox = await a_mailbox(home)
    await a_mail(home, inbox, "a@foreign.test", "b@foreign.test")
    await home.services.outbox.step(Scripted([Does.REFUSES_THE_FIRST]))
    assert heard == [("a@foreign.test", Outcome.BOUNCED_HARD)]


async def test_what_the_rules_refuse_leaves_nothing_behind(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PosternError(Code.SEND_CAP_REACHED, "Enough for today.", retry_after_seconds=60)

    monkeypatch.setattr(SendingRules, "admit", refuse)
    _, inbox = await a_mailbox(home)
    body = {"to": "a@foreign.test", "subject": "x", "text": "y", "idempotency_key": "k"}
    assert await home.ask("messages.send", inbox, body=body) is Code.SEND_CAP_REACHED
    for table in ("messages", "raws", "outbox", "threads", "idempotency"):
        assert await home.look(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_a_subscriber_gets_the_headers_that_the_rules_make(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = (("List-Unsubscribe", "<https://x.test/u/1>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    monkeypatch.setattr(SendingRules, "unsubscribe_headers", lambda *_: fields)
    _, inbox = await a_mailbox(home)
    backend = Scripted()
    await a_mail(home, inbox, subscribed=True)
    await a_mail(home, inbox)
    await home.services.outbox.step(backend)
    subscribed, plain = sorted(backend.mails, key=lambda mail: b"List-" not in mail.raw)
    assert subscribed.raw.startswith(b"List-Unsubscribe: <https://x.test/u/1>\r\nList-Unsubscribe-Post: ")
    assert b"List-Unsubscribe" not in plain.raw


@pytest.mark.parametrize("does", [Does.SEES_A_CRASH_BEFORE, Does.SEES_A_CRASH_AFTER])
async def test_a_mail_in_hand_when_the_daemon_died_goes_out_once(tmp_path: Path, does: Does) -> None:
    clock, backend = ManualClock(), Scripted([does])
    async with house(tmp_path, clock) as home:
        _, inbox = await a_mailbox(home)
        message = await a_mail(home, inbox)
        await asyncio.gather(home.services.outbox.step(backend), return_exceptions=True)
        assert await home.look("SELECT state FROM outbox") == [("handing",)]
        assert (await shown(home, message))[0] == "queued"
    async with house(tmp_path, clock) as home:
        await home.services.outbox.step(backend)
        await home.services.outbox.step(backend)
        assert (await shown(home, message))[0] == "sent"
    assert list(backend.taken.values()) == [1]


def notification(recipient: str, action: str, status: str, said: str = "smtp; 550 no such user") -> bytes:
    """Return a delivery status notification as mail systems write it (RFC 3464, appendix E)."""
    return (
        "From: MAILER-DAEMON@foreign.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.foreign.test\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {said}\r\n\r\n"
        "--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("action", "status", "shows", "heard"),
    [
        ("failed", "5.1.1", "bounced", [Outcome.BOUNCED_HARD]),
        ("failed", "4.4.7", "bounced", [Outcome.BOUNCED_SOFT]),
        ("failed", "5.7.1", "bounced", [Outcome.BOUNCED_SOFT]),
        ("failed", "5.2.2", "bounced", [Outcome.BOUNCED_SOFT]),
        ("delivered", "2.0.0", "delivered", [Outcome.DELIVERED]),
        ("delayed", "4.4.1", "sent", []),
        ("failed", "none", "sent", []),
    ],
)
async def test_a_notification_tells_what_became_of_a_recipient(
    home: House, monkeypatch: pytest.MonkeyPatch, action: str, status: str, shows: str, heard: list[Outcome]
) -> None:
    outcomes: list[Outcome] = []
    monkeypatch.setattr(SendingRules, "outcome", lambda *given: outcomes.append(given[-1]))
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox, "Jane@foreign.test", "b@foreign.test")
    backend = Scripted()
    await home.services.outbox.step(backend)
    report = notification("jane@foreign.test", action, status)
    envelope = backend.mails[0].envelope_from

    async def comes(sender: str, to: str, raw: bytes = report) -> str:
        await home.services.messages.receive(Arrival(sender), {inbox: to}, raw)
        return str((await home.ask("messages.get", message)).deliveries[0].status)

    assert await comes("somebody@foreign.test", envelope) == "sent", "only what has no sender is a notification"
    assert await comes("", envelope.replace("+bounce-", "+bounce-x")) == "sent", "of another message"
    assert await comes("", envelope, notification("other@foreign.test", action, status)) == "sent"
    assert await comes("", envelope) == shows
    assert await comes("", envelope) == shows
    assert outcomes == heard
    whole, ((_, detail), (untouched, _)) = await shown(home, message)
    assert untouched == "sent"
    assert whole == ("bounced" if shows == "bounced" else "sent")
    if shows == "bounced":
        assert detail == f"{status} 550 no such user"
        assert (await told(home)).count("message.bounced") == 1
