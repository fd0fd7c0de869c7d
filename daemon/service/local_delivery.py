"""Delivery between mailboxes of this house: as if the mail had come by SMTP, and each operation once."""

from __future__ import annotations

from daemon.backends.protocols import Fate, HandedOver, Outgoing, Told
from daemon.service.inboxes import recipient_at
from daemon.service.messages import Messages
from daemon.service.tools import Service, Tools
from daemon.store import outbox, tenants
from daemon.store.database import Tx

NO_ROUTE = Told(Fate.NO_ROUTE, "no route out: the send backend is loopback")
UNKNOWN = Told(Fate.REFUSED, "550 5.1.1 No such mailbox here")
SUSPENDED = Told(Fate.DEFERRED, "450 4.2.1 Mailbox is suspended; try again later")
DELIVERED = Told(Fate.DELIVERED, "delivered to a mailbox here")


class LocalDelivery(Service):
    """What the loopback backend is given to deliver with."""

    def __init__(self, tools: Tools, messages: Messages) -> None:
        super().__init__(tools)
        self._messages = messages

    async def deliver(self, mail: Outgoing) -> HandedOver:
        """Store a mail for every mailbox that it is for, in one transaction that remembers whom it delivered to.

        A mail that was deleted by its sender meanwhile is delivered to nobody.
        """
        incoming = await self._messages.incoming(mail.envelope_from, mail.raw)

        def change(tx: Tx) -> dict[str, Told]:
            if outbox.by_operation(tx.conn, mail.operation_id) is None:
                return {}
            done = outbox.delivered_locally(tx.conn, mail.operation_id)
            told = dict.fromkeys(done, DELIVERED)
            mailboxes: dict[str, str] = {}
            for address in mail.recipients:
                if address not in told:
                    told[address] = self._judged(tx, address, mailboxes)
                    if told[address] is DELIVERED:
                        outbox.note_local_delivery(tx, mail.operation_id, address)
            self._messages.keep(tx, incoming, mailboxes)
            return told

        return HandedOver(await self._database.write(change))

    def _judged(self, tx: Tx, address: str, mailboxes: dict[str, str]) -> Told:
        """Say what the receiver would say to a recipient; one that it takes is added to `mailboxes`."""
        recipient = recipient_at(tx.conn, address)
        if recipient is None:
            return UNKNOWN if tenants.domain(tx.conn, address.rpartition("@")[2]) else NO_ROUTE
        if recipient.tenant_suspended and self._settings.suspended_mail == "defer":
            return SUSPENDED
        mailboxes.setdefault(recipient.inbox_id, address)
        return DELIVERED
