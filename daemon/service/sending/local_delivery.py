"""Delivery between mailboxes of this house: as if the mail had come by SMTP, and each operation once."""

from __future__ import annotations

import sqlite3

from daemon.backends.protocols import Arrival, Fate, HandedOver, Outgoing, Refusal, Refused, Told
from daemon.service.mailboxes.messages import Incoming, Messages
from daemon.service.receiving.reception import Reception
from daemon.service.tools import Service, Tools
from daemon.store import outbox
from daemon.store.database import Tx
from daemon.store.domains import is_served

NO_ROUTE = Told(Fate.NO_ROUTE, "no route out: the send backend is loopback")
REFUSED = {
    Refusal.UNKNOWN: Told(Fate.REFUSED, "550 5.1.1 No such mailbox here"),
    Refusal.BLOCKED: Told(Fate.REFUSED, "550 5.7.1 Mail from this sender is not accepted"),
    Refusal.SUSPENDED: Told(Fate.DEFERRED, "450 4.2.1 Mailbox is suspended; try again later"),
    Refusal.TOO_OFTEN: Told(Fate.DEFERRED, "450 4.7.1 Too much mail from this sender; try again later"),
}
DELIVERED = Told(Fate.DELIVERED, "delivered to a mailbox here")


class LocalDelivery(Service):
    """What the loopback backend is given to deliver with."""

    def __init__(self, tools: Tools, reception: Reception, messages: Messages) -> None:
        super().__init__(tools)
        self._reception = reception
        self._messages = messages

    async def deliver(self, mail: Outgoing) -> HandedOver:
        """Store a mail for every mailbox that it is for, in one transaction that remembers whom it delivered to.

        A mail that was deleted by its sender meanwhile is delivered to nobody.
        """
        known = await self._database.read(lambda conn: [one for one in mail.recipients if _is_ours(conn, one)])
        if not known:
            return HandedOver(dict.fromkeys(mail.recipients, NO_ROUTE))
        incoming = await self._messages.incoming(Arrival(mail.envelope_from), mail.raw)

        def change(tx: Tx) -> dict[str, Told]:
            if outbox.by_operation(tx.conn, mail.operation_id) is None:
                return {}
            done = outbox.delivered_locally(tx.conn, mail.operation_id)
            told = dict.fromkeys(done, DELIVERED)
            mailboxes: dict[str, str] = {}
            for address in mail.recipients:
                if address not in told:
                    told[address] = self._judged(tx, incoming, address, mailboxes)
                    if told[address] is DELIVERED:
                        outbox.note_local_delivery(tx, mail.operation_id, address)
            self._messages.keep(tx, incoming, mailboxes)
            return told

        return HandedOver(await self._database.write(change))

    def _judged(self, tx: Tx, mail: Incoming, address: str, mailboxes: dict[str, str]) -> Told:
        """Say what the receiver would say to a recipient; one that it takes is added to `mailboxes`."""
        try:
            destination = self._reception.destination(tx.conn, mail.arrival, address, mail.parsed)
        except Refused as refused:
            known = refused.why is not Refusal.UNKNOWN or _is_ours(tx.conn, address)
            return REFUSED[refused.why] if known else NO_ROUTE
        mailboxes.setdefault(destination, address)
        return DELIVERED


def _is_ours(conn: sqlite3.Connection, address: str) -> bool:
    return is_served(conn, address.rpartition("@")[2])
