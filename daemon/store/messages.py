"""Messages and their raw bytes, deflated and shared by the mailboxes that got one mail."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass

from daemon.store import threads
from daemon.store.database import Tx
from daemon.store.inboxes import IN_OPEN_INBOX
from daemon.store.rows import insert, many, one, page

DEFLATE_LEVEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    n: int | None = None
    id: str
    tenant_id: str
    inbox_id: str
    thread_id: str
    raw_id: int
    direction: str
    status: str
    message_id: str | None
    sender: str
    recipients: str
    copies: str
    subject: str
    snippet: str
    visible: str
    authentication: str
    envelope_from: str
    envelope_to: str
    size_bytes: int
    problem: str | None
    unread: int
    received_ms: int
    subject_key: str | None = None
    has_attachment: int = 0
    auto_submitted: int = 0
    owners: str
    origin_n: int | None = None


def deflate(raw: bytes) -> bytes:
    """Return the form that is stored. CPU-bound: call it off the writer thread."""
    return zlib.compress(raw, DEFLATE_LEVEL)


def add_raw(tx: Tx, deflated: bytes, size_bytes: int) -> int:
    """Store raw bytes once and return their id."""
    cursor = tx.conn.execute("INSERT INTO raws (size_bytes, deflated) VALUES (?, ?)", (size_bytes, deflated))
    return int(cursor.lastrowid or 0)


def add(tx: Tx, message: MessageRow) -> None:
    insert(tx.conn, "messages", message)


def get(conn: sqlite3.Connection, message_id: str) -> MessageRow | None:
    return one(conn, MessageRow, f"messages WHERE id = ? AND {IN_OPEN_INBOX}", message_id)


def with_raw(conn: sqlite3.Connection, message_id: str) -> tuple[MessageRow | None, bytes | None]:
    """Return a message and its bytes as they arrived; None and None when it is not there."""
    row = get(conn, message_id)
    return row, None if row is None else raw(conn, row.raw_id)


def raw(conn: sqlite3.Connection, raw_id: int) -> bytes | None:
    """Return the bytes as they arrived; None when they were deleted since."""
    row = conn.execute("SELECT deflated FROM raws WHERE id = ?", (raw_id,)).fetchone()
    return None if row is None else zlib.decompress(row[0])


def listing(
    conn: sqlite3.Connection, inbox_id: str, direction: str | None, unread: bool, before_n: int | None, limit: int
) -> list[MessageRow]:
    filters = {"inbox_id": inbox_id, "direction": direction, "unread": 1 if unread else None}
    return page(conn, MessageRow, "messages", filters, before_n, limit)


def of_thread(conn: sqlite3.Connection, thread_id: str, after_n: int, limit: int) -> list[MessageRow]:
    """Return up to `limit` messages of a thread that stand after `after_n`, oldest first."""
    return many(
        conn, MessageRow, "messages WHERE thread_id = ? AND n > ? ORDER BY n LIMIT ?", thread_id, after_n, limit
    )


def received_since(
    conn: sqlite3.Connection, inbox_id: str, since_ms: int, before_n: int | None, limit: int
) -> list[MessageRow]:
    """Return messages that came in at or after `since_ms`, newest first."""
    tail = (
        "messages WHERE inbox_id = ? AND direction = 'inbound' AND received_ms >= ? AND n < ? ORDER BY n DESC LIMIT ?"
    )
    return many(conn, MessageRow, tail, inbox_id, since_ms, (1 << 62) if before_n is None else before_n, limit)


def sent_in_thread(conn: sqlite3.Connection, thread_id: str, since_ms: int, nth: int) -> int | None:
    """Return when the `nth` newest mail was sent in a thread, counted from 1; None when that was before `since_ms`."""
    row = conn.execute(
        "SELECT received_ms FROM messages WHERE thread_id = ? AND direction = 'outbound' AND received_ms > ?"
        " ORDER BY received_ms DESC LIMIT 1 OFFSET ?",
        (thread_id, since_ms, nth - 1),
    ).fetchone()
    return None if row is None else int(row[0])


def set_unread(tx: Tx, message_id: str, unread: bool) -> None:
    tx.conn.execute("UPDATE messages SET unread = ? WHERE id = ?", (int(unread), message_id))


def remove(tx: Tx, message_id: str) -> None:
    """Delete a message, its search row (by trigger), and the raw bytes and the thread that nothing else needs."""
    row = tx.conn.execute("DELETE FROM messages WHERE id = ? RETURNING raw_id, thread_id", (message_id,)).fetchone()
    if row is None:
        return
    tx.conn.execute("DELETE FROM claims WHERE message_id = ?", (message_id,))
    tx.conn.execute(
        "DELETE FROM raws WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE raw_id = ?1)", (row["raw_id"],)
    )
    threads.remove_empty(tx, row["thread_id"])


def some_ids(conn: sqlite3.Connection, inbox_id: str, most: int) -> list[str]:
    """Return up to `most` message ids of a mailbox."""
    return [row[0] for row in conn.execute("SELECT id FROM messages WHERE inbox_id = ? LIMIT ?", (inbox_id, most))]


def older_than(conn: sqlite3.Connection, tenant_id: str, before_ms: int, most: int) -> list[str]:
    """Return up to `most` ids of a tenant's messages received before `before_ms`, oldest first."""
    found = conn.execute(
        "SELECT id FROM messages WHERE tenant_id = ? AND received_ms < ? ORDER BY received_ms LIMIT ?",
        (tenant_id, before_ms, most),
    )
    return [row[0] for row in found]
