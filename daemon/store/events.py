"""Event rows: what happened, written in the transaction in which it happened.

There is one writer, so the order of the numbers is the order of the commits: whoever has read up to a number has missed
nothing below it. `webhooks_cursor` is how far events were handed out to webhooks.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import many


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    n: int
    tenant_id: str
    inbox_id: str
    kind: str
    subject_id: str
    created_ms: int


def add(tx: Tx, kind: str, tenant_id: str, inbox_id: str, subject_id: str) -> None:
    """Record one event; `kind` is `message.received` and its like."""
    tx.conn.execute(
        "INSERT INTO events (tenant_id, inbox_id, kind, subject_id, created_ms) VALUES (?, ?, ?, ?, ?)",
        (tenant_id, inbox_id, kind, subject_id, tx.now_ms),
    )


def last_n(conn: sqlite3.Connection) -> int:
    """Return the number of the newest event there ever was."""
    row = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return 0 if row is None else int(row[0])


def first_kept_n(conn: sqlite3.Connection) -> int:
    """Return the number of the oldest event that is kept, or of the next one when none is."""
    row = conn.execute("SELECT min(n) FROM events").fetchone()
    return last_n(conn) + 1 if row[0] is None else int(row[0])


def between(
    conn: sqlite3.Connection, after_n: int, upto_n: int, tenant_id: str | None, agent_id: str | None, limit: int
) -> list[EventRow]:
    """Return up to `limit` events of a span, oldest first: of a tenant, and of an agent's mailboxes (None: of all)."""
    tail = (
        "events WHERE n > ?1 AND n <= ?2 AND (?3 IS NULL OR tenant_id = ?3)"
        " AND (?4 IS NULL OR inbox_id IN (SELECT id FROM inboxes WHERE agent_id = ?4 AND status <> 'closed'))"
        " ORDER BY n LIMIT ?5"
    )
    return many(conn, EventRow, tail, after_n, upto_n, tenant_id, agent_id, limit)


def cursor(conn: sqlite3.Connection) -> int:
    """Return how far events were handed out to webhooks."""
    return int(conn.execute("SELECT n FROM webhooks_cursor").fetchone()[0])


def set_cursor(tx: Tx, n: int) -> None:
    tx.conn.execute("UPDATE webhooks_cursor SET n = ?", (n,))


def purge(tx: Tx, before_ms: int, most: int) -> int:
    """Remove up to `most` events older than `before_ms` that were handed out; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM events WHERE n IN"
        " (SELECT n FROM events WHERE created_ms < ? AND n <= (SELECT n FROM webhooks_cursor) LIMIT ?)",
        (before_ms, most),
    )
    return gone.rowcount
