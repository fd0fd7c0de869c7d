"""The backend that knows the mailboxes of this house and nothing else: what is for others stays in the outbox."""

from __future__ import annotations

from daemon.backends.protocols import DeliverHere, HandedOver, Outgoing


class Loopback:
    """Delivers between local mailboxes, in one transaction that remembers the operation."""

    at_once_max = 32
    trouble = None

    def __init__(self, deliver: DeliverHere) -> None:
        self._deliver = deliver

    async def hand_over(self, mail: Outgoing) -> HandedOver:
        """Deliver to the mailboxes that are here; to one that this operation has delivered to already, nothing."""
        return await self._deliver(mail)

    async def look_up(self, mail: Outgoing) -> HandedOver | None:
        """Tell what became of a mail. Handing it over again tells, and delivers nothing twice."""
        return await self._deliver(mail)

    async def check(self) -> None:
        """There is nothing outside to ask."""
