"""wait_for_email: subscribe, look in the store, sleep until woken, look at what came."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from daemon.api.waits import WaitAnswer, WaitedMessage, WaitRequest
from daemon.clock import SECOND_MS, Clock, iso, parse_iso
from daemon.errors import not_found, unavailable
from daemon.events import Bus, BusClosed, Event, Subscription
from daemon.service.access import refused_key, stands
from daemon.service.context import Call, Principal
from daemon.service.extracted import shown_extraction
from daemon.service.inboxes import owned_inbox
from daemon.service.mail_cache import MailCache
from daemon.service.patterns import compile_pattern
from daemon.store import messages
from daemon.store.database import Database
from daemon.store.messages import MessageRow

LOOK_PAGE_MESSAGES = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller waits for."""

    sender: str | None
    subject: str | None
    pattern: Callable[[str], bool] | None
    since_ms: int

    def matches(self, row: MessageRow) -> bool:
        """Tell whether a message is it: substrings without regard to case, then the pattern over the visible text."""
        if row.direction != "inbound" or row.received_ms < self.since_ms:
            return False
        if self.sender is not None and self.sender not in row.sender.casefold():
            return False
        if self.subject is not None and self.subject not in row.subject.casefold():
            return False
        return self.pattern is None or self.pattern(row.visible)


class Waits:
    """The flagship."""

    def __init__(self, database: Database, bus: Bus, clock: Clock, mails: MailCache, max_wait_ms: int) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._mails = mails
        self._max_wait_seconds = max_wait_ms / SECOND_MS
        self.active = 0

    async def wait(self, call: Call, address: str, request: WaitRequest) -> WaitAnswer:
        """Block until a matching mail is there, and return it with what it holds.

        A caller that goes away cancels this. Raises `PosternError`: `not_found` when the mailbox is not the caller's or
        goes away, `invalid_api_key` as soon as the caller's key ends, `backend_unavailable` when the daemon stops.
        """
        principal = call.principal
        wanted = self._wanted(request)
        seconds = min(request.timeout_seconds, self._max_wait_seconds)
        inbox = await self._database.read(lambda conn: owned_inbox(conn, principal, address))
        topics = (inbox.id, principal.key_id, principal.agent_id, principal.tenant_id)
        self.active += 1
        try:
            with self._bus.subscribe(*(topic for topic in topics if topic)) as subscription:
                found = await self._look(principal, inbox.id, wanted)
                if found is None:
                    found = await self._sleep(principal, subscription, wanted, self._clock.monotonic() + seconds)
        except BusClosed:
            raise unavailable("The daemon is stopping. Wait again in a moment, with since.", 1) from None
        finally:
            self.active -= 1
        return await self._answer(found)

    def _wanted(self, request: WaitRequest) -> Wanted:
        return Wanted(
            sender=request.from_.casefold() if request.from_ else None,
            subject=request.subject.casefold() if request.subject else None,
            pattern=compile_pattern(request.regex) if request.regex else None,
            since_ms=parse_iso(request.since) if request.since else self._clock.now_ms(),
        )

    async def _look(self, principal: Principal, inbox_id: str, wanted: Wanted) -> MessageRow | None:
        """Return the newest stored match. The caller is checked again: it may have ended before we subscribed."""
        before: int | None = None
        while True:

            def page(conn: sqlite3.Connection, before: int | None = before) -> list[MessageRow]:
                if not stands(conn, principal, self._clock.now_ms()):
                    raise refused_key()
                owned_inbox(conn, principal, inbox_id)
                return messages.received_since(conn, inbox_id, wanted.since_ms, before, LOOK_PAGE_MESSAGES)

            rows = await self._database.read(page)
            for row in rows:
                if wanted.matches(row):
                    return row
            if len(rows) < LOOK_PAGE_MESSAGES:
                return None
            before = rows[-1].n

    async def _sleep(
        self, principal: Principal, subscription: Subscription, wanted: Wanted, deadline: float
    ) -> MessageRow | None:
        """Return the next match to arrive, or None at the deadline."""
        while True:
            left = deadline - self._clock.monotonic()
            key_left = _seconds_left(principal, self._clock.now_ms())
            event = await subscription.next(min(left, key_left))
            if event is None:
                if key_left <= left:
                    raise refused_key()
                return None
            row = await self._database.read(partial(self._consider, principal=principal, event=event))
            if row is not None and wanted.matches(row):
                return row

    def _consider(self, conn: sqlite3.Connection, principal: Principal, event: Event) -> MessageRow | None:
        if event.kind == "inbox.deleted":
            raise not_found("inbox")
        if event.kind == "access.changed":
            if not stands(conn, principal, self._clock.now_ms()):
                raise refused_key()
            return None
        return messages.get(conn, event.subject)

    async def _answer(self, row: MessageRow | None) -> WaitAnswer:
        if row is None:
            return WaitAnswer(timed_out=True, message=None, extracted=None)
        return WaitAnswer(
            timed_out=False,
            message=WaitedMessage(
                id=row.id,
                thread_id=row.thread_id,
                from_=row.sender,
                subject=row.subject,
                received_at=iso(row.received_ms),
            ),
            extracted=shown_extraction(await self._mails.extracted(row)),
        )


def _seconds_left(principal: Principal, now_ms: int) -> float:
    return float("inf") if principal.expires_ms is None else (principal.expires_ms - now_ms) / SECOND_MS
