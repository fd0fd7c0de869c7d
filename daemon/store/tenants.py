"""Tenants."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, many, one, page

# In an order in which none refers to what went before it; agents and keys go last.
TENANTS_OWN = (
    *("list_entries", "send_days", "sent_addresses", "suppressions", "unsubscribe_tokens", "send_brakes"),
    *("deliveries", "webhooks", "links", "agent_keys", "domains"),
)
PRINCIPALS = ("agents", "enrollment_keys")
# A closed tenant's mailboxes are an agent's whom nobody is: it has the tenant's id, and so has its key.
_HAND_OVER = (
    """INSERT INTO enrollment_keys (id, tenant_id, label, digest, scopes, domains, max_mailboxes, reusable, expires_ms,
            revoked_ms, created_ms, hidden)
        VALUES (:id, :id, '', zeroblob(32), '[]', '[]', 0, 0, 0, :now_ms, :now_ms, 1)""",
    """INSERT INTO agents (id, tenant_id, enrollment_key_id, handle, disabled_ms, created_ms, hidden)
        VALUES (:id, :id, :id, '', :now_ms, :now_ms, 1)""",
    "UPDATE inboxes SET agent_id = :id, enrollment_key_id = :id WHERE tenant_id = :id",
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
    return one(conn, TenantRow, "tenants WHERE id = ? AND closed = 0", tenant_id)


def listing(conn: sqlite3.Connection, before_n: int | None, limit: int) -> list[TenantRow]:
    return page(conn, TenantRow, "tenants", {"closed": 0}, before_n, limit)


def every(conn: sqlite3.Connection) -> list[TenantRow]:
    return many(conn, TenantRow, "tenants WHERE closed = 0 ORDER BY n")


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
    """Delete a tenant and all its rows but its audit lines, which stay. Its mailboxes must be gone, or closed.

    While one of those is there the tenant's own row stays, closed like them.
    """
    is_empty = tx.conn.execute("SELECT 1 FROM inboxes WHERE tenant_id = ?", (tenant_id,)).fetchone() is None
    for statement in () if is_empty else _HAND_OVER:
        tx.conn.execute(statement, {"id": tenant_id, "now_ms": tx.now_ms})
    for table in TENANTS_OWN:
        tx.conn.execute(f"DELETE FROM {table} WHERE tenant_id = ?", (tenant_id,))  # noqa: S608  names are ours
    for table in PRINCIPALS:
        kept = "" if is_empty else tenant_id
        tx.conn.execute(f"DELETE FROM {table} WHERE tenant_id = ? AND id <> ?", (tenant_id, kept))  # noqa: S608  ours
    if is_empty:
        tx.conn.execute("DELETE FROM tenants WHERE id = ?", (tenant_id,))
    else:
        tx.conn.execute(
            "UPDATE tenants SET name = '', label = id, limits = '{}', closed = 1 WHERE id = ?", (tenant_id,)
        )


def one_closed(conn: sqlite3.Connection) -> str | None:
    """Return the id of a closed tenant, if there is any."""
    row = conn.execute("SELECT id FROM tenants WHERE closed = 1 LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def domains_mark(conn: sqlite3.Connection) -> tuple[int, int]:
    """Return something that changes when domains come or go."""
    row = conn.execute("SELECT count(*), coalesce(max(created_ms), 0) FROM domains").fetchone()
    return int(row[0]), int(row[1])
