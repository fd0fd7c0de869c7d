"""Webhooks, and the deliveries of events to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRow:
    n: int | None = None
    id: str
    tenant_id: str
    agent_id: str
    inbox_id: str | None
    url: str
    target: str
    events: str
    secret: bytes
    old_secret: bytes | None = None
    old_until_ms: int | None = None
    after_n: int
    failing_ms: int | None = None
    disabled_ms: int | None = None
    disabled_reason: str | None = None
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    n: int | None = None
    id: str
    tenant_id: str
    webhook_id: str
    event_n: int | None
    kind: str
    inbox_id: str | None
    subject_id: str | None
    status: str
    attempts: int = 0
    began_ms: int | None = None
    last_ms: int | None = None
    next_ms: int | None
    response_status: int | None = None
    error: str | None = None
    created_ms: int


def add(tx: Tx, webhook: WebhookRow) -> None:
    insert(tx.conn, "webhooks", webhook)


def get(conn: sqlite3.Connection, webhook_id: str) -> WebhookRow | None:
    return one(conn, WebhookRow, "webhooks WHERE id = ?", webhook_id)


def listing(
    conn: sqlite3.Connection, tenant_id: str | None, agent_id: str | None, before_n: int | None, limit: int
) -> list[WebhookRow]:
    return page(conn, WebhookRow, "webhooks", {"tenant_id": tenant_id, "agent_id": agent_id}, before_n, limit)


def count_of_agent(conn: sqlite3.Connection, agent_id: str) -> int:
    """Return how many webhooks an agent has."""
    return int(conn.execute("SELECT count(*) FROM webhooks WHERE agent_id = ?", (agent_id,)).fetchone()[0])


def update(tx: Tx, webhook: WebhookRow) -> None:
    """Write what changes about a webhook: its secrets and its condition."""
    tx.conn.execute(
        "UPDATE webhooks SET secret = ?, old_secret = ?, old_until_ms = ?, after_n = ?, failing_ms = ?,"
        " disabled_ms = ?, disabled_reason = ? WHERE id = ?",
        (
            webhook.secret,
            webhook.old_secret,
            webhook.old_until_ms,
            webhook.after_n,
            webhook.failing_ms,
            webhook.disabled_ms,
            webhook.disabled_reason,
            webhook.id,
        ),
    )


def remove(tx: Tx, webhook_id: str) -> None:
    """Delete a webhook with its deliveries."""
    tx.conn.execute("DELETE FROM deliveries WHERE webhook_id = ?", (webhook_id,))
    tx.conn.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))


def remove_of_inbox(tx: Tx, inbox_id: str) -> None:
    """Delete the webhooks that are of one mailbox alone, with their deliveries."""
    for row in tx.conn.execute("SELECT id FROM webhooks WHERE inbox_id = ?", (inbox_id,)).fetchall():
        remove(tx, row[0])


def erase_old_secrets(tx: Tx) -> None:
    """Forget the secrets whose grace is over."""
    tx.conn.execute("UPDATE webhooks SET old_secret = NULL, old_until_ms = NULL WHERE old_until_ms <= ?", (tx.now_ms,))


def wanting(conn: sqlite3.Connection, after_n: int, upto_n: int) -> list[tuple[int, str]]:
    """Return which events of a span go to which webhooks: the number of one, the id of the other."""
    found = conn.execute(
        "SELECT events.n, webhooks.id FROM events JOIN inboxes ON inboxes.id = events.inbox_id"
        " JOIN webhooks ON webhooks.agent_id = inboxes.agent_id"
        " WHERE events.n > ? AND events.n <= ? AND webhooks.after_n < events.n AND webhooks.disabled_ms IS NULL"
        " AND inboxes.status <> 'closed' AND (webhooks.inbox_id IS NULL OR webhooks.inbox_id = events.inbox_id)"
        " AND EXISTS (SELECT 1 FROM json_each(webhooks.events) WHERE value = events.kind) ORDER BY events.n",
        (after_n, upto_n),
    )
    return [(row[0], row[1]) for row in found]


def add_delivery(tx: Tx, delivery: DeliveryRow) -> None:
    insert(tx.conn, "deliveries", delivery)


def add_delivery_of_event(tx: Tx, delivery_id: str, webhook_id: str, event_n: int) -> None:
    """Queue one event for one webhook, to be sent at once."""
    tx.conn.execute(
        "INSERT INTO deliveries (id, tenant_id, webhook_id, event_n, kind, inbox_id, subject_id, status, next_ms,"
        " created_ms) SELECT ?1, tenant_id, ?2, n, kind, inbox_id, subject_id, 'pending', ?4, ?4 FROM events"
        " WHERE n = ?3",
        (delivery_id, webhook_id, event_n, tx.now_ms),
    )


def delivery(conn: sqlite3.Connection, delivery_id: str) -> DeliveryRow | None:
    return one(conn, DeliveryRow, "deliveries WHERE id = ?", delivery_id)


def deliveries(
    conn: sqlite3.Connection, webhook_id: str, status: str | None, before_n: int | None, limit: int
) -> list[DeliveryRow]:
    return page(conn, DeliveryRow, "deliveries", {"webhook_id": webhook_id, "status": status}, before_n, limit)


def update_delivery(tx: Tx, row: DeliveryRow) -> None:
    """Write how far a delivery is."""
    tx.conn.execute(
        "UPDATE deliveries SET status = ?, attempts = ?, began_ms = ?, last_ms = ?, next_ms = ?, response_status = ?,"
        " error = ? WHERE id = ?",
        (
            row.status,
            row.attempts,
            row.began_ms,
            row.last_ms,
            row.next_ms,
            row.response_status,
            row.error,
            row.id,
        ),
    )


def due(
    conn: sqlite3.Connection, now_ms: int, busy: Sequence[str], full: Sequence[str], limit: int
) -> list[tuple[DeliveryRow, str]]:
    """Return due deliveries with their targets, the longest due first: one of each webhook, so that none waits for all
    of another's. Left out are deliveries that are `busy`, targets that are `full`, and what is of agents and tenants
    that are not active: it waits.
    """
    names = ", ".join(f'd."{item.name}"' for item in fields(DeliveryRow))
    rows = conn.execute(
        f"SELECT {names}, w.target AS target FROM webhooks AS w JOIN agents ON agents.id = w.agent_id"  # noqa: S608  names and marks only
        " JOIN tenants ON tenants.id = w.tenant_id JOIN deliveries AS d ON d.n ="
        "  (SELECT n FROM deliveries WHERE webhook_id = w.id AND next_ms <= ?"
        f"   AND (w.disabled_ms IS NULL OR event_n IS NULL) AND id NOT IN ({_marks(busy)}) ORDER BY next_ms, n LIMIT 1)"
        " WHERE agents.disabled_ms IS NULL AND tenants.suspended_ms IS NULL"
        f" AND w.target NOT IN ({_marks(full)}) ORDER BY d.next_ms, d.n LIMIT ?",
        (now_ms, *busy, *full, limit),
    )
    found = []
    for row in rows:
        values = dict(row)
        target = values.pop("target")
        found.append((DeliveryRow(**values), str(target)))
    return found


def next_due_ms(conn: sqlite3.Connection, now_ms: int) -> int | None:
    """Return when the next delivery that is not due yet will be."""
    row = conn.execute("SELECT min(next_ms) FROM deliveries WHERE next_ms > ?", (now_ms,)).fetchone()
    return None if row[0] is None else int(row[0])


def queue(conn: sqlite3.Connection) -> tuple[dict[str, int], int | None]:
    """Return how many deliveries there are by state, and since when the oldest that is not settled waits."""
    counts = {row[0]: int(row[1]) for row in conn.execute("SELECT status, count(*) FROM deliveries GROUP BY status")}
    oldest = conn.execute("SELECT min(created_ms) FROM deliveries WHERE next_ms IS NOT NULL").fetchone()[0]
    return counts, None if oldest is None else int(oldest)


def give_up(tx: Tx, webhook_id: str, error: str) -> None:
    """Put every pending delivery of a webhook on the dead-letter list."""
    tx.conn.execute(
        "UPDATE deliveries SET status = 'dead', next_ms = NULL, error = ? WHERE webhook_id = ? AND next_ms IS NOT NULL",
        (error, webhook_id),
    )


def purge_deliveries(tx: Tx, before_ms: int, most: int) -> int:
    """Forget up to `most` deliveries that were settled and made before `before_ms`; return how many."""
    gone = tx.conn.execute(
        "DELETE FROM deliveries WHERE n IN (SELECT n FROM deliveries"
        " WHERE created_ms < ?1 AND next_ms IS NULL AND coalesce(last_ms, 0) < ?1 LIMIT ?2)",
        (before_ms, most),
    )
    return gone.rowcount


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
