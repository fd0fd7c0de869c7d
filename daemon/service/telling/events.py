"""The stream of events: subscribe, look in the store, sleep until woken, look again.

The store is the only queue, so a stream holds one page at most, and a nudge is only a reason to look. Between what is
replayed and what is new nothing can fall: both come from the same rows, by the same number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from daemon.api.events import EventBody, EventQuery, StreamEnd
from daemon.clock import SECOND_MS
from daemon.errors import Code, PosternError
from daemon.events import BusClosed
from daemon.service.context import Call, Notice, Stream
from daemon.service.people.access import refused_key, stands
from daemon.service.rates import Held
from daemon.service.telling.happenings import EVERY_EVENT, events_of, told
from daemon.service.tools import Service
from daemon.store import events

PAGE_EVENTS = 100
SCANNED_AT_ONCE_MAX = 10_000
HEARTBEAT_SECONDS = 15.0
END = "end"


@dataclass(frozen=True, slots=True)
class _Page:
    """What one look found, and how far it looked."""

    found: list[tuple[int, EventBody]]
    upto_n: int
    more: bool


class Events(Service):
    """The noun `event`."""

    async def stream(self, call: Call, query: EventQuery) -> Stream:
        """Follow what happens: in the agent's mailboxes, for operators everywhere or in a tenant.

        With `last_event_id` it goes on after that event, with nothing missed and nothing twice. Raises `PosternError`:
        `bad_request` for an id that is none of the caller's, `gone` when events after it are kept no more,
        `rate_limited` when the caller's key has too many streams open.
        """
        self._rates.room(call, Held.STREAMS)
        position = None
        if query.last_event_id is not None:
            position = self._cursors.position(self._what(call), query.last_event_id)
            await self._database.read(partial(_refuse_gap, position=position))
        return Stream(self._notices(call, query, position))

    async def _notices(self, call: Call, query: EventQuery, position: int | None) -> AsyncGenerator[Notice, None]:
        principal = call.principal
        own = EVERY_EVENT if principal.is_operator else events_of(principal.agent_id or "")
        topics = (own, principal.key_id, principal.agent_id, principal.tenant_id)
        try:
            with (
                self._rates.holding(call, Held.STREAMS),
                self._bus.subscribe(*(topic for topic in topics if topic), keep=1) as nudges,
            ):
                if position is None:
                    position = await self._database.read(events.last_n)
                yield self._alive(call, position)
                beat = self._clock.monotonic() + HEARTBEAT_SECONDS
                while True:
                    page = await self._database.read(partial(self._page, call=call, query=query, after_n=position))
                    for n, body in page.found:
                        yield Notice(self._id(call, n), body.event, body)
                    position = page.upto_n
                    if page.more:
                        continue
                    now = self._clock.monotonic()
                    if now >= beat:
                        yield self._alive(call, position)
                        beat = now + HEARTBEAT_SECONDS
                    left = beat - now if now < beat else HEARTBEAT_SECONDS
                    await nudges.next(min(left, key_seconds(call, self._clock.now_ms())))
        except BusClosed:
            yield ended("stopping")
        except PosternError as problem:
            yield ended("access_ended" if problem.code is Code.INVALID_API_KEY else "unavailable")

    def _page(self, conn: sqlite3.Connection, call: Call, query: EventQuery, after_n: int) -> _Page:
        """Look at what came after a number, and whether the caller may still be told. Raises `invalid_api_key`."""
        principal = call.principal
        if not stands(conn, principal, self._clock.now_ms()):
            raise refused_key()
        last = events.last_n(conn)
        upto = min(last, after_n + SCANNED_AT_ONCE_MAX)
        tenant = query.tenant if principal.is_operator else principal.tenant_id
        rows = events.between(conn, after_n, upto, tenant, principal.agent_id, PAGE_EVENTS)
        if len(rows) == PAGE_EVENTS:
            upto = rows[-1].n
        found = [(row.n, told(conn, row.kind, row.inbox_id, row.subject_id)) for row in rows]
        return _Page([(n, body) for n, body in found if body is not None], upto, upto < last)

    def _alive(self, call: Call, n: int) -> Notice:
        return Notice(self._id(call, n))

    def _id(self, call: Call, n: int) -> str:
        return self._cursors.mark(self._what(call), n)

    def _what(self, call: Call) -> str:
        return f"events of {call.principal.agent_id or 'all'}"


def _refuse_gap(conn: sqlite3.Connection, position: int) -> None:
    if not events.first_kept_n(conn) - 1 <= position <= events.last_n(conn):
        raise PosternError(
            Code.GONE, "Events after this one are kept no more. List the messages, then follow without Last-Event-ID."
        )


def key_seconds(call: Call, now_ms: int) -> float:
    """Return how long the caller's key lives yet."""
    expires_ms = call.principal.expires_ms
    return float("inf") if expires_ms is None else max(0, expires_ms - now_ms) / SECOND_MS


def ended(reason: str) -> Notice:
    """Return the last notice of a stream."""
    return Notice(None, END, StreamEnd.model_validate({"reason": reason}))
