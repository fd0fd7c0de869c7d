"""Key-check values: which master keys this file was sealed with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key that the database was made with."""

    key_id: str
    created_ms: int


def every(conn: sqlite3.Connection) -> list[KeyRow]:
    """Return all of them, the oldest first."""
    rows = conn.execute("SELECT key_id, created_ms FROM keyring ORDER BY created_ms, key_id")
    return [KeyRow(row["key_id"], row["created_ms"]) for row in rows]


def check_values(conn: sqlite3.Connection) -> dict[str, str]:
    """Return the check value of each key id."""
    return {row["key_id"]: row["check_value"] for row in conn.execute("SELECT key_id, check_value FROM keyring")}


def add(tx: Tx, key_id: str, check_value: str) -> None:
    """Remember a key."""
    tx.conn.execute("INSERT INTO keyring VALUES (?, ?, ?)", (key_id, check_value, tx.now_ms))
