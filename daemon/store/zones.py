"""The zones that are served: their serials, the records that operators added, and their secondaries."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from daemon.store.database import Tx
from daemon.store.rows import insert, many, one, page

RESTORED = ""  # what a zone out of a backup is made of


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow:
    """A zone; `domain` is the mail domain it is of, None for our own."""

    n: int | None = None
    name: str
    domain: str | None
    serial: int
    made_of: str
    updated_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record that an operator added: owner and data as on the wire."""

    n: int | None = None
    zone: str
    name: bytes
    type: int
    ttl: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryRow:
    n: int | None = None
    id: str
    tenant_id: str | None = None
    zone: str
    name: str
    host: str
    port: int
    key_name: str
    sealed: bytes
    created_ms: int


def add(tx: Tx, zone: ZoneRow) -> None:
    insert(tx.conn, "zones", zone)


def get(conn: sqlite3.Connection, name: str) -> ZoneRow | None:
    return one(conn, ZoneRow, "zones WHERE name = ?", name)


def every(conn: sqlite3.Connection) -> list[ZoneRow]:
    return many(conn, ZoneRow, "zones ORDER BY n")


def names(conn: sqlite3.Connection) -> list[str]:
    return [row[0] for row in conn.execute("SELECT name FROM zones ORDER BY n")]


def of_tenant(conn: sqlite3.Connection, tenant_id: str) -> list[str]:
    """Return the names of a tenant's own zones."""
    found = conn.execute(
        "SELECT zones.name FROM zones JOIN domains ON domains.name = zones.domain WHERE tenant_id = ?", (tenant_id,)
    )
    return [row[0] for row in found]


def listing(conn: sqlite3.Connection, before_n: int | None, limit: int) -> list[ZoneRow]:
    return page(conn, ZoneRow, "zones", {}, before_n, limit)


def set_serial(tx: Tx, name: str, serial: int, made_of: str) -> None:
    tx.conn.execute(
        "UPDATE zones SET serial = ?, made_of = ?, updated_ms = ? WHERE name = ?", (serial, made_of, tx.now_ms, name)
    )


def note_restored(database: Path) -> None:
    """Note in a database that no daemon has open that the serials of its zones may be of long ago."""
    with closing(sqlite3.connect(database)) as conn, conn:
        if conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'zones'").fetchone() is not None:
            conn.execute("UPDATE zones SET made_of = ?", (RESTORED,))


def remove(tx: Tx, name: str) -> None:
    tx.conn.execute("DELETE FROM zones WHERE name = ?", (name,))


def records(conn: sqlite3.Connection, zone: str) -> list[RecordRow]:
    """Return what operators added."""
    return many(conn, RecordRow, "zone_records WHERE zone = ? ORDER BY n", zone)


def page_of_records(conn: sqlite3.Connection, zone: str, before_n: int | None, limit: int) -> list[RecordRow]:
    return page(conn, RecordRow, "zone_records", {"zone": zone}, before_n, limit)


def set_records(tx: Tx, zone: str, rows: Sequence[RecordRow]) -> None:
    """Have these be all that operators added to a zone; what stays the same keeps its place."""
    wanted = {(row.name, row.type, row.ttl, row.data): row for row in rows}
    for row in records(tx.conn, zone):
        if wanted.pop((row.name, row.type, row.ttl, row.data), None) is None:
            tx.conn.execute("DELETE FROM zone_records WHERE n = ?", (row.n,))
    for row in wanted.values():
        insert(tx.conn, "zone_records", row)


def secondaries(conn: sqlite3.Connection, zone: str) -> list[SecondaryRow]:
    return many(conn, SecondaryRow, "secondaries WHERE zone = ? ORDER BY n", zone)


def all_secondaries(conn: sqlite3.Connection) -> list[SecondaryRow]:
    return many(conn, SecondaryRow, "secondaries ORDER BY n")


def page_of_secondaries(conn: sqlite3.Connection, zone: str, before_n: int | None, limit: int) -> list[SecondaryRow]:
    return page(conn, SecondaryRow, "secondaries", {"zone": zone}, before_n, limit)


def secondary(conn: sqlite3.Connection, zone: str, name: str) -> SecondaryRow | None:
    return one(conn, SecondaryRow, "secondaries WHERE zone = ? AND name = ?", zone, name)


def add_secondary(tx: Tx, row: SecondaryRow) -> None:
    insert(tx.conn, "secondaries", row)


def remove_secondary(tx: Tx, zone: str, name: str) -> None:
    tx.conn.execute("DELETE FROM secondaries WHERE zone = ? AND name = ?", (zone, name))
