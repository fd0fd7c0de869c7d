"""What happens to messages: recorded in the transaction in which it happens, and told in one form everywhere."""

from __future__ import annotations

import sqlite3
from functools import partial

from daemon.api.events import EventBody, EventMessage
from daemon.clock import iso
from daemon.events import Bus, Event
from daemon.store import events, inboxes, messages
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow

EVERY_EVENT = "events"  # the topic of everything that happens


def events_of(agent_id: str) -> str:
    """Return the topic of what happens in an agent's mailboxes."""
    return f"events:{agent_id}"


def happened(tx: Tx, bus: Bus, kind: str, inbox: InboxRow, message_id: str) -> None:
    """Record an event of a message; after the commit whoever waits, follows or delivers is woken."""
    events.add(tx, kind, inbox.tenant_id, inbox.id, message_id)
    for topic in (inbox.id, events_of(inbox.agent_id), EVERY_EVENT):
        tx.on_commit(partial(bus.publish, Event(topic, kind, message_id)))


def told(conn: sqlite3.Connection, kind: str, inbox_id: str, message_id: str) -> EventBody | None:
    """Return what an event says; None when its message was deleted: what is gone is not talked about."""
    inbox, message = inboxes.find(conn, inbox_id), messages.get(conn, message_id)
    if inbox is None or message is None:
        return None
    about = EventMessage(
        id=message.id,
        thread_id=message.thread_id,
        from_=message.sender,
        subject=message.subject,
        received_at=iso(message.received_ms),
    )
    return EventBody(event=kind, inbox=inbox.address, message=about)


def made_up(conn: sqlite3.Connection, kind: str, inbox_id: str | None, now_ms: int) -> EventBody:
    """Return an event of nothing, to try a webhook with."""
    inbox = inboxes.find(conn, inbox_id) if inbox_id else None
    about = EventMessage(
        id="msg_test",
        thread_id="thread_test",
        from_="Postern <test@postern.invalid>",
        subject="A test of your webhook",
        received_at=iso(now_ms),
    )
    return EventBody(event=kind, inbox=inbox.address if inbox else "test@postern.invalid", message=about)
