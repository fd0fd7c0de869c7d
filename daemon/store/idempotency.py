"""First answers, kept so that a repeated request gets the same one. Committed with the effect itself."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRow:
    principal: str
    operation: str
    key: str
    request_hash: str
    subject_id: str
    answer: str
    audit_seq: int
    created_ms: int


def find(conn: sqlite3.Connection, principal: str, operation: str, key: str) -> IdempotencyRow | None:
    tail = "idempotency WHERE principal = ? AND operation = ? AND key = ?"
    return one(conn, IdempotencyRow, tail, principal, operation, key)


def add(tx: Tx, row: IdempotencyRow) -> None:
    insert(tx.conn, "idempotency", row)


def forget_subject(tx: Tx, subject_id: str) -> None:
    """Forget the answers about something that is gone."""
    tx.conn.execute("DELETE FROM idempotency WHERE subject_id = ?", (subject_id,))


def purge_sendings(tx: Tx, before_ms: int, most: int) -> int:
    """Forget up to `most` answers to sendings that were made before `before_ms`; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency"
        " WHERE operation LIKE 'messages.%' AND created_ms < ? LIMIT ?)",
        (before_ms, most),
    )
    return gone.rowcount
