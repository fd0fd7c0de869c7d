"""Counts for the status page."""

from __future__ import annotations

import sqlite3

from daemon.store.audit import last_seq
from daemon.store.database import Tx

COUNTED = ("tenants", "agents", "inboxes", "messages")
ONLY = {
    "tenants": " WHERE closed = 0",
    "agents": " WHERE hidden = 0",
    "inboxes": " WHERE status <> 'closed'",
}


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of the main tables, the head of the audit log and the file's size in bytes."""
    found = {
        table: int(conn.execute(f"SELECT count(*) FROM {table}{ONLY.get(table, '')}").fetchone()[0])  # noqa: S608  names are ours
        for table in COUNTED
    }
    found["audit_seq"] = last_seq(conn)
    pages = int(conn.execute("PRAGMA page_count").fetchone()[0])
    found["database_bytes"] = pages * int(conn.execute("PRAGMA page_size").fetchone()[0])
    return found


def touch(tx: Tx) -> None:
    """Change a number in the file's header that nothing else uses: shows that the file can be written.

    SQLite does not write out a row that was overwritten with itself, and so would not notice a full disk.
    """
    version = int(tx.conn.execute("PRAGMA user_version").fetchone()[0])
    tx.conn.execute(f"PRAGMA user_version = {version ^ 1}")
