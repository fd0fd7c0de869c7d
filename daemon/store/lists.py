"""The entries of allow and block lists: a mailbox's own, and its tenant's for all of its mailboxes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntryRow:
    n: int | None = None
    tenant_id: str
    inbox_id: str | None
    list: str
    entry: str
    created_ms: int


def find(conn: sqlite3.Connection, tenant_id: str, inbox_id: str | None, name: str, entry: str) -> ListEntryRow | None:
    tail = "list_entries WHERE tenant_id = ? AND coalesce(inbox_id, '') = ? AND list = ? AND entry = ?"
    return one(conn, ListEntryRow, tail, tenant_id, inbox_id or "", name, entry)


def add(tx: Tx, row: ListEntryRow) -> None:
    insert(tx.conn, "list_entries", row)


def remove(tx: Tx, row: ListEntryRow) -> None:
    tx.conn.execute("DELETE FROM list_entries WHERE n = ?", (row.n,))


def remove_of_inbox(tx: Tx, inbox_id: str) -> None:
    tx.conn.execute("DELETE FROM list_entries WHERE inbox_id = ?", (inbox_id,))


def listing(
    conn: sqlite3.Connection,
    name: str,
    tenant_id: str | None,
    inbox_id: str | None,
    before_n: int | None,
    limit: int,
) -> list[ListEntryRow]:
    filters = {"list": name, "tenant_id": tenant_id, "inbox_id": inbox_id}
    return page(conn, ListEntryRow, "list_entries", filters, before_n, limit)


def count(conn: sqlite3.Connection, tenant_id: str, inbox_id: str | None) -> int:
    """Return how many entries a mailbox has of its own, or a tenant for all."""
    found = conn.execute(
        "SELECT count(*) FROM list_entries WHERE tenant_id = ? AND coalesce(inbox_id, '') = ?",
        (tenant_id, inbox_id or ""),
    )
    return int(found.fetchone()[0])


def has_any(conn: sqlite3.Connection, tenant_id: str, inbox_id: str | None, name: str) -> bool:
    """Tell whether a list has an entry at all."""
    return _exists(conn, tenant_id, inbox_id, name, "")


def matches(conn: sqlite3.Connection, tenant_id: str, inbox_id: str | None, name: str, entries: Sequence[str]) -> bool:
    """Tell whether a list has one of these entries."""
    return _exists(conn, tenant_id, inbox_id, name, f"AND entry IN ({', '.join('?' * len(entries))})", *entries)


def _exists(conn: sqlite3.Connection, tenant_id: str, inbox_id: str | None, name: str, more: str, *values: str) -> bool:
    found = conn.execute(
        f"SELECT 1 FROM list_entries WHERE tenant_id = ? AND coalesce(inbox_id, '') = ? AND list = ? {more} LIMIT 1",  # noqa: S608  marks only
        (tenant_id, inbox_id or "", name, *values),
    )
    return found.fetchone() is not None
