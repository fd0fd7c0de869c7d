"""Key-check values: which master keys this file was sealed with."""

from __future__ import annotations

import sqlite3

from daemon.store.database import Tx


def check_values(conn: sqlite3.Connection) -> dict[str, str]:
    """Return the check value of each key id."""
    return {row["key_id"]: row["check_value"] for row in conn.execute("SELECT key_id, check_value FROM keyring")}


def add(tx: Tx, key_id: str, check_value: str) -> None:
    """Remember a key."""
    tx.conn.execute("INSERT INTO keyring VALUES (?, ?, ?)", (key_id, check_value, tx.now_ms))
