"""One-time links. Spending one is a single statement, so that of many racers one wins."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    n: int | None = None
    id: str
    tenant_id: str | None
    purpose: str
    target: str | None
    audit_seq: int
    issuer: str
    issuer_key_id: str | None
    sealed: bytes | None
    expires_ms: int
    used_ms: int | None = None
    revoked_ms: int | None = None
    created_ms: int


def add(tx: Tx, link: LinkRow) -> None:
    insert(tx.conn, "links", link)


def get(conn: sqlite3.Connection, link_id: str) -> LinkRow | None:
    return one(conn, LinkRow, "links WHERE id = ?", link_id)


def listing(conn: sqlite3.Connection, tenant_id: str | None, before_n: int | None, limit: int) -> list[LinkRow]:
    return page(conn, LinkRow, "links", {"tenant_id": tenant_id}, before_n, limit)


def spend(tx: Tx, link_id: str) -> bool:
    """Mark a link used and erase what was sealed in it; False when it was spent, revoked or has expired."""
    spent = tx.conn.execute(
        "UPDATE links SET used_ms = ?1, sealed = NULL"
        " WHERE id = ?2 AND used_ms IS NULL AND revoked_ms IS NULL AND expires_ms > ?1 RETURNING id",
        (tx.now_ms, link_id),
    )
    return spent.fetchone() is not None


def revoke(tx: Tx, link_id: str) -> None:
    tx.conn.execute(
        "UPDATE links SET revoked_ms = ?, sealed = NULL WHERE id = ? AND revoked_ms IS NULL", (tx.now_ms, link_id)
    )


def erase_expired(tx: Tx) -> int:
    """Erase what is sealed in expired links; return how many."""
    gone = tx.conn.execute("UPDATE links SET sealed = NULL WHERE sealed IS NOT NULL AND expires_ms <= ?", (tx.now_ms,))
    return gone.rowcount


def purge(tx: Tx, expired_before_ms: int, most: int) -> int:
    """Forget up to `most` links that expired long ago; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM links WHERE n IN (SELECT n FROM links WHERE expires_ms < ? LIMIT ?)", (expired_before_ms, most)
    )
    return gone.rowcount
