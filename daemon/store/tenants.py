"""Tenants."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, many, one, page

# In an order in which none refers to what went before it.
TENANTS_OWN = (
    *("list_entries", "send_days", "sent_addresses", "suppressions", "unsubscribe_tokens", "send_brakes"),
    *("deliveries", "webhooks", "links", "agent_keys", "agents", "enrollment_keys", "domains"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRow:
    n: int | None = None
    id: str
    name: str
    label: str
    limits: str
    suspended_ms: int | None = None
    created_ms: int


def add(tx: Tx, tenant: TenantRow) -> None:
    insert(tx.conn, "tenants", tenant)


def get(conn: sqlite3.Connection, tenant_id: str) -> TenantRow | None:
    return one(conn, TenantRow, "tenants WHERE id = ?", tenant_id)


def listing(conn: sqlite3.Connection, before_n: int | None, limit: int) -> list[TenantRow]:
    return page(conn, TenantRow, "tenants", {}, before_n, limit)


def every(conn: sqlite3.Connection) -> list[TenantRow]:
    return many(conn, TenantRow, "tenants ORDER BY n")


def label_taken(conn: sqlite3.Connection, label: str, domain: str) -> bool:
    """Tell whether a label, or the domain made of it, is in use."""
    found = conn.execute(
        "SELECT 1 FROM tenants WHERE label = ? UNION ALL SELECT 1 FROM domains WHERE name = ?", (label, domain)
    )
    return found.fetchone() is not None


def update(tx: Tx, tenant: TenantRow) -> None:
    tx.conn.execute(
        "UPDATE tenants SET name = ?, limits = ?, suspended_ms = ? WHERE id = ?",
        (tenant.name, tenant.limits, tenant.suspended_ms, tenant.id),
    )


def by_domain(conn: sqlite3.Connection, domain: str) -> TenantRow | None:
    """Return whose domain this is."""
    return one(conn, TenantRow, "tenants WHERE id = (SELECT tenant_id FROM domains WHERE name = ?)", domain)


def remove(tx: Tx, tenant_id: str) -> None:
    """Delete a tenant and all its rows but its mailboxes, which must be gone, and its audit lines, which stay."""
    for table in TENANTS_OWN:
        tx.conn.execute(f"DELETE FROM {table} WHERE tenant_id = ?", (tenant_id,))  # noqa: S608  names are ours
    tx.conn.execute("DELETE FROM tenants WHERE id = ?", (tenant_id,))


def domains_mark(conn: sqlite3.Connection) -> tuple[int, int]:
    """Return something that changes when domains come or go."""
    row = conn.execute("SELECT count(*), coalesce(max(created_ms), 0) FROM domains").fetchone()
    return int(row[0]), int(row[1])
