"""Remote operators."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow:
    n: int | None = None
    id: str
    name: str
    digest: bytes
    expires_ms: int | None
    revoked_ms: int | None = None
    created_ms: int


def add(tx: Tx, operator: OperatorRow) -> None:
    insert(tx.conn, "operators", operator)


def get(conn: sqlite3.Connection, operator_id: str) -> OperatorRow | None:
    return one(conn, OperatorRow, "operators WHERE id = ?", operator_id)


def listing(conn: sqlite3.Connection, before_n: int | None, limit: int) -> list[OperatorRow]:
    return page(conn, OperatorRow, "operators", {}, before_n, limit)


def revoke(tx: Tx, operator_id: str) -> None:
    tx.conn.execute("UPDATE operators SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL", (tx.now_ms, operator_id))
