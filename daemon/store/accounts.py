"""Accounts that mailboxes have at the receive backend."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.rows import insert, many, one


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    id: str  # the mailbox's
    tenant_id: str
    address: str
    remote_id: str
    password: bytes
    state: str
    request_id: str
    created_ms: int


def add(tx: Tx, row: AccountRow) -> None:
    insert(tx.conn, "accounts", row)


def get(conn: sqlite3.Connection, inbox_id: str) -> AccountRow | None:
    return one(conn, AccountRow, "accounts WHERE id = ?", inbox_id)


def holder(conn: sqlite3.Connection, address: str) -> AccountRow | None:
    """Return the account, made or in the making, that has an address."""
    return one(conn, AccountRow, "accounts WHERE address = ? AND state <> 'closing'", address)


def in_state(conn: sqlite3.Connection, state: str) -> list[AccountRow]:
    return many(conn, AccountRow, "accounts WHERE state = ? ORDER BY created_ms", state)


def without(conn: sqlite3.Connection, limit: int) -> list[InboxRow]:
    """Return mailboxes that have no account: they were made while another backend was in use."""
    tail = "inboxes WHERE status <> 'closed' AND id NOT IN (SELECT id FROM accounts) ORDER BY n LIMIT ?"
    return many(conn, InboxRow, tail, limit)


def live(tx: Tx, inbox_id: str, remote_id: str) -> None:
    tx.conn.execute("UPDATE accounts SET state = 'live', remote_id = ? WHERE id = ?", (remote_id, inbox_id))


def close(tx: Tx, inbox_id: str) -> None:
    """Have an account deleted, if the mailbox has one."""
    tx.conn.execute("UPDATE accounts SET state = 'closing' WHERE id = ?", (inbox_id,))


def remove(tx: Tx, inbox_id: str) -> None:
    tx.conn.execute("DELETE FROM accounts WHERE id = ?", (inbox_id,))
