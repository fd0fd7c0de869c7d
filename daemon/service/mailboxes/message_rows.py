"""What every service about messages shares: whose a row is, and how it is shown in a list."""

from __future__ import annotations

import sqlite3

from daemon.api.messages import Authentication, MessageSummary
from daemon.api.sending import RecipientStatus
from daemon.clock import iso
from daemon.errors import not_found
from daemon.service.context import Principal
from daemon.store import inboxes, messages, outbox
from daemon.store.messages import MessageRow
from daemon.store.rows import unpack


def owns(conn: sqlite3.Connection, principal: Principal, inbox_id: str) -> bool:
    """Tell whether what is in a mailbox is the caller's; operators see everything."""
    if principal.is_operator:
        return True
    inbox = inboxes.find(conn, inbox_id)
    return inbox is not None and inbox.agent_id == principal.agent_id


def owned_message(conn: sqlite3.Connection, principal: Principal, message_id: str) -> MessageRow:
    """Return a message of the caller's; what is not there and what is another's raise the same `not_found`."""
    row = messages.get(conn, message_id)
    if row is None or not owns(conn, principal, row.inbox_id):
        raise not_found("message")
    return row


def deliveries(conn: sqlite3.Connection, message_id: str) -> list[RecipientStatus]:
    """Return what became of each recipient of a mail that was sent."""
    return [
        RecipientStatus.model_validate(
            {
                "address": one.address,
                "kind": one.kind,
                "status": one.state,
                "detail": one.detail,
                "updated_at": iso(one.updated_ms),
            }
        )
        for one in outbox.recipients(conn, message_id)
    ]


def summary(row: MessageRow, snippet: str | None = None) -> MessageSummary:
    """Show a message as it is listed; `snippet` instead of its own."""
    return MessageSummary(
        id=row.id,
        thread_id=row.thread_id,
        inbox_id=row.inbox_id,
        direction="inbound" if row.direction == "inbound" else "outbound",
        from_=row.sender,
        to=unpack(row.recipients),
        cc=unpack(row.copies),
        subject=row.subject,
        snippet=row.snippet if snippet is None else snippet,
        received_at=iso(row.received_ms),
        unread=bool(row.unread),
        status=row.status,
        auto_submitted=bool(row.auto_submitted),
        authentication=Authentication.model_validate(unpack(row.authentication)),
    )
