"""What operators follow: subscribe to every commit, look for new audit lines, tell how things stand, sleep, look again.

As with events, the store is the only queue: a line is told because it is there, and after a lost connection from the
next one on. Counting is done only while somebody listens, at most once a second.
"""

from __future__ import annotations

import sqlite3
from asyncio import sleep
from collections.abc import AsyncGenerator
from functools import partial

from daemon.api.activity import Activity, ActivityQuery
from daemon.errors import Code, PosternError
from daemon.events import BusClosed
from daemon.service.auditing import shown_line
from daemon.service.context import Call, Notice, Stream
from daemon.service.people.access import refused_key, stands
from daemon.service.rates import Held
from daemon.service.status import Status
from daemon.service.telling.events import HEARTBEAT_SECONDS, ended, key_seconds
from daemon.service.tools import COMMITS, Service, Tools
from daemon.store import audit, events
from daemon.store.audit import AuditRow

PAGE_LINES = 100
LOOK_EVERY_SECONDS = 0.1  # under load each look finds many lines
STATS_EVERY_SECONDS = 1.0
_WHAT = "activity"


class ActivityStream(Service):
    """The noun `activity`."""

    def __init__(self, tools: Tools, status: Status) -> None:
        super().__init__(tools)
        self._status = status

    async def stream(self, call: Call, query: ActivityQuery) -> Stream:
        """Follow every change, and how things stand; with `last_event_id`, from the line after that.

        Raises `PosternError`: `bad_request` for an id that was not given out here, `rate_limited` when the caller's key
        has too many streams open.
        """
        self._rates.room(call, Held.STREAMS)
        after = query.last_event_id
        return Stream(self._notices(call, None if after is None else self._cursors.position(_WHAT, after)))

    async def _notices(self, call: Call, seq: int | None) -> AsyncGenerator[Notice, None]:
        topics = (COMMITS, *(topic for topic in (call.principal.key_id,) if topic))
        told: tuple[int, int, int] | None = None
        told_at = 0.0
        try:
            with self._rates.holding(call, Held.STREAMS), self._bus.subscribe(*topics, keep=1) as nudges:
                if seq is None:
                    seq = await self._database.read(audit.last_seq)
                while True:
                    rows, event_n = await self._database.read(partial(self._page, call=call, after_seq=seq))
                    for row in rows:
                        yield Notice(self._cursors.mark(_WHAT, row.seq), "audit", _of_line(row))
                    seq = rows[-1].seq if rows else seq
                    if len(rows) == PAGE_LINES:
                        continue
                    now, state = self._clock.monotonic(), (seq, event_n, self._status.waits_moved)
                    quiet_seconds = HEARTBEAT_SECONDS if state == told else STATS_EVERY_SECONDS
                    if told is None or now - told_at >= quiet_seconds:
                        stats = Activity(event="stats", stats=await self._status.get(call))
                        yield Notice(self._cursors.mark(_WHAT, seq), "stats", stats)
                        told, told_at = state, now
                    await nudges.next(min(STATS_EVERY_SECONDS, key_seconds(call, self._clock.now_ms())))
                    await sleep(LOOK_EVERY_SECONDS)
        except BusClosed:
            yield ended("stopping")
        except PosternError as problem:
            yield ended("access_ended" if problem.code is Code.INVALID_API_KEY else "unavailable")

    def _page(self, conn: sqlite3.Connection, call: Call, after_seq: int) -> tuple[list[AuditRow], int]:
        """Return what came after a line, and the number of the last event. Raises `invalid_api_key`."""
        if not stands(conn, call.principal, self._clock.now_ms()):
            raise refused_key()
        rows = audit.listing(conn, {}, before_seq=None, after_seq=after_seq, limit=PAGE_LINES)
        return rows, events.last_n(conn)


def _of_line(row: AuditRow) -> Activity:
    return Activity(event="audit", audit=shown_line(row))
