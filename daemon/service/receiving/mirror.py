"""What is read or deleted here is so at the receive backend, too: what differs is told there, until it is taken."""

from __future__ import annotations

import logging
from functools import partial

from daemon.backends.protocols import MirroredBackend, Origin, Unreachable
from daemon.service.worker import LOOK_EVERY_SECONDS, Worker
from daemon.store import origins

MIRROR = "mirror"  # the topic of what is read and deleted
ROWS_AT_ONCE = 200


class Mirror(Worker):
    """Runs beside a backend from which mail is fetched."""

    log = logging.getLogger("postern.mirror")

    async def run(self, backend: MirroredBackend) -> None:
        """Work until the daemon stops."""
        await self.look_on((MIRROR,), lambda: self.step(backend))

    async def step(self, backend: MirroredBackend) -> float:
        """Tell all that differs now; return in how many seconds to look again."""
        after_n = 0
        while rows := await self._database.read(partial(origins.stale, after_n=after_n, limit=ROWS_AT_ONCE)):
            for row, wanted in rows:
                after_n = row.n or 0
                try:
                    unread = None if wanted is None else bool(wanted)
                    await backend.push(Origin(row.source, row.validity, row.uid), unread)
                except Unreachable as problem:
                    self.log.warning("the receive backend has to be told later", extra={"reason": str(problem)})
                    return LOOK_EVERY_SECONDS
                await self._database.write(partial(origins.settle, n=after_n, unread=wanted))
        return LOOK_EVERY_SECONDS
