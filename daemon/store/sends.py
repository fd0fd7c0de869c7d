"""What was sent and what became of it, counted by day; the addresses written to; the brake.

A day is counted for the mailbox, its agent and its tenant, in the transaction in which it happens.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.rows import insert, many, one


class Counted(StrEnum):
    """What is counted of a day."""

    SENT = "sent"
    REPLIED = "replied"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One day of a mailbox, an agent or a tenant. A send is a recipient, not a message."""

    day: int
    sent: int = 0
    replied: int = 0
    bounced: int = 0
    complained: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeRow:
    """A tenant whose sending is stopped, and what was counted when it was."""

    tenant_id: str
    sent: int
    complained: int
    stopped_ms: int


def count(tx: Tx, inbox: InboxRow, day: int, what: Counted, number: int = 1) -> None:
    """Add to a day of a mailbox, of its agent and of its tenant."""
    tx.conn.executemany(
        f"INSERT INTO send_days (subject, day, tenant_id, {what}) VALUES (?, ?, ?, ?)"  # noqa: S608  names are ours
        f" ON CONFLICT (subject, day) DO UPDATE SET {what} = {what} + excluded.{what}",
        [(subject, day, inbox.tenant_id, number) for subject in (inbox.id, inbox.agent_id, inbox.tenant_id)],
    )


def days(conn: sqlite3.Connection, subject: str, since_day: int) -> list[DayRow]:
    """Return the days of a subject on which anything was counted, from `since_day` on, oldest first."""
    return many(conn, DayRow, "send_days WHERE subject = ? AND day >= ? ORDER BY day", subject, since_day)


def sent_on(conn: sqlite3.Connection, subject: str, day: int) -> int:
    """Return how many sends were counted on one day."""
    row = conn.execute("SELECT sent FROM send_days WHERE subject = ? AND day = ?", (subject, day)).fetchone()
    return 0 if row is None else int(row["sent"])


def written_to(tx: Tx, tenant_id: str, message_id: str, addresses: Sequence[str]) -> None:
    """Remember to whom a message goes."""
    tx.conn.executemany(
        "INSERT OR IGNORE INTO sent_addresses (message_id, address, tenant_id, created_ms) VALUES (?, ?, ?, ?)",
        [(message_id, address, tenant_id, tx.now_ms) for address in addresses],
    )


def became(tx: Tx, message_id: str, address: str, what: Counted) -> bool:
    """Note what became of a message at an address; False when that is known, or the message never went there."""
    noted = tx.conn.execute(
        f"UPDATE sent_addresses SET {what}_ms = ?1 WHERE message_id = ?2 AND address = ?3 AND {what}_ms IS NULL",  # noqa: S608  names are ours
        (tx.now_ms, message_id, address),
    )
    return noted.rowcount == 1


def unanswered(conn: sqlite3.Connection, thread_id: str, address: str) -> str | None:
    """Return the id of the newest message of a thread to an address that has no answer from there yet."""
    row = conn.execute(
        "SELECT s.message_id FROM messages m JOIN sent_addresses s ON s.message_id = m.id AND s.address = ?"
        " WHERE m.thread_id = ? AND m.direction = 'outbound' AND s.replied_ms IS NULL ORDER BY m.n DESC LIMIT 1",
        (address, thread_id),
    ).fetchone()
    return None if row is None else str(row["message_id"])


def brake(conn: sqlite3.Connection, tenant_id: str) -> BrakeRow | None:
    """Return why a tenant's sending is stopped; None when it is not."""
    return one(conn, BrakeRow, "send_brakes WHERE tenant_id = ?", tenant_id)


def stop(tx: Tx, row: BrakeRow) -> None:
    insert(tx.conn, "send_brakes", row)


def lift(tx: Tx, tenant_id: str) -> None:
    """Let a tenant send again. Its own days are forgotten, so what stopped it does not do so again."""
    tx.conn.execute("DELETE FROM send_brakes WHERE tenant_id = ?", (tenant_id,))
    tx.conn.execute("DELETE FROM send_days WHERE subject = ?", (tenant_id,))


def stopped(conn: sqlite3.Connection) -> int:
    """Return how many tenants' sending is stopped."""
    return int(conn.execute("SELECT count(*) FROM send_brakes").fetchone()[0])


def remove_of_inbox(tx: Tx, inbox_id: str) -> None:
    """Forget a mailbox's days; those of its agent and its tenant stay, for what it sent was sent."""
    tx.conn.execute("DELETE FROM send_days WHERE subject = ?", (inbox_id,))


def purge_days(tx: Tx, before_day: int, most: int) -> int:
    """Forget up to `most` days before `before_day`; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM send_days WHERE (subject, day) IN (SELECT subject, day FROM send_days WHERE day < ? LIMIT ?)",
        (before_day, most),
    )
    return gone.rowcount


def purge_addresses(tx: Tx, before_ms: int, most: int) -> int:
    """Forget up to `most` addresses written to before `before_ms`; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM sent_addresses WHERE (message_id, address) IN"
        " (SELECT message_id, address FROM sent_addresses WHERE created_ms < ? LIMIT ?)",
        (before_ms, most),
    )
    return gone.rowcount
