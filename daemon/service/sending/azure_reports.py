"""Delivery reports of Azure Communication Services, which Event Grid posts: the counterpart of a DSN."""

from __future__ import annotations

import hmac
import sqlite3
from typing import Any

from daemon.errors import Code, PosternError, not_found, unavailable
from daemon.mail.dsn import Report
from daemon.service.sending.outcomes import WAITING, Outcomes
from daemon.service.tools import Service, Tools
from daemon.store import outbox
from daemon.store.database import Tx

EVENTS_MAX = 5_000  # of one post
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
DELIVERY = "Microsoft.Communication.EmailDeliveryReportReceived"
# The action of a report, and whether it is the address that takes no mail. What is not here ends nothing.
_MEANS = {
    "delivered": ("delivered", False),
    "bounced": ("failed", True),
    "suppressed": ("failed", True),  # it bounced before: Azure does not even try
    "failed": ("failed", False),
    "quarantined": ("failed", False),
    "filteredspam": ("failed", False),
}


class AzureReports(Service):
    """Takes them from whoever knows the secret."""

    def __init__(self, tools: Tools, outcomes: Outcomes) -> None:
        super().__init__(tools)
        self._outcomes = outcomes

    def admit(self, secret: str) -> None:
        """Raise `not_found` where no reports are taken, `invalid_api_key` where this is not the secret."""
        wanted = self._settings.acs_events_secret
        if wanted is None:
            raise not_found("page")
        if not hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), wanted.encode()):
            self._count("azure_reports_forged")
            raise PosternError(Code.INVALID_API_KEY, "This is not what POSTERN_ACS_EVENTS_SECRET says.")

    async def take(self, events: object) -> dict[str, str]:
        """Take a post's events; return the answer: to the handshake its code. Taken twice they are as taken once.

        Raises `bad_request`, and `unavailable` while a mail that is reported of is still being handed over.
        """
        if not isinstance(events, list) or len(events) > EVENTS_MAX or not all(isinstance(one, dict) for one in events):
            raise PosternError(Code.BAD_REQUEST, "Post a list of events, as Event Grid does in its own schema.")
        told: list[tuple[str, Report]] = []
        for event in events:
            data = event.get("data")
            data = data if isinstance(data, dict) else {}
            if event.get("eventType") == VALIDATION:
                return {"validationResponse": _text(data.get("validationCode"))}
            if event.get("eventType") == DELIVERY and (report := _report(data)) is not None:
                told.append((_text(data.get("messageId")), report))
        if await self._database.read(lambda conn: any(_too_early(conn, *one) for one in told)):
            raise unavailable("This mail is still being handed over. Post it again.")
        if told:
            await self._database.write(lambda tx: self._write(tx, told))
        return {}

    def _write(self, tx: Tx, told: list[tuple[str, Report]]) -> None:
        for operation, report in told:
            row = outbox.by_operation(tx.conn, operation)
            if row is not None:
                self._outcomes.reported(tx, row.message_id, [report])


def _too_early(conn: sqlite3.Connection, operation: str, report: Report) -> bool:
    row = outbox.by_operation(conn, operation)
    if row is None:
        return False
    return any(
        one.address.lower() == report.recipient and one.state == WAITING
        for one in outbox.recipients(conn, row.message_id)
    )


def _report(data: dict[str, Any]) -> Report | None:
    status, recipient = _text(data.get("status")), _text(data.get("recipient")).strip().lower()
    means = _MEANS.get(status.lower())
    if means is None or not recipient:
        return None
    details = data.get("deliveryStatusDetails")
    said = _text(details.get("statusMessage")) if isinstance(details, dict) else ""
    return Report(recipient, means[0], means[1], f"{status}: {said}".removesuffix(": "))


def _text(value: object) -> str:
    """Return a text that can be stored: JSON may hold halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
