"""Where the database holds sealed values, and which key each was sealed with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.store.database import Tx

COLUMNS = (
    ("links", "sealed"),
    ("webhooks", "secret"),
    ("webhooks", "old_secret"),
    ("dkim_keys", "sealed"),
    ("secondaries", "sealed"),
    ("accounts", "password"),
)
"""Table and column. Each table has an `id`, and a `tenant_id` that may be null."""

KEY_ID_AT, KEY_ID_OCTETS = 3, 8  # within a sealed value, counted from one as SQL does: version, length, key id


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One sealed value and where it is."""

    table: str
    column: str
    id: str
    tenant_id: str | None
    value: bytes


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """Return how many values each key sealed."""
    found: dict[str, int] = {}
    for table, column in COLUMNS:
        asked = f"SELECT CAST({_key_of(column)} AS TEXT) AS key, count(*) AS n FROM {table} WHERE {column} IS NOT NULL GROUP BY key"  # noqa: S608, E501  names are ours
        for row in conn.execute(asked):
            found[row["key"]] = found.get(row["key"], 0) + int(row["n"])
    return found


def older(conn: sqlite3.Connection, key_id: str, limit: int) -> Iterator[SealedRow]:
    """Yield some of the values that another key sealed."""
    for table, column in COLUMNS:
        asked = f"SELECT id, tenant_id, {column} AS value FROM {table} WHERE {column} IS NOT NULL AND CAST({_key_of(column)} AS TEXT) != ? LIMIT ?"  # noqa: S608, E501  names are ours
        for row in conn.execute(asked, (key_id, limit)).fetchall():
            yield SealedRow(table, column, row["id"], row["tenant_id"], row["value"])


def replace(tx: Tx, row: SealedRow, value: bytes) -> None:
    """Put a value in the place of the one that was read."""
    put = f"UPDATE {row.table} SET {row.column} = ? WHERE id = ? AND {row.column} = ?"  # noqa: S608  names are ours
    tx.conn.execute(put, (value, row.id, row.value))


def _key_of(column: str) -> str:
    return f"substr({column}, {KEY_ID_AT}, {KEY_ID_OCTETS})"
