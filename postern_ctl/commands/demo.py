"""`posternctl demo`: the whole path, for real, in a daemon that is gone afterwards."""

from __future__ import annotations

import smtplib
import time
from contextlib import ExitStack
from threading import Thread

from postern_ctl import diagnostics, output
from postern_ctl.answers import Document
from postern_ctl.app import command, single
from postern_ctl.client import Postern
from postern_ctl.commands.audit import row
from postern_ctl.demo_mail import SENDER, SENDER_DOMAIN, new_verification, verification_mail
from postern_ctl.diagnostics import Failed
from postern_ctl.output import Column
from postern_ctl.story import INDENT, Story
from postern_ctl.throwaway import Ready, throwaway_daemon

WAIT_SECONDS = 20.0
SMTP_SECONDS = 10.0
LOOK_SECONDS = 0.002
MINT = "key mint --tenant acme --label demo --scope create,read --max-mailboxes 1"
TRAIL_COLUMNS = (
    Column("SEQ", "seq"),
    Column("ACTOR", "actor"),
    Column("ACTION", "action"),
    Column("OUTCOME", "outcome"),
    Column("HASH", "hash", show=diagnostics.short_hash),
)

app = single()


@command(app, "demo", "demo")
def demo() -> None:
    """See it work: a real daemon, a key, a mailbox, a mail, and the code out of it."""
    story = Story()
    story.open("Postern, from nothing to an extracted code", "A real daemon and real SMTP, gone when this ends.")
    with ExitStack() as stack:
        with story.step("Start a daemon on free ports", "daemon run") as facts:
            ready = stack.enter_context(throwaway_daemon())
            facts.append(f"HTTP {ready.http}, SMTP {ready.smtp}")
        result = _tell(story, ready)
    story.close("Daemon stopped, directory removed. Start yours:", "daemon run")
    if not output.only_json({"data": {**result, "steps": story.steps}}) and output.is_quiet():
        output.lines([result["code"]])


def _tell(story: Story, ready: Ready) -> Document:
    operator = Postern(socket_path=ready.socket)
    base_url = f"http://{ready.http}"

    with story.step("Create a tenant", "tenant create acme") as facts:
        tenant = operator.tenants.create("acme").data
        facts.append(f"{tenant['id']}, {tenant['domain']}")

    with story.step("Mint an enrollment key, good for one mailbox", MINT) as facts:
        minted = operator.keys.mint(
            tenant_id=tenant["id"], label="demo", scopes=["mailbox:create", "mailbox:read"], max_mailboxes=1
        ).data
        facts.append(f"{minted['prefix']}…")

    with story.step("Become an agent, over HTTP, with only that key", "enroll --token-stdin") as facts:
        enrolled = Postern(base_url).enrollment.redeem(minted["enrollment_token"]).data
        agent = Postern(base_url, enrolled["agent_key"])
        facts.append(f"{enrolled['agent_id']}, {enrolled['agent_key_prefix']}…")

    with story.step("Create a mailbox", "inbox create") as facts:
        address = agent.inboxes.create().data["address"]
        facts.append(address)

    wait = f"inbox wait {address}"
    with story.step("Wait for a mail, while a stranger's server delivers one", wait, timed=False) as facts:
        answer, latency_ms = _wait_and_deliver(operator, agent, ready, address)
        message, extracted = answer["message"], answer["extracted"]
        facts += [f"from  {message['from']}", f"mail  {message['subject']}"]
        facts.append("code  " + output.style(extracted["otp_code"], "code"))
        facts.append(f"link  {extracted['verification_link']}")
        facts.append(f"{latency_ms:.1f} ms from SMTP's 250 to this answer")

    with story.step("Read what was recorded", "audit tail") as facts:
        trail = list(operator.audit.list(after_seq=0))
        facts.append(f"{len(trail)} lines, each chained to the one before")
        facts.extend(output.layout(map(row, trail), TRAIL_COLUMNS, indent=len(INDENT)))

    with story.step("Prove that nothing in it was altered", "audit verify") as facts:
        verified = operator.audit.verify().data
        facts.append(f"{verified['lines']} lines, chain {'whole' if verified['ok'] else 'broken'}")

    return {
        "code": extracted["otp_code"],
        "link": extracted["verification_link"],
        "latency_ms": round(latency_ms, 3),
        "address": address,
        "audit": {"ok": verified["ok"], "lines": verified["lines"], "head": verified["head"]},
    }


def _wait_and_deliver(operator: Postern, agent: Postern, ready: Ready, address: str) -> tuple[Document, float]:
    """Return what the wait answered, and the milliseconds from SMTP's 250 to it."""
    waiter = _Waiter(agent, address)
    waiter.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while operator.stats.get().data["waits_active"] < 1 and waiter.is_alive() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)  # so that it is the wake-up which is measured, and not a look into the store
    told = new_verification()
    mail = verification_mail(address, told)
    host, _, port = ready.smtp.rpartition(":")
    with smtplib.SMTP(host, int(port), f"mx.{SENDER_DOMAIN}", SMTP_SECONDS) as server:
        server.send_message(mail, SENDER, [address])
        accepted_at = time.perf_counter()
    waiter.join(WAIT_SECONDS)
    if waiter.answer is None or waiter.answer["timed_out"]:
        raise Failed("no_mail", "The mail was accepted, and the wait did not see it.") from waiter.problem
    if waiter.answer["extracted"]["otp_code"] != told.code:
        raise Failed("wrong_code", "The mail came, and its code was not recognised.")
    if waiter.answer["extracted"]["verification_link"] != told.link:
        raise Failed("wrong_link", "The mail came, and its link was not recognised.")
    return waiter.answer, max(waiter.answered_at - accepted_at, 0.0) * 1000  # it may be here before our 250 is read


class _Waiter(Thread):
    """The agent: blocked in wait_for_email."""

    def __init__(self, agent: Postern, address: str) -> None:
        super().__init__(daemon=True)
        self._agent, self._address = agent, address
        self.answer: Document | None = None
        self.answered_at = 0.0
        self.problem: Exception | None = None

    def run(self) -> None:
        """Wait once."""
        try:
            self.answer = self._agent.waits.wait(self._address, timeout_seconds=WAIT_SECONDS).data
            self.answered_at = time.perf_counter()
        except Exception as problem:  # noqa: BLE001  # it belongs to the thread that joins this one
            self.problem = problem
