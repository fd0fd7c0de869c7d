"""Addresses that a tenant does not write to, and the tokens by which people unsubscribe."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, many, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRow:
    """One address of one tenant: the weightiest reason, and since when it is unsubscribed, if it is."""

    n: int | None = None
    tenant_id: str
    address: str
    reason: str
    unsubscribed_ms: int | None = None
    message_id: str | None = None
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """What the id in a token stands for."""

    id: str
    tenant_id: str
    address: str
    created_ms: int


def get(conn: sqlite3.Connection, tenant_id: str, address: str) -> SuppressionRow | None:
    return one(conn, SuppressionRow, "suppressions WHERE tenant_id = ? AND address = ?", tenant_id, address)


def among(conn: sqlite3.Connection, tenant_id: str, addresses: Sequence[str]) -> list[SuppressionRow]:
    """Return those of these addresses that are suppressed."""
    marks = ", ".join("?" * len(addresses))
    return many(
        conn, SuppressionRow, f"suppressions WHERE tenant_id = ? AND address IN ({marks})", tenant_id, *addresses
    )


def listing(conn: sqlite3.Connection, tenant_id: str | None, before_n: int | None, limit: int) -> list[SuppressionRow]:
    return page(conn, SuppressionRow, "suppressions", {"tenant_id": tenant_id}, before_n, limit)


def put(tx: Tx, row: SuppressionRow) -> None:
    """Add an address, or give the one that is there these reasons."""
    values = (row.tenant_id, row.address, row.reason, row.unsubscribed_ms, row.message_id, row.created_ms)
    tx.conn.execute(
        "INSERT INTO suppressions (tenant_id, address, reason, unsubscribed_ms, message_id, created_ms)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, address) DO UPDATE SET reason = excluded.reason,"
        " unsubscribed_ms = excluded.unsubscribed_ms, message_id = excluded.message_id,"
        " created_ms = excluded.created_ms",
        values,
    )


def remove(tx: Tx, tenant_id: str, address: str) -> None:
    tx.conn.execute("DELETE FROM suppressions WHERE tenant_id = ? AND address = ?", (tenant_id, address))


def token(conn: sqlite3.Connection, token_id: str) -> TokenRow | None:
    return one(conn, TokenRow, "unsubscribe_tokens WHERE id = ?", token_id)


def token_of(conn: sqlite3.Connection, tenant_id: str, address: str) -> TokenRow | None:
    return one(conn, TokenRow, "unsubscribe_tokens WHERE tenant_id = ? AND address = ?", tenant_id, address)


def add_token(tx: Tx, row: TokenRow) -> None:
    insert(tx.conn, "unsubscribe_tokens", row)
