"""Mailboxes and the tombstones of deleted addresses."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page

# For whoever reads what is in mailboxes: of those that were deleted there is nothing to see, also while it is removed.
IN_OPEN_INBOX = "inbox_id NOT IN (SELECT id FROM inboxes WHERE status = 'closed')"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    n: int | None = None
    id: str
    tenant_id: str
    agent_id: str
    enrollment_key_id: str
    address: str
    domain: str
    display_name: str | None
    status: str
    created_ms: int


def add(tx: Tx, inbox: InboxRow) -> None:
    insert(tx.conn, "inboxes", inbox)
    tx.conn.execute("DELETE FROM tombstones WHERE address = ?", (inbox.address,))


def find(conn: sqlite3.Connection, address_or_id: str) -> InboxRow | None:
    """Return the mailbox with this id or this normalised address."""
    return one(conn, InboxRow, "inboxes WHERE (id = ?1 OR address = ?1) AND status <> 'closed'", address_or_id)


def by_address(conn: sqlite3.Connection, address: str) -> InboxRow | None:
    return one(conn, InboxRow, "inboxes WHERE address = ?", address)


def tombstone(conn: sqlite3.Connection, address: str) -> str | None:
    """Return the id of the tenant that a deleted address belonged to."""
    row = conn.execute("SELECT tenant_id FROM tombstones WHERE address = ?", (address,)).fetchone()
    return None if row is None else str(row[0])


def listing(
    conn: sqlite3.Connection, tenant_id: str | None, agent_id: str | None, before_n: int | None, limit: int
) -> list[InboxRow]:
    filters = {"tenant_id": tenant_id, "agent_id": agent_id, "status": "live"}
    return page(conn, InboxRow, "inboxes", filters, before_n, limit)


def addresses_of_tenant(conn: sqlite3.Connection, tenant_id: str) -> list[str]:
    """Return the addresses of every mailbox of a tenant."""
    found = conn.execute("SELECT address FROM inboxes WHERE tenant_id = ? AND status <> 'closed'", (tenant_id,))
    return [row[0] for row in found]


def of_tenant(conn: sqlite3.Connection, tenant_id: str) -> list[str]:
    """Return the ids of every mailbox of a tenant."""
    found = conn.execute("SELECT id FROM inboxes WHERE tenant_id = ? AND status <> 'closed'", (tenant_id,))
    return [row[0] for row in found]


def close(tx: Tx, inbox_id: str) -> None:
    """Take a mailbox from everybody, and bury its address. Its row stays for what is left of its mail."""
    tx.conn.execute(
        "INSERT INTO tombstones SELECT address, tenant_id, ? FROM inboxes WHERE id = ?", (tx.now_ms, inbox_id)
    )
    tx.conn.execute(
        "UPDATE inboxes SET status = 'closed', address = id, domain = '', display_name = NULL WHERE id = ?", (inbox_id,)
    )


def one_closed(conn: sqlite3.Connection) -> str | None:
    """Return the id of a closed mailbox, if there is any."""
    row = conn.execute("SELECT id FROM inboxes WHERE status = 'closed' LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def remove(tx: Tx, inbox_id: str) -> None:
    """Delete a closed mailbox whose messages are gone."""
    tx.conn.execute("DELETE FROM inboxes WHERE id = ?", (inbox_id,))
