"""What works beside the requests: it looks when it is nudged or when something is due, and writes down how it went."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from daemon.clock import SECOND_MS
from daemon.errors import PosternError
from daemon.events import BusClosed
from daemon.service.tools import Service
from daemon.store.database import Tx

LOOK_EVERY_SECONDS = 15
RECORD_AGAIN_SECONDS = 2


class Worker(Service):
    """Runs beside the daemon."""

    log: logging.Logger

    async def look_on(self, topics: tuple[str, ...], look: Callable[[], Awaitable[float]]) -> None:
        """Look, and again at each nudge or after as many seconds as `look` returned, until the daemon stops."""
        try:
            with self._bus.subscribe(*topics, keep=1) as nudges:
                while True:
                    await nudges.next(await self._looked(look))
        except BusClosed:
            pass

    async def _looked(self, look: Callable[[], Awaitable[float]]) -> float:
        try:
            return await look()
        except PosternError as problem:
            self.log.warning("it has to wait", extra={"reason": problem.message})
        except Exception:  # whatever it is, there is other work, and this is due again
            self.log.exception("a look failed")
        return LOOK_EVERY_SECONDS

    def seconds_until(self, next_ms: int | None) -> float:
        """Return when to look next, if nobody nudges earlier: at a moment, or when there may be something."""
        if next_ms is None:
            return LOOK_EVERY_SECONDS
        return min(LOOK_EVERY_SECONDS, max(0, next_ms - self._clock.now_ms()) / SECOND_MS)

    async def record(self, settle: Callable[[Tx, float], None]) -> None:
        """Write how something went. While the store takes nothing this waits: to do it again would be worse.

        `settle` gets a number from 0 to 1 by chance, the same each time, to spread what is tried again.
        """
        chance = int.from_bytes(self._ids.random_bytes(4), "big") / (1 << 32)
        while True:
            try:
                await self._database.write(lambda tx: settle(tx, chance))
            except PosternError:
                if self._bus.closed:
                    return
                await asyncio.sleep(RECORD_AGAIN_SECONDS)
            else:
                return
