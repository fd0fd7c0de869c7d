"""wait_for_email: subscribe, look in the store, sleep until woken, look at what came."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from daemon.api.common import Deleted, TenantQuery
from daemon.api.messages import Extracted
from daemon.api.operations import Scope
from daemon.api.waits import WaitAnswer, WaitedMessage, WaitInProgress, WaitRequest, WaitResumeQuery
from daemon.clock import MINUTE_MS, SECOND_MS, iso, parse_iso
from daemon.errors import Code, PosternError, not_found, unavailable
from daemon.events import BusClosed, Event, Subscription
from daemon.service.context import Call, Done, Listed, Principal
from daemon.service.mailboxes.extracted import good_enough, shown_extraction
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mutations import Change
from daemon.service.people.access import refused_key, stands
from daemon.service.rates import Held
from daemon.service.tools import Service, Tools
from daemon.service.waiting.progress import Progress
from daemon.service.waiting.wanted import NEAR_MISSES_TOLD, Misses, Wanted, wanted
from daemon.store import messages, waits
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.messages import MessageRow
from daemon.store.waits import WaitRow

LOOK_PAGE_MESSAGES = 50
LOOK_GRACE_SECONDS = 1.0  # even a wait with no time looks at what is stored
MISSED_BEFORE_MS = 10 * MINUTE_MS


@dataclass(slots=True)
class _Wait:
    """One wait in progress."""

    call: Call
    inbox: InboxRow
    request: WaitRequest
    wanted: Wanted
    durable: WaitRow | None = None
    missed: Misses = field(default_factory=Misses)

    @property
    def claimer(self) -> str:
        """Return who claims: a durable wait by its id, so that it may ask again, any other by its request."""
        own = f"wait:{self.durable.wait_id}" if self.durable else self.call.request_id
        return f"{self.call.principal.id}/{own}"


@dataclass(frozen=True, slots=True)
class _Match:
    """A message that it is, with what may be told of it."""

    row: MessageRow
    extracted: Extracted
    claim: Done[WaitAnswer] | None = None


class Waits(Service):
    """The flagship."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.progress = Progress()

    async def list(self, call: Call, query: TenantQuery) -> Listed[WaitInProgress]:
        """List the waits that are open now, in all mailboxes or a tenant's, the newest first."""
        before = self._cursors.before("waits", query)
        rows = self.progress.newest(query.tenant, before, query.limit + 1)
        return self._cursors.listed("waits", query, rows, lambda row: row.n, lambda row: row.wait)

    async def wait(self, call: Call, address: str, request: WaitRequest) -> WaitAnswer | Done[WaitAnswer]:
        """Block until a matching mail is there, and return it with what it holds.

        With `claim` the mail is given to this caller alone, which is a mutation with its audit line. A caller that goes
        away cancels this. Raises `PosternError`: `not_found` when the mailbox is not the caller's or goes away,
        `invalid_api_key` as soon as the caller's key ends, `rate_limited` when it has too many waits open,
        `backend_unavailable` when the daemon stops.
        """
        _refuse_probing(call.principal, request)
        since_ms = parse_iso(request.since) if request.since else self._clock.now_ms()
        only_codes = _only_codes(call.principal)
        wanted(request, since_ms, address_only=only_codes)  # refuse a bad pattern before anything is remembered
        inbox = await self._database.read(lambda conn: owned_inbox(conn, call.principal, address))
        durable = None
        if request.wait_id is not None:
            durable = await self._register(call, inbox, request, since_ms)
            since_ms = durable.since_ms
        wait = _Wait(call, inbox, request, wanted(request, since_ms, address_only=only_codes), durable)
        return await self._run(wait, request.timeout_seconds)

    async def resume(self, call: Call, wait_id: str, query: WaitResumeQuery) -> WaitAnswer | Done[WaitAnswer]:
        """Go on with a durable wait: what came since it was begun counts, and what it was once answered stays."""

        def look(conn: sqlite3.Connection) -> tuple[WaitRow, InboxRow]:
            row = waits.find(conn, call.principal.id, wait_id)
            if row is None:
                raise not_found("wait")
            return row, owned_inbox(conn, call.principal, row.inbox_id)

        durable, inbox = await self._database.read(look)
        request = WaitRequest.model_validate_json(durable.request)
        _refuse_probing(call.principal, request)
        conditions = wanted(request, durable.since_ms, address_only=_only_codes(call.principal))
        wait = _Wait(call, inbox, request, conditions, durable)
        return await self._run(wait, query.timeout_seconds)

    async def drop(self, call: Call, wait_id: str) -> Done[Deleted]:
        """Forget a durable wait. A code that it claimed stays claimed."""

        def change(tx: Tx) -> Change[Deleted]:
            row = waits.find(tx.conn, call.principal.id, wait_id)
            if row is None:
                raise not_found("wait")
            owned = owned_inbox(tx.conn, call.principal, row.inbox_id)
            waits.remove(tx, row.principal, wait_id)
            return Change(data=Deleted(id=wait_id), target=wait_id, tenant=owned.tenant_id)

        return await self._mutations.run(call, "wait:drop", change)

    async def _register(self, call: Call, inbox: InboxRow, request: WaitRequest, since_ms: int) -> WaitRow:
        """Remember a durable wait, or find the one begun before. Raises `idempotency_conflict` for another request."""
        asked = request.model_dump_json(exclude={"timeout_seconds"})

        def change(tx: Tx) -> WaitRow:
            owned_inbox(tx.conn, call.principal, inbox.id)  # it may have been deleted meanwhile
            principal, wait_id = call.principal.id, request.wait_id or ""
            known = waits.find(tx.conn, principal, wait_id)
            if known is not None and (known.request != asked or known.inbox_id != inbox.id):
                raise PosternError(
                    Code.IDEMPOTENCY_CONFLICT, "This wait_id stands for another wait. Use a new one, or drop that wait."
                )
            if known is not None:
                return known
            row = WaitRow(
                principal=principal,
                wait_id=wait_id,
                inbox_id=inbox.id,
                request=asked,
                since_ms=since_ms,
                created_ms=tx.now_ms,
            )
            waits.add(tx, row)
            return row

        return await self._database.write(change)

    async def _run(self, wait: _Wait, timeout_seconds: float) -> WaitAnswer | Done[WaitAnswer]:
        principal, seconds = wait.call.principal, min(timeout_seconds, self._settings.max_wait_ms / SECOND_MS)
        topics = (wait.inbox.id, principal.key_id, principal.agent_id, principal.tenant_id)
        try:
            with (
                self.progress.of(self._told(wait, seconds)),
                self._rates.holding(wait.call, Held.WAITS),
                self._bus.subscribe(*(topic for topic in topics if topic)) as subscription,
            ):
                deadline = self._clock.monotonic() + seconds
                match = await self._look(wait, deadline) or await self._sleep(wait, subscription, deadline)
        except BusClosed:
            raise unavailable("The daemon is stopping. Wait again in a moment, with since.", 1) from None
        self._meters.waits.labels("timed_out" if match is None else "matched").inc()
        if match is None:
            return await self._in_vain(wait)
        return match.claim or _answer(match, principal)

    def _told(self, wait: _Wait, seconds: float) -> WaitInProgress:
        now_ms, request = self._clock.now_ms(), wait.request
        return WaitInProgress(
            request_id=wait.call.request_id,
            actor=str(wait.call.principal.actor),
            tenant_id=wait.inbox.tenant_id,
            inbox_id=wait.inbox.id,
            address=wait.inbox.address,
            from_=request.from_,
            subject=request.subject,
            regex=request.regex,
            claim=request.claim,
            wait_id=wait.durable.wait_id if wait.durable else None,
            since=iso(wait.wanted.since_ms),
            began_at=iso(now_ms),
            until=iso(now_ms + int(seconds * SECOND_MS)),
        )

    async def _look(self, wait: _Wait, deadline: float) -> _Match | None:
        """Return the newest stored match, looking at one at least and at no more than there is time for.

        The caller is checked again: it may have ended before we subscribed.
        """
        before: int | None = None
        while True:
            rows = await self._database.read(partial(self._page, wait=wait, before=before))
            for row in rows:
                match = await self._consider(wait, row)
                if match is not None or self._clock.monotonic() > deadline + LOOK_GRACE_SECONDS:
                    return match
            if len(rows) < LOOK_PAGE_MESSAGES:
                return None
            before = rows[-1].n

    def _page(self, conn: sqlite3.Connection, wait: _Wait, before: int | None) -> Sequence[MessageRow]:
        principal = wait.call.principal
        if not stands(conn, principal, self._clock.now_ms()):
            raise refused_key()
        owned_inbox(conn, principal, wait.inbox.id)
        if wait.durable is not None and wait.durable.message_id is not None:
            answered = messages.get(conn, wait.durable.message_id)
            if answered is None:
                raise _answer_gone()
            return [answered]
        return messages.received_since(conn, wait.inbox.id, wait.wanted.since_ms, before, LOOK_PAGE_MESSAGES)

    async def _sleep(self, wait: _Wait, subscription: Subscription, deadline: float) -> _Match | None:
        """Return the next match to arrive, or None at the deadline."""
        principal = wait.call.principal
        while True:
            left = deadline - self._clock.monotonic()
            key_left = _seconds_left(principal, self._clock.now_ms())
            event = await subscription.next(min(left, key_left))
            if event is None:
                if key_left <= left:
                    raise refused_key()
                return None
            row = await self._arrival(principal, event)
            match = None if row is None else await self._consider(wait, row)
            if match is not None:
                self._meters.woken_seconds.observe(max(0, self._clock.now_ms() - match.row.received_ms) / SECOND_MS)
                return match

    async def _arrival(self, principal: Principal, event: Event) -> MessageRow | None:
        """Return the message that an event tells of; None when it tells of something that may go on."""
        if event.kind == "inbox.deleted":
            raise not_found("inbox")
        if event.kind == "access.changed":
            if not await self._database.read(lambda conn: stands(conn, principal, self._clock.now_ms())):
                raise refused_key()
            return None
        row = await self._mails.arrived(event.subject)
        return row if row is not None and row.direction == "inbound" else None

    async def _consider(self, wait: _Wait, row: MessageRow) -> _Match | None:
        """Return a message as a match, claimed where that was asked for; else note why it is none."""
        reasons = await wait.wanted.misses(row)
        if reasons:
            wait.missed.add(row, reasons)
            return None
        try:
            shown = await self._shown(row)
        except PosternError as problem:
            if problem.code is Code.NOT_FOUND:
                return None  # it was deleted meanwhile, and the wait goes on
            raise
        told, reasons = good_enough(shown, wait.wanted.quality)
        if told is None:
            wait.missed.add(row, reasons)
            return None
        return await self._settle(wait, _Match(row, told))

    async def _shown(self, row: MessageRow) -> Extracted:
        sender = (await self._mails.parsed(row)).from_
        found = await self._mails.extracted(row)
        return shown_extraction(found, row, sender.address if sender else "", self._clock.now_ms())

    async def _settle(self, wait: _Wait, match: _Match) -> _Match | None:
        """Record the claim and the durable wait's answer; None when another claimer was first, or the mail is gone.

        A durable wait has one answer: where another connection had it first, that is the answer here, too.
        """
        durable, principal = wait.durable, wait.call.principal
        if durable is not None and durable.message_id == match.row.id:
            return match  # recorded when it was answered first
        if durable is None and not wait.request.claim:
            return match

        def answer(tx: Tx) -> None:
            if messages.get(tx.conn, match.row.id) is None:
                raise _Deleted
            if durable is not None:
                now = waits.find(tx.conn, durable.principal, durable.wait_id)
                if now is not None and now.message_id not in (None, match.row.id):
                    raise _Answered(now)
                waits.answer(tx, durable, match.row.id)

        def change(tx: Tx) -> Change[WaitAnswer]:
            answer(tx)
            holder = waits.claimer_of(tx.conn, match.row.id)
            if holder is not None:
                raise _Claimed(holder)
            waits.claim(tx, match.row.id, wait.claimer)
            return Change(data=_answer(match, principal), target=match.row.id, tenant=match.row.tenant_id)

        try:
            if wait.request.claim:
                return replace(match, claim=await self._mutations.run(wait.call, "message:claim", change))
            await self._database.write(answer)
        except _Deleted:
            return None
        except _Answered as earlier:
            return await self._as_before(wait, earlier.row)
        except _Claimed as taken:
            if taken.holder == wait.claimer:
                return match  # by this wait, over another connection
            wait.missed.add(match.row, ["claimed"])
            return None
        return match

    async def _as_before(self, wait: _Wait, durable: WaitRow) -> _Match | None:
        """Return what another connection was answered meanwhile. Raises `gone` when that was deleted."""
        row = await self._database.read(lambda conn: messages.get(conn, durable.message_id or ""))
        if row is None:
            raise _answer_gone()
        wait.durable = durable
        return await self._consider(wait, row)

    async def _in_vain(self, wait: _Wait) -> WaitAnswer:
        """Return the answer of a wait that timed out, with what came and was not it, a little before it too."""
        after_ms = wait.wanted.since_ms - MISSED_BEFORE_MS
        earlier = await self._database.read(
            lambda conn: messages.received_since(conn, wait.inbox.id, after_ms, None, NEAR_MISSES_TOLD)
        )
        for row in earlier:
            if row.received_ms < wait.wanted.since_ms:
                wait.missed.add(row, await wait.wanted.misses(row))
        return WaitAnswer(timed_out=True, message=None, extracted=None, near_misses=wait.missed.told())


class _Claimed(Exception):
    """The code was given away already."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class _Answered(Exception):
    """The durable wait was answered over another connection."""

    def __init__(self, row: WaitRow) -> None:
        super().__init__(row.wait_id)
        self.row = row


class _Deleted(Exception):
    """The mail is gone."""


def _answer_gone() -> PosternError:
    return PosternError(Code.GONE, "The mail that answered this wait was deleted. Begin another.")


def _answer(match: _Match, principal: Principal) -> WaitAnswer:
    """Return the answer; a key that may only have codes is told no word of the mail."""
    row, extracted = match.row, match.extracted
    only_codes = _only_codes(principal)
    if only_codes:
        extracted = extracted.model_copy(update={"credentials": None})
    message = WaitedMessage(
        id=row.id,
        thread_id=row.thread_id,
        from_=None if only_codes else row.sender,
        subject=None if only_codes else row.subject,
        received_at=iso(row.received_ms),
    )
    return WaitAnswer(timed_out=False, message=message, extracted=extracted)


def _only_codes(principal: Principal) -> bool:
    return not principal.is_operator and Scope.READ not in principal.scopes


def _refuse_probing(principal: Principal, request: WaitRequest) -> None:
    """Keep a key that may not read from reading by questions: each pattern would answer one."""
    if _only_codes(principal) and (request.regex or request.subject):
        raise PosternError(
            Code.SCOPE_DENIED, "With mailbox:otp alone, regex and subject cannot be asked: they need mailbox:read."
        )


def _seconds_left(principal: Principal, now_ms: int) -> float:
    return float("inf") if principal.expires_ms is None else (principal.expires_ms - now_ms) / SECOND_MS
