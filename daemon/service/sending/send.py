"""The decision to send: a mail is taken in one transaction, with all that its sending will need."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from dataclasses import dataclass, replace
from functools import partial

from daemon.api.messages import Authentication
from daemon.api.sending import DryRun, ReplyRequest, RuleVerdict, SendRequest, Sent
from daemon.errors import Code, FieldProblem, PosternError, invalid
from daemon.events import Event
from daemon.mail.bounded import parse_bounded
from daemon.mail.compose import compose, with_fields
from daemon.mail.model import ParsedMail
from daemon.service.addresses import bounce_address
from daemon.service.context import Call, Done
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mailboxes.message_rows import owned_message
from daemon.service.mailboxes.threads import place
from daemon.service.mutations import Change, Once
from daemon.service.sending.drafting import Letter, answer, letter
from daemon.service.sending.reply_brake import ReplyBrake, refuse_unanswerable
from daemon.service.sending.rules import Judgement, SendingRules
from daemon.service.tools import Service, Tools
from daemon.store import messages, outbox
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.messages import MessageRow
from daemon.store.outbox import OutboxRow, RecipientRow
from daemon.store.rows import pack
from daemon.store.search import owners

OUTBOX = "outbox"  # the topic that wakes the worker
_ROOM_FOR_FIELDS_BYTES = 1_000  # what the rules may put before a mail


@dataclass(frozen=True, slots=True)
class _Written:
    """A letter as bytes, read back as everybody else will read it."""

    letter: Letter
    raw: bytes
    deflated: bytes
    parsed: ParsedMail


class Sending(Service):
    """Takes mail to be sent, or says what keeps it from being sent."""

    def __init__(self, tools: Tools, rules: SendingRules, brake: ReplyBrake) -> None:
        super().__init__(tools)
        self._brake = brake
        self._rules = rules

    @property
    def max_bytes(self) -> int:
        """The largest mail that is sent, whole."""
        return self._settings.max_send_bytes

    async def send(self, call: Call, address: str, request: SendRequest) -> Done[Sent] | DryRun:
        """Take a mail. When this returns it is on disk, with its place in the outbox.

        Raises `PosternError`: `validation_failed`, `payload_too_large`, `idempotency_conflict`, and what the rules say.
        """
        inbox = await self._database.read(lambda conn: owned_inbox(conn, call.principal, address))
        composed = letter(inbox, request)
        if request.dry_run:
            return await self._tried(inbox, composed)
        once = self._once(call, "messages.send", request, inbox.id)
        return await self._take(call, "message:send", inbox, composed, once, None)

    async def reply(self, call: Call, message: str, request: ReplyRequest) -> Done[Sent] | DryRun:
        """Take an answer to a message, which joins its thread.

        Raises `PosternError` as `send` does, and `rate_limited` when the thread has had enough of them.
        """

        def look(conn: sqlite3.Connection) -> tuple[MessageRow, InboxRow]:
            row = owned_message(conn, call.principal, message)
            refuse_unanswerable(row)
            return row, owned_inbox(conn, call.principal, row.inbox_id)

        original, inbox = await self._database.read(look)
        parsed = await self._mails.parsed(original)
        composed = answer(inbox, request, parsed, is_own=original.direction == "outbound")
        if request.dry_run:
            return await self._tried(inbox, composed, original)
        once = self._once(call, "messages.reply", request, original.id)
        return await self._take(call, "message:reply", inbox, composed, once, original.id)

    def _once(self, call: Call, operation: str, request: SendRequest | ReplyRequest, of: str) -> Once[Sent] | None:
        given = {key for key in (request.idempotency_key, call.idempotency_key) if key is not None}
        if len(given) > 1:
            raise invalid("idempotency_key", "it is not the key in the header Idempotency-Key; give one of the two")
        return Once(operation, given.pop(), request, Sent, of) if given else None

    async def _tried(self, inbox: InboxRow, composed: Letter, answered: MessageRow | None = None) -> DryRun:
        now_ms = self._clock.now_ms()

        def judge(conn: sqlite3.Connection) -> Judgement:
            said = self._rules.judge(conn, inbox, composed.addresses, now_ms, subscribed=composed.subscribed)
            return said if answered is None else Judgement((*said.verdicts, self._brake.judge(conn, answered, now_ms)))

        self._refuse_large(await self._bytes(inbox, composed))
        judgement = await self._database.read(judge)
        rules = [RuleVerdict(rule=one.rule, ok=one.ok, detail=one.detail) for one in judgement.verdicts]
        return DryRun(would_send=judgement.ok, rules=rules)

    async def _take(
        self, call: Call, effect: str, inbox: InboxRow, composed: Letter, once: Once[Sent] | None, answered: str | None
    ) -> Done[Sent]:
        raw = await self._bytes(inbox, composed)
        self._refuse_large(raw)
        written = _Written(composed, raw, await asyncio.to_thread(messages.deflate, raw), await parse_bounded(raw))
        new_id = self._ids.new("msg")

        def change(tx: Tx) -> Change[Sent]:
            owner = owned_inbox(tx.conn, call.principal, inbox.id)
            original = None if answered is None else owned_message(tx.conn, call.principal, answered)
            if original is not None:
                self._brake.admit(tx, original)
            row = self._stored(tx, owner, written, new_id, None if original is None else original.thread_id)
            self._rules.admit(tx, owner, row.id, composed.addresses, subscribed=composed.subscribed)
            tx.on_commit(partial(self._bus.publish, Event(OUTBOX, "look")))
            return Change(
                data=Sent(id=row.id, status="queued", thread_id=row.thread_id), target=row.id, tenant=row.tenant_id
            )

        return await self._mutations.run(call, effect, change, once=once)

    async def _bytes(self, inbox: InboxRow, composed: Letter) -> bytes:
        domain, token = inbox.address.rpartition("@")[2], self._ids.bare()
        draft = replace(composed.draft, message_id=f"<{self._ids.bare()}@{domain}>", date_ms=self._clock.now_ms())
        return await asyncio.to_thread(compose, draft, token)

    def _refuse_large(self, raw: bytes) -> None:
        if len(raw) + _ROOM_FOR_FIELDS_BYTES > self.max_bytes:
            message = f"The mail has {len(raw)} bytes as it would be sent; {self.max_bytes} are the most. Send less."
            detail = FieldProblem("attachments", "text, html and attachments are too large together")
            raise PosternError(Code.PAYLOAD_TOO_LARGE, message, details=[detail])

    def _stored(self, tx: Tx, inbox: InboxRow, written: _Written, new_id: str, thread_id: str | None) -> MessageRow:
        """Store the mail as a message of its mailbox and put it into the outbox."""
        raw, deflated, parsed = written.raw, written.deflated, written.parsed
        if written.letter.subscribed:
            fields = self._rules.unsubscribe_headers(tx, inbox, new_id, written.letter.addresses[0])
            raw = with_fields(raw, fields)
            deflated = messages.deflate(raw)
        placed, subject_key = place(tx, self._ids, inbox.id, parsed, inbox.address, thread_id)
        draft = written.letter.draft
        row = MessageRow(
            id=new_id,
            tenant_id=inbox.tenant_id,
            inbox_id=inbox.id,
            thread_id=placed,
            raw_id=messages.add_raw(tx, deflated, len(raw)),
            direction="outbound",
            status="queued",
            message_id=parsed.message_id,
            sender=str(draft.sender),
            recipients=pack([str(one) for one in draft.to]),
            copies=pack([str(one) for one in draft.cc]),
            subject=parsed.subject,
            snippet=parsed.snippet,
            visible=parsed.visible,
            authentication=pack(Authentication().model_dump()),
            envelope_from=bounce_address(inbox.address, new_id),
            envelope_to="",
            size_bytes=len(raw),
            problem=parsed.problem,
            unread=0,
            received_ms=tx.now_ms,
            subject_key=subject_key,
            has_attachment=any(not part.inline for part in parsed.attachments),
            owners=owners(inbox.tenant_id, inbox.agent_id, inbox.id),
        )
        messages.add(tx, row)
        self._queue(tx, inbox, row, written.letter)
        return row

    def _queue(self, tx: Tx, inbox: InboxRow, row: MessageRow, composed: Letter) -> None:
        operation_id = str(uuid.UUID(bytes=self._ids.random_bytes(16), version=4))
        queued = OutboxRow(
            message_id=row.id,
            tenant_id=inbox.tenant_id,
            inbox_id=inbox.id,
            agent_id=inbox.agent_id,
            operation_id=operation_id,
            envelope_from=row.envelope_from,
            state="queued",
            next_ms=tx.now_ms,
            created_ms=tx.now_ms,
        )
        recipients = [
            RecipientRow(
                message_id=row.id, place=number, address=address, kind=kind, state="queued", updated_ms=tx.now_ms
            )
            for number, (address, kind) in enumerate(composed.recipients)
        ]
        outbox.add(tx, queued, recipients)
