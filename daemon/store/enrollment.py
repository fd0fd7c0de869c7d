"""Enrollment keys, and the quota that each of them is."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentKeyRow:
    n: int | None = None
    id: str
    tenant_id: str
    label: str
    digest: bytes
    scopes: str
    domains: str
    max_mailboxes: int
    used_count: int = 0
    reusable: int
    expires_ms: int
    revoked_ms: int | None = None
    created_ms: int
    hidden: int = 0


def add(tx: Tx, key: EnrollmentKeyRow) -> None:
    insert(tx.conn, "enrollment_keys", key)


def get(conn: sqlite3.Connection, key_id: str) -> EnrollmentKeyRow | None:
    return one(conn, EnrollmentKeyRow, "enrollment_keys WHERE id = ?", key_id)


def listing(
    conn: sqlite3.Connection, tenant_id: str | None, before_n: int | None, limit: int
) -> list[EnrollmentKeyRow]:
    return page(conn, EnrollmentKeyRow, "enrollment_keys", {"tenant_id": tenant_id, "hidden": 0}, before_n, limit)


def spend(tx: Tx, key_id: str) -> bool:
    """Take one mailbox off the quota; False when none is left. One statement, so no race passes the limit."""
    spent = tx.conn.execute(
        "UPDATE enrollment_keys SET used_count = used_count + 1 WHERE id = ? AND used_count < max_mailboxes", (key_id,)
    )
    return spent.rowcount == 1


def revoke(tx: Tx, key_id: str) -> None:
    tx.conn.execute(
        "UPDATE enrollment_keys SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL", (tx.now_ms, key_id)
    )
