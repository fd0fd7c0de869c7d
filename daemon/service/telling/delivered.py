"""What the webhooks' service and the stream of deliveries share: whose a webhook is, and how a delivery is shown."""

from __future__ import annotations

import sqlite3

from daemon.api.webhooks import Delivery
from daemon.clock import iso, iso_or_none
from daemon.errors import not_found
from daemon.service.context import Principal
from daemon.store import webhooks
from daemon.store.webhooks import DeliveryRow, WebhookRow

KIND = "delivery"


def deliveries_of(webhook_id: str) -> str:
    """Return the topic of what becomes of a webhook's deliveries: events name one, or none when many changed."""
    return f"deliveries:{webhook_id}"


def may_see_webhook(row: WebhookRow, principal: Principal) -> bool:
    return principal.is_operator or row.agent_id == principal.agent_id


def owned_webhook(conn: sqlite3.Connection, principal: Principal, webhook_id: str) -> WebhookRow:
    """Return a webhook of the caller's; what is not there and what is another's raise the same `not_found`."""
    row = webhooks.get(conn, webhook_id)
    if row is None or not may_see_webhook(row, principal):
        raise not_found("webhook")
    return row


def shown_delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        event=row.kind,
        message_id=row.subject_id,
        status=row.status,  # type: ignore[arg-type]  # the store holds these four
        attempts=row.attempts,
        created_at=iso(row.created_ms),
        last_attempt_at=iso_or_none(row.last_ms),
        next_attempt_at=iso_or_none(row.next_ms),
        response_status=row.response_status,
        error=row.error,
    )
