"""Durable waits by the caller's id, and claims: which one caller a code was given to."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    principal: str
    wait_id: str
    inbox_id: str
    request: str
    since_ms: int
    message_id: str | None = None
    created_ms: int


def add(tx: Tx, wait: WaitRow) -> None:
    insert(tx.conn, "waits", wait)


def find(conn: sqlite3.Connection, principal: str, wait_id: str) -> WaitRow | None:
    return one(conn, WaitRow, "waits WHERE principal = ? AND wait_id = ?", principal, wait_id)


def answer(tx: Tx, wait: WaitRow, message_id: str) -> None:
    """Remember which message a wait was answered with."""
    tx.conn.execute(
        "UPDATE waits SET message_id = ? WHERE principal = ? AND wait_id = ?",
        (message_id, wait.principal, wait.wait_id),
    )


def remove(tx: Tx, principal: str, wait_id: str) -> None:
    tx.conn.execute("DELETE FROM waits WHERE principal = ? AND wait_id = ?", (principal, wait_id))


def remove_of_inbox(tx: Tx, inbox_id: str) -> None:
    tx.conn.execute("DELETE FROM waits WHERE inbox_id = ?", (inbox_id,))


def purge(tx: Tx, before_ms: int, most: int) -> int:
    """Forget up to `most` waits that were begun before `before_ms`; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM waits WHERE rowid IN (SELECT rowid FROM waits WHERE created_ms < ? LIMIT ?)", (before_ms, most)
    )
    return gone.rowcount


def claim(tx: Tx, message_id: str, claimer: str) -> None:
    """Give a message that nobody has to `claimer`."""
    tx.conn.execute("INSERT INTO claims VALUES (?, ?, ?)", (message_id, claimer, tx.now_ms))


def claimer_of(conn: sqlite3.Connection, message_id: str) -> str | None:
    """Return who a message was given to."""
    row = conn.execute("SELECT claimer FROM claims WHERE message_id = ?", (message_id,)).fetchone()
    return None if row is None else str(row[0])
