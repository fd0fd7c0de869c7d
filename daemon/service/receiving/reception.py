"""Who gets in: for each recipient as it is named, and for the mail once its author is known."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from daemon.backends.protocols import Arrival, Refusal, Refused
from daemon.mail.model import ParsedMail
from daemon.service.addresses import bounced_message, normal_address
from daemon.service.receiving.lists import is_blocked, is_welcome
from daemon.service.receiving.operator_mail import DESTINATION, OperatorMail
from daemon.service.receiving.sender_rates import SenderRates
from daemon.service.tools import Service, Tools
from daemon.store import inboxes, messages, tenants
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.tenants import TenantRow


class Reception(Service):
    """What a receiver asks."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._operator = OperatorMail(tools)
        self._senders = SenderRates(tools)

    async def accepts(self, arrival: Arrival, address: str) -> str:
        """Return the destination of mail for `address` (`+label` and all). Raises `Refused`."""
        destination, limits = await self._database.read(lambda conn: self._judged(conn, arrival, address, None))
        self._senders.admit(arrival, destination, limits)
        return destination

    def destination(self, conn: sqlite3.Connection, arrival: Arrival, address: str, mail: ParsedMail) -> str:
        """Return the same for a mail that is here already, and whose author is therefore judged, too."""
        return self._judged(conn, arrival, address, mail)[0]

    def known(self, conn: sqlite3.Connection, address: str) -> str | None:
        """Return the destination of mail that is here already, whoever sent it; None: it is nobody's here."""
        found = self._found(conn, address)
        return None if found is None else found[0]

    def welcomed(
        self, tx: Tx, arrival: Arrival, mail: ParsedMail, recipients: Mapping[str, str]
    ) -> list[tuple[InboxRow, list[str]]]:
        """Return the mailboxes, of those that are still there, that take this mail, each with its destinations.

        Raises `Refused` when none of them does.
        """
        there: dict[str, tuple[InboxRow, list[str]]] = {}
        for destination in recipients:
            row = self._mailbox(tx, destination)
            if row is not None:
                there.setdefault(row.id, (row, []))[1].append(destination)
        senders = _senders(arrival, mail)
        welcome = [
            (row, destinations)
            for row, destinations in there.values()
            if is_welcome(tx.conn, row, *senders) or _comes_home(tx.conn, row, arrival, recipients[destinations[0]])
        ]
        if there and not welcome:
            raise Refused(Refusal.BLOCKED)
        return welcome

    def _judged(
        self, conn: sqlite3.Connection, arrival: Arrival, address: str, mail: ParsedMail | None
    ) -> tuple[str, str]:
        """Return the destination, and the limits of whose it is as they are stored."""
        found = self._found(conn, address)
        if found is None:
            raise Refused(Refusal.UNKNOWN)
        destination, tenant, row = found
        if tenant and tenant.suspended_ms is not None and self._settings.suspended_mail == "defer":
            raise Refused(Refusal.SUSPENDED)
        if row is not None and is_blocked(conn, row, arrival.envelope_from):
            raise Refused(Refusal.BLOCKED)
        if row is not None and mail is not None and not is_welcome(conn, row, *_senders(arrival, mail)):
            raise Refused(Refusal.BLOCKED)
        return destination, tenant.limits if tenant else "{}"

    def _found(self, conn: sqlite3.Connection, address: str) -> tuple[str, TenantRow | None, InboxRow | None] | None:
        """Return an address's destination, whose it is, and its mailbox unless that is an operator's."""
        normal = normal_address(address)
        row = None if normal is None else inboxes.by_address(conn, normal)
        if row is not None:
            return row.id, tenants.get(conn, row.tenant_id), row
        operators = None if normal is None else self._operator.destination(conn, normal)
        return None if operators is None else (*operators, None)

    def _mailbox(self, tx: Tx, destination: str) -> InboxRow | None:
        if destination.startswith(DESTINATION):
            return self._operator.inbox(tx, destination)
        return inboxes.find(tx.conn, destination)


def _senders(arrival: Arrival, mail: ParsedMail) -> tuple[str, str]:
    """Return the envelope's sender and the author."""
    return arrival.envelope_from, mail.from_.address if mail.from_ else arrival.envelope_from


def _comes_home(conn: sqlite3.Connection, inbox: InboxRow, arrival: Arrival, given: str) -> bool:
    """Tell whether this is a report on a mail that the mailbox sent: who allows few still learns what bounced."""
    sent = None if arrival.envelope_from else messages.get(conn, bounced_message(given) or "")
    return sent is not None and sent.inbox_id == inbox.id and sent.direction == "outbound"
