"""Mail on its way out: one row a message, one a recipient, and what was delivered to mailboxes here."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from daemon.store.database import Tx
from daemon.store.rows import insert, many, one


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    n: int | None = None
    message_id: str
    tenant_id: str
    inbox_id: str
    agent_id: str
    operation_id: str
    envelope_from: str
    state: str
    attempts: int = 0
    next_ms: int | None
    handing_ms: int | None = None
    provider_id: str | None = None
    error: str | None = None
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    message_id: str
    place: int
    address: str
    kind: str
    state: str
    detail: str | None = None
    updated_ms: int


def add(tx: Tx, row: OutboxRow, recipients: Sequence[RecipientRow]) -> None:
    insert(tx.conn, "outbox", row)
    for recipient in recipients:
        insert(tx.conn, "outbox_recipients", recipient)


def get(conn: sqlite3.Connection, message_id: str) -> OutboxRow | None:
    return one(conn, OutboxRow, "outbox WHERE message_id = ?", message_id)


def by_operation(conn: sqlite3.Connection, operation_id: str) -> OutboxRow | None:
    return one(conn, OutboxRow, "outbox WHERE operation_id = ?", operation_id)


def recipients(conn: sqlite3.Connection, message_id: str) -> list[RecipientRow]:
    """Return a message's recipients in the order in which they were given."""
    return many(conn, RecipientRow, "outbox_recipients WHERE message_id = ? ORDER BY place", message_id)


def update(tx: Tx, row: OutboxRow) -> None:
    """Write how far a message is, in its own row and as its mailbox shows it."""
    tx.conn.execute(
        "UPDATE outbox SET state = ?, attempts = ?, next_ms = ?, handing_ms = ?, provider_id = ?, error = ?"
        " WHERE message_id = ?",
        (row.state, row.attempts, row.next_ms, row.handing_ms, row.provider_id, row.error, row.message_id),
    )
    shown = "queued" if row.state == "handing" else row.state
    tx.conn.execute("UPDATE messages SET status = ? WHERE id = ? AND status <> ?", (shown, row.message_id, shown))


def update_recipient(tx: Tx, row: RecipientRow) -> None:
    """Write what became of one recipient."""
    tx.conn.execute(
        "UPDATE outbox_recipients SET state = ?, detail = ?, updated_ms = ? WHERE message_id = ? AND place = ?",
        (row.state, row.detail, row.updated_ms, row.message_id, row.place),
    )


def due(conn: sqlite3.Connection, now_ms: int, busy: Sequence[str], limit: int) -> list[OutboxRow]:
    """Return up to `limit` rows that are due, taking tenants in turn, each one's longest due first.

    Left out are those that are `busy`, and what is of suspended tenants and disabled agents: it waits.
    """
    names = ", ".join(f'o."{item.name}"' for item in fields(OutboxRow))
    marks = ", ".join("?" * len(busy))
    found = conn.execute(
        f"SELECT {names} FROM tenants AS t JOIN outbox AS o ON o.n IN"  # noqa: S608  names and marks only
        "  (SELECT n FROM outbox WHERE tenant_id = t.id AND next_ms <= ?"
        f"   AND agent_id NOT IN (SELECT id FROM agents WHERE disabled_ms IS NOT NULL) AND message_id NOT IN ({marks})"
        "   ORDER BY next_ms, n LIMIT ?)"
        " WHERE t.suspended_ms IS NULL"
        " ORDER BY row_number() OVER (PARTITION BY t.id ORDER BY o.next_ms, o.n), o.next_ms, o.n LIMIT ?",
        (now_ms, *busy, limit, limit),
    )
    return [OutboxRow(**row) for row in found]


def held(conn: sqlite3.Connection, row: OutboxRow) -> bool:
    """Tell whether a message may not go now, because its tenant is suspended or its agent disabled."""
    found = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM tenants WHERE id = ? AND suspended_ms IS NOT NULL)"
        " OR EXISTS (SELECT 1 FROM agents WHERE id = ? AND disabled_ms IS NOT NULL)",
        (row.tenant_id, row.agent_id),
    )
    return bool(found.fetchone()[0])


def next_due_ms(conn: sqlite3.Connection, now_ms: int) -> int | None:
    """Return when the next message that is not due yet will be."""
    row = conn.execute("SELECT min(next_ms) FROM outbox WHERE next_ms > ?", (now_ms,)).fetchone()
    return None if row[0] is None else int(row[0])


def cancel(tx: Tx, inbox_id: str) -> None:
    """Send no more of what a mailbox had to send."""
    tx.conn.execute("DELETE FROM outbox WHERE inbox_id = ? AND state IN ('queued', 'handing')", (inbox_id,))


def take_up(tx: Tx) -> None:
    """Make due what a stopped daemon had in hand, and what waited for a way out: there may be one now."""
    tx.conn.execute(
        "UPDATE outbox SET next_ms = ? WHERE next_ms IS NULL AND state IN ('handing', 'queued')", (tx.now_ms,)
    )


def delivered_locally(conn: sqlite3.Connection, operation_id: str) -> set[str]:
    """Return the addresses to which an operation has delivered in this house."""
    found = conn.execute("SELECT address FROM local_deliveries WHERE operation_id = ?", (operation_id,))
    return {str(row[0]) for row in found}


def note_local_delivery(tx: Tx, operation_id: str, address: str) -> None:
    tx.conn.execute("INSERT INTO local_deliveries (operation_id, address) VALUES (?, ?)", (operation_id, address))


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """Return the number of messages in each state that there is."""
    return {row[0]: int(row[1]) for row in conn.execute("SELECT state, count(*) FROM outbox GROUP BY state")}


def oldest_queued_ms(conn: sqlite3.Connection) -> int | None:
    """Return since when the oldest message is queued that was not handed over yet."""
    found = conn.execute("SELECT min(created_ms) FROM outbox WHERE state IN ('queued', 'handing')").fetchone()
    return None if found[0] is None else int(found[0])
