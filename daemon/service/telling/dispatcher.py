"""Brings events to webhooks: hands them out to deliveries, each once, and sends those until they are settled.

Both halves are in the store. The cursor moves in the transaction that makes the deliveries, so an event is handed out
once whatever happens; a delivery stays pending until the answer of its receiver is recorded, so it is sent at least
once, always under the same id. What is sent is read from the message, so that nothing tells of mail that is gone.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from daemon.api.events import EventBody
from daemon.audit import append
from daemon.backends.protocols import PostOutcome, PostSender
from daemon.clock import DAY_MS
from daemon.events import Event
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.mutations import entry
from daemon.service.schedule import WEBHOOKS
from daemon.service.telling.delivered import KIND, deliveries_of
from daemon.service.telling.happenings import EVERY_EVENT, made_up, told
from daemon.service.telling.signatures import signed_headers
from daemon.service.telling.webhook_making import WebhookMaker
from daemon.service.tools import Tools
from daemon.service.worker import Worker
from daemon.store import events, webhooks
from daemon.store.database import Tx
from daemon.store.webhooks import DeliveryRow, WebhookRow

DELIVERIES = "deliveries"  # the topic that wakes the dispatcher for what is no event
SENT_AT_ONCE_MAX = 64
SENT_TO_ONE_TARGET_MAX = 2
HANDED_OUT_AT_ONCE_MAX = 200
CURSOR_BEHIND_MAX = 1_000
STOP_GRACE_SECONDS = 3
DISABLE_AFTER_MS = 5 * DAY_MS
GONE = 410


@dataclass(frozen=True, slots=True)
class _Post:
    """One attempt, ready to be signed."""

    url: str
    event: str
    body: bytes
    secrets: list[str]


def delivery_topic(delivery_id: str) -> str:
    """Return the topic of what becomes of one delivery."""
    return f"delivery:{delivery_id}"


class Dispatcher(Worker):
    """Hands events out, and sends what is due."""

    log = logging.getLogger("postern.webhooks")

    def __init__(self, tools: Tools, maker: WebhookMaker, sender: PostSender) -> None:
        super().__init__(tools)
        self._maker = maker
        self._sender = sender
        self._handing_out = asyncio.Lock()
        self._handed_out: int | None = None  # how far, events that nobody wants included
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._targets: Counter[str] = Counter()

    async def run(self) -> None:
        """Work until the daemon stops. What is being sent then is finished, or sent again after the next start."""
        try:
            await self.look_on((EVERY_EVENT, DELIVERIES), self._look)
        finally:
            await self._finish()

    async def _finish(self) -> None:
        """Let what is being sent be answered and recorded, for a moment: a receiver cut off would get it twice."""
        if sending := tuple(self._sending.values()):
            await asyncio.wait(sending, timeout=STOP_GRACE_SECONDS)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    def wake(self) -> None:
        """Have it look again now."""
        self._bus.publish(Event(DELIVERIES, "look"))

    async def hand_out(self, *, settle: bool = False) -> None:
        """Make deliveries of the events that were not handed out yet; `settle` records how far in any case."""
        async with self._handing_out:
            while await self._hand_out_some(settle=settle):
                pass

    async def _look(self) -> float:
        """Do all that can be done now; return in how many seconds there may be more, if nobody says so earlier."""
        await self.hand_out()
        return await self._send_due()

    async def _hand_out_some(self, *, settle: bool) -> bool:
        """Hand out one step; tell whether there is more. Events that no webhook wants cost no transaction."""
        after = self._handed_out

        def look(conn: sqlite3.Connection) -> tuple[int, int, int, bool]:
            stored = events.cursor(conn)
            begin = stored if after is None else max(after, stored)
            last = events.last_n(conn)
            upto = min(last, begin + HANDED_OUT_AT_ONCE_MAX)
            return stored, upto, last, bool(webhooks.wanting(conn, begin, upto))

        stored, upto, last, wanted = await self._database.read(look)
        if wanted or upto - stored >= CURSOR_BEHIND_MAX or (settle and upto > stored):
            await self._database.write(partial(self._hand_out_span, upto_n=upto, seen_n=after))
        self._handed_out = upto
        return upto < last

    def _hand_out_span(self, tx: Tx, upto_n: int, seen_n: int | None) -> None:
        begin = max(events.cursor(tx.conn), seen_n or 0)
        for event_n, webhook_id in webhooks.wanting(tx.conn, begin, upto_n):
            delivery_id = self._ids.new("delivery")
            webhooks.add_delivery_of_event(tx, delivery_id, webhook_id, event_n)
            self._tell(tx, webhook_id, delivery_id)
        events.set_cursor(tx, upto_n)

    async def _send_due(self) -> float:
        """Begin as many sendings as may run; return the seconds until the next one is due."""
        while len(self._sending) < SENT_AT_ONCE_MAX:
            busy, free = tuple(self._sending), SENT_AT_ONCE_MAX - len(self._sending)
            now_ms = self._clock.now_ms()
            full = [name for name, count in self._targets.items() if count >= SENT_TO_ONE_TARGET_MAX]
            rows = await self._database.read(partial(webhooks.due, now_ms=now_ms, busy=busy, full=full, limit=free))
            begun = [self._begin(row, target) for row, target in rows]
            if not any(begun):
                break
        next_ms = await self._database.read(lambda conn: webhooks.next_due_ms(conn, self._clock.now_ms()))
        return self.seconds_until(next_ms)

    def _begin(self, row: DeliveryRow, target: str) -> bool:
        if self._targets[target] >= SENT_TO_ONE_TARGET_MAX:
            return False
        self._targets[target] += 1
        self._sending[row.id] = asyncio.create_task(self._send(row, target))
        return True

    async def _send(self, row: DeliveryRow, target: str) -> None:
        try:
            await self.record(partial(self._settle, row.id, await self._attempt(row)))
        finally:
            del self._sending[row.id]
            self._targets -= Counter([target])
            self._bus.publish(Event(delivery_topic(row.id), "settled"))
            self.wake()

    async def _attempt(self, row: DeliveryRow) -> PostOutcome | None:
        """Post once; None when there is nothing left to tell."""
        try:
            post = await self._database.read(partial(self._prepared, row=row))
            if post is None:
                return None
            headers = signed_headers(post.event, row.id, post.secrets, self._clock.now_ms(), post.body)
            began = perf_counter()
            outcome = await self._sender.post(post.url, headers, post.body)
            posted = self._meters.posted_seconds.labels("delivered" if outcome.ok else "failed")
            posted.observe(perf_counter() - began)
            return outcome
        except Exception:  # it counts as a failure, or it would be tried again at once and for ever
            self.log.exception("a delivery failed", extra={"delivery": row.id})
            return PostOutcome(error="something unexpected happened; the daemon's log has it")

    def _prepared(self, conn: sqlite3.Connection, row: DeliveryRow) -> _Post | None:
        webhook = webhooks.get(conn, row.webhook_id)
        if webhook is None:
            return None
        if row.event_n is None:
            body: EventBody | None = made_up(conn, row.kind, webhook.inbox_id, row.created_ms)
        else:
            body = told(conn, row.kind, row.inbox_id or "", row.subject_id or "")
        if body is None:
            return None
        secrets = self._maker.secrets(webhook, self._clock.now_ms())
        return _Post(webhook.url, row.kind, body.model_dump_json().encode(), secrets)

    def _settle(self, delivery_id: str, outcome: PostOutcome | None, tx: Tx, chance: float) -> None:
        row = webhooks.delivery(tx.conn, delivery_id)
        webhook = None if row is None else webhooks.get(tx.conn, row.webhook_id)
        if row is None or webhook is None:
            return  # deleted meanwhile
        self._tell(tx, webhook.id, delivery_id)
        if outcome is None:
            error = "the message was deleted before it could be delivered"
            webhooks.update_delivery(tx, replace(row, status="dropped", next_ms=None, error=error))
            return
        webhooks.update_delivery(tx, _after(row, outcome, tx.now_ms, chance))
        if outcome.ok:
            self._healthy(tx, webhook)
        elif outcome.status == GONE:
            self._disable(tx, webhook, "the receiver answered 410 Gone")
        elif row.event_n is not None:
            self._failing(tx, webhook)

    def _healthy(self, tx: Tx, webhook: WebhookRow) -> None:
        """Note a success; it puts a disabled webhook in force again, for what happens from then on."""
        if webhook.disabled_ms is not None:
            after_n = events.last_n(tx.conn)
            webhook = replace(webhook, disabled_ms=None, disabled_reason=None, after_n=after_n)
            append(tx, entry(self._call(), "webhook:enable", webhook.tenant_id, webhook.id))
        elif webhook.failing_ms is None:
            return
        webhooks.update(tx, replace(webhook, failing_ms=None))

    def _failing(self, tx: Tx, webhook: WebhookRow) -> None:
        if webhook.failing_ms is None:
            webhooks.update(tx, replace(webhook, failing_ms=tx.now_ms))
        elif tx.now_ms - webhook.failing_ms >= DISABLE_AFTER_MS:
            self._disable(tx, webhook, f"nothing but failures for {DISABLE_AFTER_MS // DAY_MS} days")

    def _disable(self, tx: Tx, webhook: WebhookRow, reason: str) -> None:
        if webhook.disabled_ms is not None:
            return
        webhooks.update(tx, replace(webhook, disabled_ms=tx.now_ms, disabled_reason=reason))
        webhooks.give_up(tx, webhook.id, f"the webhook was disabled: {reason}")
        self._tell(tx, webhook.id)
        append(tx, replace(entry(self._call(), "webhook:disable", webhook.tenant_id, webhook.id), reason=reason))

    def _tell(self, tx: Tx, webhook_id: str, delivery_id: str = "") -> None:
        """Wake whoever follows the webhook's deliveries; without an id many changed."""
        tx.on_commit(partial(self._bus.publish, Event(deliveries_of(webhook_id), KIND, delivery_id)))

    def _call(self) -> Call:
        return Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)


def _after(row: DeliveryRow, outcome: PostOutcome, now_ms: int, chance: float) -> DeliveryRow:
    """Return a delivery after one more attempt."""
    began_ms = row.began_ms or now_ms
    error = outcome.error or (None if outcome.ok else f"the receiver answered {outcome.status}")
    next_ms = None
    if not outcome.ok and row.event_n is not None:  # what is made up is sent once
        next_ms = WEBHOOKS.next_attempt_ms(began_ms, now_ms, chance, outcome.retry_after_seconds)
    return replace(
        row,
        status="delivered" if outcome.ok else "dead" if next_ms is None else "pending",
        attempts=row.attempts + 1,
        began_ms=began_ms,
        last_ms=now_ms,
        next_ms=next_ms,
        response_status=outcome.status,
        error=error,
    )
