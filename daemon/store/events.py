"""Event rows: what happened, written in the transaction in which it happened."""

from __future__ import annotations

from daemon.store.database import Tx


def add(tx: Tx, kind: str, tenant_id: str, inbox_id: str, subject_id: str) -> None:
    """Record one event; `kind` is `message.received` and its like."""
    tx.conn.execute(
        "INSERT INTO events (tenant_id, inbox_id, kind, subject_id, created_ms) VALUES (?, ?, ?, ?, ?)",
        (tenant_id, inbox_id, kind, subject_id, tx.now_ms),
    )


def purge(tx: Tx, before_ms: int, most: int) -> int:
    """Remove up to `most` events older than `before_ms`; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM events WHERE n IN (SELECT n FROM events WHERE created_ms < ? LIMIT ?)", (before_ms, most)
    )
    return gone.rowcount
