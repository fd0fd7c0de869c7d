"""What fetched mail came from, and how far each folder was fetched."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, many


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRow:
    n: int | None = None
    source: str
    validity: int
    uid: int
    digest: bytes
    unread: int
    stale: int = 0


def cursor(conn: sqlite3.Connection, source: str) -> tuple[int, int] | None:
    """Return validity and UID of the last message of a folder that was dealt with."""
    row = conn.execute("SELECT validity, uid FROM cursors WHERE source = ?", (source,)).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def move_cursor(tx: Tx, source: str, validity: int, uid: int) -> bool:
    """Move a folder's cursor on to a message; tell whether it was not there before."""
    at = cursor(tx.conn, source)
    if at is not None and at[0] == validity and at[1] >= uid:
        return False
    tx.conn.execute("INSERT OR REPLACE INTO cursors (source, validity, uid) VALUES (?, ?, ?)", (source, validity, uid))
    return True


def add(tx: Tx, row: OriginRow) -> int:
    """Note an origin and return its number."""
    return insert(tx.conn, "origins", row)


def rebind(tx: Tx, source: str, validity: int, uid: int, digest: bytes) -> bool:
    """Take a message for the one with the same bytes that had a UID under another validity, if there is one."""
    changed = tx.conn.execute(
        "UPDATE origins SET validity = ?2, uid = ?3 WHERE n ="
        " (SELECT n FROM origins WHERE source = ?1 AND digest = ?4 AND validity <> ?2 ORDER BY n LIMIT 1)",
        (source, validity, uid, digest),
    )
    return changed.rowcount > 0


def of(conn: sqlite3.Connection, source: str, validity: int) -> list[OriginRow]:
    """Return what a folder's messages are known by."""
    return many(conn, OriginRow, "origins WHERE source = ? AND validity = ?", source, validity)


def stale(conn: sqlite3.Connection, after_n: int, limit: int) -> list[tuple[OriginRow, int | None]]:
    """Return what differs from its server, after number `after_n`, each with whether it is unread here; None: gone."""
    rows = many(conn, OriginRow, "origins WHERE stale = 1 AND n > ? ORDER BY n LIMIT ?", after_n, limit)
    return [(row, wanted(conn, row.n or 0)) for row in rows]


def wanted(conn: sqlite3.Connection, n: int) -> int | None:
    """Return whether a message is unread here, in any mailbox that it came for; None: it is in none any more."""
    row = conn.execute("SELECT max(unread) FROM messages WHERE origin_n = ?", (n,)).fetchone()
    return None if row[0] is None else int(row[0])


def settle(tx: Tx, n: int, unread: int | None) -> None:
    """Note how a message is on its server now; it may differ from here again meanwhile."""
    if unread is None:
        tx.conn.execute("DELETE FROM origins WHERE n = ?", (n,))
        return
    now = wanted(tx.conn, n)
    tx.conn.execute("UPDATE origins SET unread = ?, stale = ? WHERE n = ?", (unread, int(now != unread), n))


def marked(tx: Tx, n: int, unread: int) -> None:
    """Mark messages as they are marked on their server."""
    tx.conn.execute("UPDATE origins SET unread = ? WHERE n = ?", (unread, n))
    tx.conn.execute("UPDATE messages SET unread = ? WHERE origin_n = ? AND unread <> ?", (unread, n, unread))


def messages_of(conn: sqlite3.Connection, n: int) -> list[tuple[str, str]]:
    """Return the messages that came from one origin, each with its tenant's id."""
    found = conn.execute("SELECT id, tenant_id FROM messages WHERE origin_n = ?", (n,))
    return [(str(row[0]), str(row[1])) for row in found]


def forget(tx: Tx, n: int) -> None:
    tx.conn.execute("DELETE FROM origins WHERE n = ?", (n,))


def forget_source(tx: Tx, source: str) -> None:
    """Forget a folder that is no longer fetched."""
    tx.conn.execute("DELETE FROM origins WHERE source = ?", (source,))
    tx.conn.execute("DELETE FROM cursors WHERE source = ?", (source,))
