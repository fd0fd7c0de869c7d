"""What nobody asks for and somebody must do: retention, expired links and keys, old events, checkpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from daemon.audit import append
from daemon.clock import DAY_MS
from daemon.service.auditing import Auditing
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.keeping.keyrings import Keyrings
from daemon.service.mutations import entry
from daemon.service.people.tenants import retention_days
from daemon.service.sending.reputation import KARMA_WINDOW_DAYS, day_of
from daemon.service.telling.dispatcher import Dispatcher
from daemon.service.tools import Service, Tools
from daemon.store import agents, events, idempotency, links, messages, sends, tenants, waits, webhooks
from daemon.store.database import Tx

AGENT_KEY_KEPT_DAYS = 30  # after it expired
BATCH_MESSAGES = 200
BATCH_ROWS = 1_000
DELIVERY_KEPT_DAYS = 30
EVENT_KEPT_DAYS = 30
LINK_KEPT_DAYS = 30
SEND_DAY_KEPT_DAYS = KARMA_WINDOW_DAYS + 2
SENT_ADDRESS_KEPT_DAYS = 60  # complaints come late
SENDING_KEY_KEPT_DAYS = 30
WAIT_KEPT_DAYS = 7
SWEEP_EVERY_SECONDS = 300
CHECKPOINT_EVERY_SECONDS = 600
CHECKPOINT_EVERY_LINES = 1_000
WATCH_EVERY_SECONDS = 15

log = logging.getLogger("postern.housekeeping")


class Housekeeping(Service):
    """Runs beside the daemon. Every step is one small mutation, so the writer is never held up for longer than that."""

    def __init__(self, tools: Tools, auditing: Auditing, dispatcher: Dispatcher, keyrings: Keyrings) -> None:
        super().__init__(tools)
        self._auditing = auditing
        self._dispatcher = dispatcher
        self._keyrings = keyrings

    async def run(self) -> None:
        """Work until cancelled."""
        signed, swept = self._clock.monotonic(), float("-inf")
        while True:
            now = self._clock.monotonic()
            try:
                if now - swept >= SWEEP_EVERY_SECONDS:
                    await self.sweep()
                    swept = now
                due = now - signed >= CHECKPOINT_EVERY_SECONDS
                await self._auditing.checkpoint_if_grown(1 if due else CHECKPOINT_EVERY_LINES)
                signed = now if due else signed
            except Exception:  # a full disk passes, and the chores are still there when it has
                log.exception("housekeeping failed")
            await asyncio.sleep(WATCH_EVERY_SECONDS)

    async def sweep(self) -> int:
        """Remove what is past its time; return how many messages went."""
        removed = 0
        for tenant in await self._database.read(tenants.every):
            days = retention_days(tenant.limits, self._settings.retention_days)
            if days:
                removed += await self._retire(tenant.id, self._clock.now_ms() - days * DAY_MS)
        await self._keyrings.reseal()  # what a rotation left when it was cut short
        await self._database.write(links.erase_expired)
        await self._purge(links.purge, LINK_KEPT_DAYS)
        await self._dispatcher.hand_out(settle=True)  # what was not handed out is not removed
        await self._purge(events.purge, EVENT_KEPT_DAYS)
        await self._database.write(webhooks.erase_old_secrets)
        await self._purge(webhooks.purge_deliveries, DELIVERY_KEPT_DAYS)
        await self._purge(agents.purge_keys, AGENT_KEY_KEPT_DAYS)
        await self._purge(waits.purge, WAIT_KEPT_DAYS)
        await self._purge(sends.purge_addresses, SENT_ADDRESS_KEPT_DAYS)
        await self._purge(_purge_days, SEND_DAY_KEPT_DAYS)
        await self._purge(idempotency.purge_sendings, SENDING_KEY_KEPT_DAYS)
        return removed

    async def _purge(self, purge: Callable[[Tx, int, int], int], days: int) -> None:
        """Forget rows that were done with so many days ago, batch by batch."""
        before_ms = self._clock.now_ms() - days * DAY_MS
        while await self._database.write(lambda tx: purge(tx, before_ms, BATCH_ROWS)) == BATCH_ROWS:
            pass

    async def _retire(self, tenant_id: str, before_ms: int) -> int:
        """Remove a tenant's messages older than that, batch by batch, each with its audit line."""
        call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)

        def step(tx: Tx) -> int:
            ids = messages.older_than(tx.conn, tenant_id, before_ms, BATCH_MESSAGES)
            for message_id in ids:
                messages.remove(tx, message_id)
            if ids:
                append(tx, entry(call, "message:retire", tenant_id, f"messages:{len(ids)}"))
            return len(ids)

        total = 0
        while count := await self._database.write(step):
            total += count
        return total


def _purge_days(tx: Tx, before_ms: int, most: int) -> int:
    return sends.purge_days(tx, day_of(before_ms), most)
