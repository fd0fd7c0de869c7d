"""A webhook's deliveries as they change: subscribe, tell how the newest are, sleep until one moves, tell how it is.

The store is the only truth: a nudge names the delivery to look at. The id of a notice is the moment of the change; who
comes back with it is told what changed since, among the newest `LOOKED_AT`, and may be told the last one twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable
from functools import partial

from daemon.api.webhooks import DeliveryFollowQuery
from daemon.errors import Code, PosternError
from daemon.events import BusClosed, Event
from daemon.service.context import Call, Notice, Stream
from daemon.service.people.access import refused_key, stands
from daemon.service.rates import Held
from daemon.service.telling.delivered import KIND, deliveries_of, owned_webhook, shown_delivery
from daemon.service.telling.events import HEARTBEAT_SECONDS, ended, key_seconds
from daemon.service.tools import Service
from daemon.store import webhooks
from daemon.store.webhooks import DeliveryRow

LOOKED_AT = 200

Look = Callable[[sqlite3.Connection], list[DeliveryRow]]


class DeliveryStream(Service):
    """Behind the verb `follow` of the noun `webhooks`."""

    async def follow(self, call: Call, webhook: str, query: DeliveryFollowQuery) -> Stream:
        """Follow the deliveries of a webhook. Raises `PosternError`: `not_found`, `bad_request` for an id that was not
        given out for it, `rate_limited` when the caller's key has too many streams open.
        """
        self._rates.room(call, Held.STREAMS)
        owner = await self._database.read(lambda conn: owned_webhook(conn, call.principal, webhook))
        since_ms = None
        if query.last_event_id is not None:
            since_ms = self._cursors.position(deliveries_of(owner.id), query.last_event_id)
        return Stream(self._notices(call, owner.id, query, since_ms))

    async def _notices(
        self, call: Call, webhook_id: str, query: DeliveryFollowQuery, since_ms: int | None
    ) -> AsyncGenerator[Notice, None]:
        principal, about = call.principal, deliveries_of(webhook_id)
        topics = (about, principal.key_id, principal.agent_id, principal.tenant_id)
        event: Event | None = None
        first = True
        try:
            with (
                self._rates.holding(call, Held.STREAMS),
                self._bus.subscribe(*(topic for topic in topics if topic)) as nudges,
            ):
                while True:
                    look = _newest(webhook_id, query, since_ms) if first else _changed(webhook_id, query, event)
                    for row in await self._database.read(partial(self._looked, call, webhook_id, look)):
                        yield Notice(self._cursors.mark(about, _changed_ms(row)), KIND, shown_delivery(row))
                    yield Notice(None)
                    first = False
                    event = await nudges.next(min(HEARTBEAT_SECONDS, key_seconds(call, self._clock.now_ms())))
        except BusClosed:
            yield ended("stopping")
        except PosternError as problem:
            yield ended("access_ended" if problem.code is Code.INVALID_API_KEY else "unavailable")

    def _looked(self, call: Call, webhook_id: str, look: Look, conn: sqlite3.Connection) -> list[DeliveryRow]:
        """Look, if the caller may still be told. Raises `PosternError`."""
        if not stands(conn, call.principal, self._clock.now_ms()):
            raise refused_key()
        owned_webhook(conn, call.principal, webhook_id)
        return look(conn)


def _newest(webhook_id: str, query: DeliveryFollowQuery, since_ms: int | None) -> Look:
    """Return what is told at first, oldest first."""

    def look(conn: sqlite3.Connection) -> list[DeliveryRow]:
        count = query.limit if since_ms is None else LOOKED_AT
        rows = webhooks.deliveries(conn, webhook_id, query.status, None, count)[::-1]
        return [row for row in rows if since_ms is None or _changed_ms(row) >= since_ms]

    return look


def _changed(webhook_id: str, query: DeliveryFollowQuery, event: Event | None) -> Look:
    """Return what a nudge is about: one delivery, or the newest when many changed; nothing when it is of the key."""

    def look(conn: sqlite3.Connection) -> list[DeliveryRow]:
        if event is None or event.kind != KIND:
            return []
        if not event.subject:
            return webhooks.deliveries(conn, webhook_id, query.status, None, LOOKED_AT)[::-1]
        row = webhooks.delivery(conn, event.subject)
        return [] if row is None or query.status not in (None, row.status) else [row]

    return look


def _changed_ms(row: DeliveryRow) -> int:
    return max(row.created_ms, row.last_ms or 0)
