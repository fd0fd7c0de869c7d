"""Mail goes out through a relay, by SMTP: signed, over a few connections that are kept while there is mail."""

from __future__ import annotations

import asyncio
import logging
import ssl

from daemon.backends.protocols import CannotTell, HandedOver, NotTaken, Outgoing
from daemon.backends.send.session import Relay, Session
from daemon.clock import SECOND_MS
from daemon.mail.sign import sign
from daemon.mail.signing_key import SigningKeys

IDLE_MAX_SECONDS = 20.0

log = logging.getLogger("postern.smtp")


class SmtpRelay:
    """A relay takes a mail when it has answered the end of the data with 250; it cannot be asked afterwards."""

    def __init__(self, relay: Relay, connections: int, signing_keys: SigningKeys) -> None:
        self.at_once_max = max(1, connections)
        self.trouble: str | None = None
        self._relay = relay
        self._signing_keys = signing_keys
        self._room = asyncio.Semaphore(self.at_once_max)
        self._idle: list[tuple[Session, asyncio.TimerHandle]] = []

    async def hand_over(self, mail: Outgoing) -> HandedOver:
        """Hand a mail over, with the signatures of its sender's domain. Raises `NotTaken`, and `Unanswered`."""
        raw = await self._signed(mail)
        async with self._room:
            session = await self._session()
            try:
                told = await session.hand_over(mail, raw)
            except BaseException:
                session.drop()
                raise
            self._put_aside(session)
        return HandedOver(told)

    async def look_up(self, mail: Outgoing) -> HandedOver | None:
        """Raise `CannotTell`: SMTP knows no such question."""
        raise CannotTell

    async def check(self) -> None:
        """Connect, log in, and say goodbye. Raises `NotTaken`."""
        await (await self._opened()).close()

    async def close(self) -> None:
        """Say goodbye on the connections that are kept."""
        while self._idle:
            session, timer = self._idle.pop()
            timer.cancel()
            await session.close()

    async def _signed(self, mail: Outgoing) -> bytes:
        domain = mail.envelope_from.rpartition("@")[2]
        keys = await self._signing_keys(domain)
        return await asyncio.to_thread(sign, mail.raw, keys, mail.taken_ms // SECOND_MS)

    async def _session(self) -> Session:
        """Return a connection that was kept, if one still is there, or a new one."""
        while self._idle:
            session, timer = self._idle.pop()
            timer.cancel()
            if await session.is_alive():
                return session
            session.drop()
        return await self._opened()

    async def _opened(self) -> Session:
        try:
            session = await Session.open(self._relay)
        except NotTaken as refusal:
            if self.trouble is None:
                log.warning("no mail goes out", extra={"reason": refusal.detail})
            self.trouble = refusal.detail
            raise
        self.trouble = None
        return session

    def _put_aside(self, session: Session) -> None:
        timer = asyncio.get_running_loop().call_later(IDLE_MAX_SECONDS, self._forget, session)
        self._idle.append((session, timer))

    def _forget(self, session: Session) -> None:
        self._idle = [one for one in self._idle if one[0] is not session]
        session.drop()


def tls_context(ca: str | None) -> ssl.SSLContext:
    """Return a context that checks the relay's certificate and name, against `ca` (a PEM file) or the system's store.

    Raises `OSError` (`ssl.SSLError`) when that file cannot be used.
    """
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
