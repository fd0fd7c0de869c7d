"""Whether a message may go, what that spends, and what is learnt from what became of it.

The rules are asked in one order, for a dry run as for a send: the tenant's complaint brake, the recipients that are
suppressed, and the mailbox's daily cap. The first that says no is the answer.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from daemon.audit import append
from daemon.clock import SECOND_MS, iso
from daemon.errors import Code, FieldProblem, PosternError
from daemon.mail.thread import people
from daemon.service.addresses import correspondent
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.mutations import entry
from daemon.service.sending.allowance import Allowance, Complaints, allowance, complaints, karma_of
from daemon.service.sending.reputation import Brake, brake, complaint_rate, day_of
from daemon.service.sending.suppressions import Reason, blocks, suppress
from daemon.service.sending.unsubscribing import headers_for
from daemon.service.tools import Service
from daemon.store import domains as domain_table
from daemon.store import sends, suppressions
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.messages import MessageRow
from daemon.store.rows import unpack
from daemon.store.sends import BrakeRow, Counted

log = logging.getLogger("postern.sending")


class Outcome(StrEnum):
    """What became of a recipient for good."""

    DELIVERED = "delivered"
    BOUNCED_HARD = "bounced_hard"  # the address does not exist or refuses mail (5.x.x)
    BOUNCED_SOFT = "bounced_soft"  # it could not be reached in all the time that there was (4.x.x)
    COMPLAINED = "complained"
    FAILED = "failed"  # our own doing, or nobody knows


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says: nothing, or with which error it refuses."""

    rule: str
    refusal: PosternError | None = None

    @property
    def ok(self) -> bool:
        return self.refusal is None

    @property
    def detail(self) -> str | None:
        """Return what to do about a no."""
        return None if self.refusal is None else self.refusal.message


@dataclass(frozen=True, slots=True)
class Judgement:
    """What every rule says of a message, in the order in which they are asked."""

    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        return self.refusal is None

    @property
    def refusal(self) -> PosternError | None:
        """Return what a send would be refused with."""
        return next((one.refusal for one in self.verdicts if one.refusal is not None), None)


_HARMS = {
    Outcome.BOUNCED_HARD: (Counted.BOUNCED, Reason.BOUNCE),
    Outcome.COMPLAINED: (Counted.COMPLAINED, Reason.COMPLAINT),
}


class SendingRules(Service):
    """Asked by whoever sends; told by whoever learns what became of it, and by whoever takes mail in."""

    def judge(
        self,
        conn: sqlite3.Connection,
        inbox: InboxRow,
        recipients: Sequence[str],
        now_ms: int,
        *,
        subscribed: bool = False,
    ) -> Judgement:
        """Ask every rule about a message to all of these addresses; nothing is spent."""
        tenant = complaints(conn, inbox.tenant_id, now_ms)
        keys = list(dict.fromkeys(map(correspondent, recipients)))
        found = {row.address: row for row in suppressions.among(conn, inbox.tenant_id, keys)}
        closed = [one for one in recipients if blocks(found.get(correspondent(one)), subscribed=subscribed)]
        points = karma_of(conn, inbox.agent_id, now_ms)
        state = Brake.OPEN if tenant.brake is Brake.STOPPED else tenant.brake  # a stop has a verdict of its own
        has = allowance(conn, self._settings, inbox, points, state, now_ms)
        wanted = len(recipients)
        verdicts = (
            Verdict("complaint_brake", _stopped(tenant) if tenant.brake is Brake.STOPPED else None),
            Verdict("suppression", _suppressed([(one, found[correspondent(one)].reason) for one in closed])),
            Verdict("daily_cap", _capped(wanted, has, now_ms) if wanted > has.left else None),
        )
        return Judgement(verdicts)

    def admit(
        self, tx: Tx, inbox: InboxRow, message_id: str, recipients: Sequence[str], *, subscribed: bool = False
    ) -> None:
        """Let a message through in the transaction that sends it, and spend; or raise what `judge` says."""
        refusal = self.judge(tx.conn, inbox, recipients, tx.now_ms, subscribed=subscribed).refusal
        if refusal is not None:
            raise refusal
        sends.count(tx, inbox, day_of(tx.now_ms), Counted.SENT, len(recipients))
        sends.written_to(tx, inbox.tenant_id, message_id, [correspondent(one) for one in recipients])

    def outcome(self, tx: Tx, inbox: InboxRow, message_id: str, address: str, outcome: Outcome) -> None:
        """Take note of what became of a recipient; the same news twice counts once.

        An address that bounced hard or complained is suppressed, and the agent's karma pays. Complaints may stop the
        tenant. A soft bounce says nothing about the address, nor about who wrote to it.
        """
        if outcome not in _HARMS:
            return
        what, reason = _HARMS[outcome]
        key = correspondent(address)
        suppress(tx, inbox.tenant_id, key, reason, message_id)
        if sends.became(tx, message_id, key, what):
            sends.count(tx, inbox, day_of(tx.now_ms), what)
            if what is Counted.COMPLAINED:
                self._brake(tx, inbox.tenant_id)

    def received(self, tx: Tx, inbox: InboxRow, message: MessageRow, *, automatic: bool) -> None:
        """Earn karma by an answer: from an address that this thread wrote to, once for each message that it was sent.

        Not by an automatic answer (RFC 3834) or a bounce, nor by what is the tenant's own or fails DMARC.
        """
        if automatic or not message.envelope_from or unpack(message.authentication).get("dmarc") == "fail":
            return
        writer = correspondent("".join(people((message.sender,))))
        answered = sends.unanswered(tx.conn, message.thread_id, writer)
        if answered is None or self._is_own(tx, inbox, (writer, correspondent(message.envelope_from))):
            return
        sends.became(tx, answered, writer, Counted.REPLIED)
        sends.count(tx, inbox, day_of(tx.now_ms), Counted.REPLIED)

    def unsubscribe_headers(
        self, tx: Tx, inbox: InboxRow, message_id: str, recipient: str
    ) -> tuple[tuple[str, str], ...]:
        """Return the header fields by which a recipient of subscribed mail leaves (RFC 8058)."""
        return headers_for(tx, self._keyring, self._ids, self._mutations.public_url, inbox.tenant_id, recipient)

    def _is_own(self, tx: Tx, inbox: InboxRow, addresses: Sequence[str]) -> bool:
        """Tell whether one of these is on a domain of the mailbox's tenant."""
        domains = {row.name for row in domain_table.of_tenant(tx.conn, inbox.tenant_id)}
        return any(one.rpartition("@")[2] in domains for one in addresses)

    def _brake(self, tx: Tx, tenant_id: str) -> None:
        """Stop a tenant that too many complained about, until an operator lets it go on."""
        found = complaints(tx.conn, tenant_id, tx.now_ms)
        if found.stopped_ms is not None or brake(found.sent, found.complained) is not Brake.STOPPED:
            return
        row = BrakeRow(tenant_id=tenant_id, sent=found.sent, complained=found.complained, stopped_ms=tx.now_ms)
        sends.stop(tx, row)
        call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
        append(tx, entry(call, "tenant:stop_sending", tenant_id, tenant_id))
        told = {"tenant": tenant_id, "sends": found.sent, "complaints": found.complained}
        tx.on_commit(partial(log.error, "sending stopped: too many complaints", extra=told))


def _stopped(tenant: Complaints) -> PosternError:
    rate = f"{complaint_rate(tenant.sent, tenant.complained):.2%}"
    return PosternError(
        Code.SEND_CAP_REACHED,
        f"Too many recipients complained ({rate}), so this tenant sends nothing. An operator must look into it and"
        " lift the brake: posternctl tenant lift-brake.",
        details=_facts(rule="complaint_brake", complaint_rate=rate, sends=tenant.sent, complaints=tenant.complained),
    )


def _suppressed(found: Sequence[tuple[str, str]]) -> PosternError | None:
    if not found:
        return None
    named = ", ".join(address for address, _ in found)
    return PosternError(
        Code.VALIDATION_FAILED,
        f"Not to be written to: {named}. Leave out who is suppressed, or ask the operator: posternctl suppression.",
        details=[FieldProblem(address, f"suppressed: {reason}") for address, reason in found],
    )


def _capped(wanted: int, has: Allowance, now_ms: int) -> PosternError:
    resets_at = iso(has.resets_ms)
    facts = _facts(rule="daily_cap", cap=has.cap, used=has.used, recipients=wanted, resets_at=resets_at)
    if wanted > has.cap:  # waiting for tomorrow would not help
        return PosternError(
            Code.SEND_CAP_REACHED,
            f"This message has {wanted} recipients, and this mailbox may reach {has.cap} a day. Send it to fewer.",
            details=facts,
        )
    return PosternError(
        Code.SEND_CAP_REACHED,
        f"This mailbox has used {has.used} of its {has.cap} sends of today. Send again after {resets_at}.",
        details=facts,
        retry_after_seconds=-(-(has.resets_ms - now_ms) // SECOND_MS),
    )


def _facts(**facts: object) -> list[FieldProblem]:
    return [FieldProblem(name, str(value)) for name, value in facts.items()]
