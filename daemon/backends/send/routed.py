"""Both ways: what is for mailboxes of this house stays here, the rest is handed over to whoever brings it out."""

from __future__ import annotations

from dataclasses import replace

from daemon.backends.protocols import CannotTell, DeliverHere, Fate, HandedOver, NotTaken, Outgoing, SendBackend, Told


class Routed:
    """A send backend that asks first whether a recipient lives here. Mail between mailboxes here needs nobody else."""

    def __init__(self, deliver: DeliverHere, away: SendBackend) -> None:
        self._deliver = deliver
        self._away = away

    @property
    def at_once_max(self) -> int:
        return self._away.at_once_max

    @property
    def trouble(self) -> str | None:
        return self._away.trouble

    async def check(self) -> None:
        await self._away.check()

    async def hand_over(self, mail: Outgoing) -> HandedOver:
        """Deliver to those who are here, then hand the mail over for the others, if there are any."""
        here, rest = await self._parted(mail)
        if rest is None:
            return here
        try:
            there = await self._away.hand_over(rest)
        except NotTaken as refusal:
            if not here.recipients:
                raise
            told = dict.fromkeys(rest.recipients, Told(Fate.DEFERRED, refusal.detail))
            there = HandedOver(told, retry_after_seconds=refusal.retry_after_seconds)
        return _both(here, there)

    async def look_up(self, mail: Outgoing) -> HandedOver | None:
        """Tell what became of a mail. Whom it was delivered to here is known; of the others the other side knows."""
        here, rest = await self._parted(mail)
        if rest is None:
            return here
        try:
            there = await self._away.look_up(rest)
        except CannotTell:
            if not here.recipients:
                raise
            there = HandedOver(dict.fromkeys(rest.recipients, Told(Fate.UNKNOWN)))
        if there is None:  # whoever is here has it all the same
            return here if here.recipients else None
        return _both(here, there)

    async def _parted(self, mail: Outgoing) -> tuple[HandedOver, Outgoing | None]:
        """Deliver here; return what became of it, and the mail as it is for those who are elsewhere."""
        told = (await self._deliver(mail)).recipients
        away = tuple(address for address, said in told.items() if said.fate is Fate.NO_ROUTE)
        here = HandedOver({address: said for address, said in told.items() if said.fate is not Fate.NO_ROUTE})
        return here, replace(mail, recipients=away) if away else None


def _both(here: HandedOver, there: HandedOver) -> HandedOver:
    return replace(there, recipients={**here.recipients, **there.recipients})
