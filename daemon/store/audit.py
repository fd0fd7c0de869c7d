"""The audit table: it only grows (triggers see to that), and its bytes are what is hashed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from daemon.clock import parse_iso
from daemon.store.database import Tx
from daemon.store.rows import columns, insert, many, one


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    seq: int
    line: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    id: int | None = None
    size: int
    head: str
    created_ms: int
    key_id: str
    public_key: str
    signature: str


def add(tx: Tx, row: AuditRow) -> None:
    insert(tx.conn, "audit", row)


def last_ms(conn: sqlite3.Connection) -> int | None:
    """Return when the last line says that it was written."""
    row = conn.execute("SELECT json_extract(line, '$.time') AS time FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None or row["time"] is None else parse_iso(row["time"])


def head(conn: sqlite3.Connection) -> AuditRow | None:
    """Return the newest line."""
    with _mangled_text(conn, "replace"):
        return one(conn, AuditRow, "audit ORDER BY seq DESC LIMIT 1")


def last_seq(conn: sqlite3.Connection) -> int:
    """Return the number of the newest line, 0 when there is none."""
    return int(conn.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0])


def get(conn: sqlite3.Connection, seq: int) -> AuditRow | None:
    with _mangled_text(conn, "replace"):
        return one(conn, AuditRow, "audit WHERE seq = ?", seq)


def every(conn: sqlite3.Connection) -> Iterator[AuditRow]:
    """Yield all lines in order, as they stand in the file, byte for byte."""
    with _mangled_text(conn, "surrogateescape"):
        for row in conn.execute(f"SELECT {columns(AuditRow)} FROM audit ORDER BY seq"):  # noqa: S608  ours
            yield AuditRow(seq=row[0], line=row[1], prev=row[2], hash=row[3])


@contextmanager
def _mangled_text(conn: sqlite3.Connection, errors: str) -> Iterator[None]:
    """Read text that somebody made invalid UTF-8, too: one mangled line must not hide the others, nor stop new ones."""
    conn.text_factory = lambda data: data.decode("utf-8", errors)
    try:
        yield
    finally:
        conn.text_factory = str


def listing(
    conn: sqlite3.Connection,
    filters: dict[str, str | None],
    *,
    before_seq: int | None,
    after_seq: int | None,
    limit: int,
) -> list[AuditRow]:
    """Return lines by tenant, action and value: newest first, or upwards from `after_seq`."""
    given = {name: value for name, value in filters.items() if value is not None}
    terms = [f"(CASE WHEN json_valid(line) THEN line ->> '$.{name}' END) = ?" for name in given]
    values: list[object] = list(given.values())
    for term, value in (("seq < ?", before_seq), ("seq > ?", after_seq)):
        if value is not None:
            terms.append(term)
            values.append(value)
    where = f"WHERE {' AND '.join(terms)} " if terms else ""
    order = "DESC" if after_seq is None else "ASC"
    with _mangled_text(conn, "replace"):
        return many(conn, AuditRow, f"audit {where}ORDER BY seq {order} LIMIT ?", *values, limit)


def add_checkpoint(tx: Tx, row: CheckpointRow) -> int:
    return insert(tx.conn, "audit_checkpoints", row)


def last_checkpoint(conn: sqlite3.Connection) -> CheckpointRow | None:
    return one(conn, CheckpointRow, "audit_checkpoints ORDER BY id DESC LIMIT 1")


def checkpoints(conn: sqlite3.Connection, before_id: int | None, limit: int) -> list[CheckpointRow]:
    tail = "audit_checkpoints WHERE id < ? ORDER BY id DESC LIMIT ?"
    return many(conn, CheckpointRow, tail, (1 << 62) if before_id is None else before_id, limit)


def checkpoints_after(conn: sqlite3.Connection, size: int, limit: int) -> list[CheckpointRow]:
    """Return those over a longer log, the shortest first."""
    return many(conn, CheckpointRow, "audit_checkpoints WHERE size > ? ORDER BY size LIMIT ?", size, limit)


def every_checkpoint(conn: sqlite3.Connection) -> list[CheckpointRow]:
    return many(conn, CheckpointRow, "audit_checkpoints ORDER BY size")
