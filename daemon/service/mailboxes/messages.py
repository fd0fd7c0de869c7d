"""Messages: taken in, listed, shown and deleted."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from daemon.api.common import Deleted, LinkRef
from daemon.api.messages import (
    AttachmentInfo,
    Authentication,
    DownloadQuery,
    Extracted,
    Header,
    Message,
    MessageGetQuery,
    MessageQuery,
    MessageSummary,
    MessageText,
    MessageTextQuery,
    MessageUpdate,
)
from daemon.api.sending import DryRun, RecipientStatus, ReplyRequest, SendRequest, Sent
from daemon.backends.protocols import Arrival, Authenticate
from daemon.errors import not_found
from daemon.events import Event
from daemon.mail.automatic import is_automatic
from daemon.mail.bounded import parse_bounded
from daemon.mail.dsn import Report, reports
from daemon.mail.extract import Extracted as Extraction
from daemon.mail.model import Address, ParsedMail
from daemon.service.addresses import bounced_message
from daemon.service.context import Blob, Call, Done, Listed, Principal
from daemon.service.mailboxes.downloads import Downloads, Target
from daemon.service.mailboxes.extracted import shown_extraction
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mailboxes.message_rows import deliveries, owned_message, summary
from daemon.service.mailboxes.threads import place
from daemon.service.meters import timed
from daemon.service.mutations import Change
from daemon.service.receiving.mirror import MIRROR
from daemon.service.receiving.reception import Reception
from daemon.service.sending.outcomes import Outcomes
from daemon.service.sending.rules import SendingRules
from daemon.service.sending.send import Sending
from daemon.service.telling.happenings import happened
from daemon.service.tools import Service, Tools
from daemon.store import inboxes, messages, outbox
from daemon.store.database import Tx
from daemon.store.messages import MessageRow
from daemon.store.rows import pack
from daemon.store.search import owners

DEFLATE_INLINE_MAX_BYTES = 64 * 1024
INDEX_MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail ready to be kept; `reports` are what a bounce tells."""

    arrival: Arrival
    parsed: ParsedMail
    deflated: bytes
    size_bytes: int
    reports: tuple[Report, ...] = ()
    authentication: Authentication = field(default_factory=Authentication)
    unread: bool = True


Deliveries = list[RecipientStatus]


class Messages(Service):
    """The noun `message`."""

    def __init__(
        self,
        tools: Tools,
        downloads: Downloads,
        reception: Reception,
        authenticate: Authenticate,
        sending: Sending,
        rules: SendingRules,
        outcomes: Outcomes,
    ) -> None:
        super().__init__(tools)
        self._reception = reception
        self._outcomes = outcomes
        self._downloads = downloads
        self._authenticate = authenticate
        self._sending = sending
        self._rules = rules

    async def send(self, call: Call, address: str, request: SendRequest) -> Done[Sent] | DryRun:
        """Send a mail from a mailbox."""
        return await self._sending.send(call, address, request)

    async def reply(self, call: Call, message: str, request: ReplyRequest) -> Done[Sent] | DryRun:
        """Answer a message."""
        return await self._sending.reply(call, message, request)

    async def receive(self, arrival: Arrival, recipients: Mapping[str, str], raw: bytes) -> frozenset[str]:
        """Store one mail for each of `recipients` (destination → address as given), durably; return who took it.

        The raw bytes are kept whatever they are: a mail that cannot be parsed is stored and marked. A mailbox that was
        deleted meanwhile, or does not want the mail, gets nothing. Raises `Refused` when none wants it, `PosternError`
        (`backend_unavailable`) when the mail cannot be kept.
        """
        with timed(self._meters.received_seconds):
            mail = await self.judged(arrival, raw)
            return await self._database.write(lambda tx: self.keep(tx, mail, recipients))

    async def judged(self, arrival: Arrival, raw: bytes) -> Incoming:
        """Return a mail ready to be kept, with what is known of its authenticity."""
        verdicts = await self._authenticate(arrival, raw)
        return replace(await self.incoming(arrival, raw), authentication=verdicts)

    async def incoming(self, arrival: Arrival, raw: bytes) -> Incoming:
        """Return a mail ready to be kept: parsed and deflated. Of its authenticity nothing is known yet."""
        told = () if arrival.envelope_from else reports(raw)
        return Incoming(arrival, await parse_bounded(raw), await _deflated(raw), len(raw), told)

    def keep(
        self, tx: Tx, mail: Incoming, recipients: Mapping[str, str], origin_n: int | None = None
    ) -> frozenset[str]:
        """Store a mail as `receive` does, in a transaction of the caller's; `origin_n` is what it was fetched from."""
        welcome = self._reception.welcomed(tx, mail.arrival, mail.parsed, recipients)
        if not welcome:
            return frozenset()
        raw_id = messages.add_raw(tx, mail.deflated, mail.size_bytes)
        for inbox, destinations in welcome:
            given = recipients[destinations[0]]
            message = replace(self._row(tx, inbox, raw_id, mail, given), origin_n=origin_n)
            messages.add(tx, message)
            self._rules.received(tx, inbox, message, automatic=mail.parsed.auto_submitted)
            self._note_bounce(tx, inbox, mail, given)
            tx.on_commit(partial(self._mails.prime, message.id, mail.parsed, mail.size_bytes))
            happened(tx, self._bus, "message.received", inbox, message.id)
        return frozenset(destination for _, destinations in welcome for destination in destinations)

    async def list(self, call: Call, address: str, query: MessageQuery) -> Listed[MessageSummary]:
        """List a mailbox's messages, newest first."""

        def look(conn: sqlite3.Connection) -> tuple[str, list[MessageRow]]:
            inbox = owned_inbox(conn, call.principal, address)
            before = self._cursors.before(f"messages of {inbox.id}", query)
            limit = query.limit + 1
            return inbox.id, messages.listing(conn, inbox.id, query.direction, query.unread_only, before, limit)

        inbox_id, rows = await self._database.read(look)
        return self._cursors.listed(f"messages of {inbox_id}", query, rows, lambda row: row.n, summary)

    async def get(self, call: Call, message: str, query: MessageGetQuery) -> Message:
        """Show a message with its text, headers, attachments and what was extracted from it."""
        row = await self._owned(call.principal, message)
        if query.mark_read and row.unread:
            await self._database.write(lambda tx: messages.set_unread(tx, message, unread=False))
            self._look_there()
            row = replace(row, unread=0)
        parsed = await self._mails.parsed(row)
        return Message(
            **summary(row).model_dump(),
            text=parsed.text,
            html=parsed.html,
            headers=[Header(name=name, value=value) for name, value in parsed.headers],
            attachments=_attachments(parsed),
            extracted=await self._extracted(row, parsed),
            size_bytes=row.size_bytes,
            problem=row.problem,
            deliveries=await self._deliveries(row),
        )

    async def text(self, call: Call, message: str, query: MessageTextQuery) -> MessageText:
        """Show what a reader of the message sees, a part at a time, with its attachments and what was extracted."""
        row = await self._owned(call.principal, message)
        parsed, whole, end = await self._mails.parsed(row), row.visible, query.offset + query.max_chars
        return MessageText(
            **summary(row).model_dump(),
            text=whole[query.offset : end],
            offset=query.offset,
            next_offset=end if end < len(whole) else None,
            total_chars=len(whole),
            attachments=_attachments(parsed),
            extracted=await self._extracted(row, parsed),
            problem=row.problem,
            deliveries=await self._deliveries(row),
        )

    async def raw(self, call: Call, message: str, query: DownloadQuery) -> Blob | Done[LinkRef]:
        """Return the bytes as they arrived, or a one-time link to them."""
        row = await self._owned(call.principal, message)
        return await self._given(call, Target(row.id), query)

    async def attachment(self, call: Call, message: str, n: str, query: DownloadQuery) -> Blob | Done[LinkRef]:
        """Return the decoded bytes of an attachment, counted from 0 in the mail's order, or a one-time link to them."""
        row = await self._owned(call.principal, message)
        if not (n.isascii() and n.isdecimal() and len(n) <= INDEX_MAX_DIGITS):
            raise not_found("attachment")
        return await self._given(call, Target(row.id, int(n)), query)

    async def update(self, call: Call, message: str, request: MessageUpdate) -> Done[MessageSummary]:
        """Mark a message read or unread."""

        def change(tx: Tx) -> Change[MessageSummary]:
            row = owned_message(tx.conn, call.principal, message)
            messages.set_unread(tx, row.id, request.unread)
            tx.on_commit(self._look_there)
            return Change(data=summary(replace(row, unread=int(request.unread))), target=row.id, tenant=row.tenant_id)

        return await self._mutations.run(call, "message:update", change)

    async def delete(self, call: Call, message: str) -> Done[Deleted]:
        """Delete a message for good: its raw bytes and its search row go with it. What is still queued is not sent."""

        def change(tx: Tx) -> Change[Deleted]:
            row = owned_message(tx.conn, call.principal, message)
            sending = outbox.get(tx.conn, row.id)
            reason = "its sending was cancelled" if sending and sending.state in ("queued", "handing") else None
            messages.remove(tx, row.id)
            tx.on_commit(lambda: self._mails.forget(row.id))
            tx.on_commit(self._look_there)
            return Change(data=Deleted(id=row.id), target=row.id, tenant=row.tenant_id, reason=reason)

        return await self._mutations.run(call, "message:delete", change)

    def _look_there(self) -> None:
        """Have what changed told to the server that the mail came from."""
        self._bus.publish(Event(MIRROR, "look"))

    async def _extracted(self, row: MessageRow, parsed: ParsedMail) -> Extracted:
        is_own = row.direction == "outbound"  # what somebody wrote is no code that came for them
        found = Extraction() if is_own else await self._mails.extracted(row)
        return shown_extraction(found, row, parsed.from_.address if parsed.from_ else "", self._clock.now_ms())

    async def _deliveries(self, row: MessageRow) -> Deliveries | None:
        """Return what became of each recipient of what was sent."""
        if row.direction != "outbound":
            return None
        return await self._database.read(lambda conn: deliveries(conn, row.id))

    async def _given(self, call: Call, target: Target, query: DownloadQuery) -> Blob | Done[LinkRef]:
        return await (self._downloads.link(call, target) if query.link else self._downloads.blob(target))

    async def _owned(self, principal: Principal, message: str) -> MessageRow:
        return await self._database.read(lambda conn: owned_message(conn, principal, message))

    def _note_bounce(self, tx: Tx, inbox: inboxes.InboxRow, mail: Incoming, envelope_to: str) -> None:
        """Take a notification for what it reports, if it came to the envelope sender of a message of this mailbox."""
        bounced = bounced_message(envelope_to) if mail.reports else None
        sent = None if bounced is None else messages.get(tx.conn, bounced)
        if sent is not None and sent.inbox_id == inbox.id:
            self._outcomes.reported(tx, sent.id, mail.reports)

    def _row(self, tx: Tx, inbox: inboxes.InboxRow, raw_id: int, mail: Incoming, envelope_to: str) -> MessageRow:
        parsed, envelope_from = mail.parsed, mail.arrival.envelope_from
        thread_id, subject_key = place(tx, self._ids, inbox.id, parsed, envelope_from)
        return MessageRow(
            id=self._ids.new("msg"),
            tenant_id=inbox.tenant_id,
            inbox_id=inbox.id,
            thread_id=thread_id,
            raw_id=raw_id,
            direction="inbound",
            status="received",
            message_id=parsed.message_id,
            sender=_address(parsed.from_) if parsed.from_ else envelope_from,
            recipients=pack([_address(one) for one in parsed.to]),
            copies=pack([_address(one) for one in parsed.cc]),
            subject=parsed.subject,
            snippet=parsed.snippet,
            visible=parsed.visible,
            authentication=pack(mail.authentication.model_dump()),
            envelope_from=envelope_from,
            envelope_to=envelope_to,
            size_bytes=mail.size_bytes,
            problem=parsed.problem,
            unread=int(mail.unread),
            received_ms=tx.now_ms,
            subject_key=subject_key,
            has_attachment=any(not part.inline for part in parsed.attachments),
            auto_submitted=is_automatic(parsed, envelope_from),
            owners=owners(inbox.tenant_id, inbox.agent_id, inbox.id),
        )


async def _deflated(raw: bytes) -> bytes:
    if len(raw) <= DEFLATE_INLINE_MAX_BYTES:
        return messages.deflate(raw)
    return await asyncio.to_thread(messages.deflate, raw)


def _attachments(parsed: ParsedMail) -> list[AttachmentInfo]:
    return [
        AttachmentInfo(
            index=part.index,
            filename=part.filename,
            content_type=part.content_type,
            size_bytes=part.size_bytes,
            content_id=part.content_id,
            inline=part.inline,
        )
        for part in parsed.attachments
    ]


def _address(one: Address) -> str:
    return f"{one.name} <{one.address}>" if one.name else one.address
