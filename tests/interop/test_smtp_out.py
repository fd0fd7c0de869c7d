"""Out through a real Postfix to a real Dovecot, and back."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.edges.support import until
from tests.edges.test_sending import send, settled
from tests.interop.dovecot import Dovecot, running_dovecot
from tests.interop.postfix import Postfix, running_postfix
from tests.service.harness import House, house
from tests.service.test_outbox import a_mail, a_mailbox
from tests.service.test_outbox import shown as kept
from tests.service.test_smtp_relay import sending, step
from tests.signing import certificate
from tests.support import RunningDaemon, as_sent, mail

pytestmark = pytest.mark.interop
JANE, NOBODY, LATER, NEVER = (f"{name}@foreign.test" for name in ("jane", "nobody", "later", "never"))
RELAY_HOST = "localhost"
MORE = """\
transport_maps = inline:{{ foreign.test=lmtp:inet:127.0.0.1:{lmtp} }}
smtpd_recipient_restrictions = check_recipient_access inline:{{
    {{ {never} = 550 5.1.1 Never heard of it }}, {{ {later} = 450 4.2.1 Not now }} }}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtp_tls_security_level = may
"""


@dataclass(frozen=True)
class Outside:
    """Who takes our mail, who gets it, and what vouches for the first."""

    relay: Postfix
    box: Dovecot
    ca: Path


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    running = RunningDaemon(tmp_path_factory.mktemp("d") / "data").start()
    yield running
    if running.process is not None:
        running.stop()


@pytest.fixture(scope="module")
def outside(daemon: RunningDaemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A relay that brings mail for foreign.test to Dovecot, and everything else to the daemon, which then uses it."""
    home = tmp_path_factory.mktemp("tls")
    chain = certificate(home, RELAY_HOST)
    with running_dovecot([JANE]) as box:
        more = MORE.format(lmtp=box.lmtp, never=NEVER, later=LATER, certificate=chain, key=chain.with_suffix(".key"))
        port = daemon.smtp[1]
        with running_postfix(port, more) as relay:
            daemon.stop()
            daemon.settings |= {
                "SEND_BACKEND": "smtp",
                "SMTP_RELAY": f"{RELAY_HOST}:{relay.port}",
                "SMTP_RELAY_CA": str(chain),
                "SMTP_LISTEN": f"127.0.0.1:{port}",
            }
            daemon.start()
            yield Outside(relay, box, chain)


@pytest.fixture
def key(daemon: RunningDaemon, outside: Outside) -> str:
    return str(daemon.agent()["agent_key"])


def thread(daemon: RunningDaemon, key: str, thread_id: str) -> dict[str, Any]:
    found: dict[str, Any] = daemon.call("GET", f"/v1/threads/{thread_id}", key=key).json
    return found


def test_a_mail_goes_out_and_its_answer_comes_back_into_the_thread(
    daemon: RunningDaemon, outside: Outside, key: str
) -> None:
    ours = daemon.inbox(key)["address"]
    before = len(outside.box.mails(JANE))
    sent = settled(daemon, send(daemon, key, ours, to=JANE, subject="Grüße", text="Wie geht's?\n.\n"), "sent")
    arrived = outside.box.arrived(JANE, before + 1)[-1]
    stored = daemon.operator("GET", f"/v1/messages/{sent['id']}/raw").body
    assert arrived.endswith(stored), "not an octet was changed"
    theirs = email.message_from_bytes(arrived, policy=default)
    assert theirs["Subject"] == "Grüße"

    headers = {"In-Reply-To": str(theirs["Message-ID"]), "References": str(theirs["Message-ID"])}
    answer = mail(ours, sender=JANE, subject="Re: Grüße", text="Gut.\n", headers=headers)
    outside.relay.relay(ours, answer, sender=JANE)
    until(lambda: len(thread(daemon, key, sent["thread_id"])["messages"]) == 2)
    back = thread(daemon, key, sent["thread_id"])["messages"][-1]
    assert (back["direction"], back["subject"]) == ("inbound", "Re: Grüße")

    again = daemon.call("POST", f"/v1/messages/{back['id']}/reply", {"text": "Schön."}, key=key)
    settled(daemon, again, "sent")
    third = email.message_from_bytes(outside.box.arrived(JANE, before + 2)[-1], policy=default)
    raw = as_sent(daemon.operator("GET", f"/v1/messages/{back['id']}/raw").body)
    assert third["In-Reply-To"] == email.message_from_bytes(raw, policy=default)["Message-ID"]
    assert str(theirs["Message-ID"]) in str(third["References"])


def test_a_bounce_of_a_later_hop_comes_home_and_suppresses(daemon: RunningDaemon, outside: Outside, key: str) -> None:
    tenant = daemon.call("GET", "/v1/whoami", key=key).json["tenant_id"]
    ours = daemon.inbox(key)["address"]
    answer = send(daemon, key, ours, to=[JANE, NOBODY])
    whole = settled(daemon, answer, "bounced")
    states = {one["address"]: (one["status"], one["detail"]) for one in whole["deliveries"]}
    assert states[JANE][0] == "sent"
    assert states[NOBODY][0] == "bounced"
    assert states[NOBODY][1].startswith("5.1.1")
    found = daemon.operator("GET", f"/v1/suppressions?tenant={tenant}").json["data"]
    assert [(one["address"], one["reason"]) for one in found] == [(NOBODY, "bounce")]
    refused = send(daemon, key, ours, to=NOBODY)
    assert refused.status == 422
    assert outside.relay.said(NOBODY, "status=bounced")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def test_what_the_relay_refuses_bounces_and_what_it_puts_off_is_tried_on_schedule(
    home: House, outside: Outside
) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox, NEVER, LATER, JANE)
    at = f"{RELAY_HOST}:{outside.relay.port}"
    async with sending(home, at, smtp_relay_security="starttls", smtp_relay_ca=outside.ca) as backend:
        await step(home, backend)
        status, [never, later, jane] = await kept(home, message)
        assert (status, never[0], later[0], jane[0]) == ("queued", "bounced", "queued", "sent")
        assert never[1] is not None
        assert never[1].startswith("550 5.1.1")
        tried = await home.look("SELECT attempts FROM outbox")
        await step(home, backend, 30)
        assert await home.look("SELECT attempts FROM outbox") == tried == [(1,)]
        await step(home, backend, 90)
        assert await home.look("SELECT attempts FROM outbox") == [(2,)]
        assert (await kept(home, message))[1][1][0] == "queued"
    assert await home.look("SELECT address, reason FROM suppressions") == [(NEVER, "bounce")]


async def test_a_relay_whose_certificate_is_not_trusted_gets_no_mail(home: House, outside: Outside) -> None:
    _, inbox = await a_mailbox(home)
    message = await a_mail(home, inbox, JANE)
    before = len(outside.box.mails(JANE))
    at = f"{RELAY_HOST}:{outside.relay.port}"
    async with sending(home, at, smtp_relay_security="starttls") as backend:
        await step(home, backend)
    status, [(_, detail)] = await kept(home, message)
    assert status == "queued"
    assert detail is not None
    assert "POSTERN_SMTP_RELAY_CA" in detail
    assert len(outside.box.mails(JANE)) == before
