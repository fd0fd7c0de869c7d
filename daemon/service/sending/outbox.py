"""Brings mail out: hands it over, each once, and keeps account of what becomes of every recipient.

Before a hand-over its intent is committed, after it the outcome. What is found in between, after a crash or a lost
connection, is never handed over blindly again: the backend is asked what became of it, under the id that all attempts
share. Only what it certainly does not have goes out again.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from dataclasses import dataclass, replace
from functools import partial

from daemon.backends.protocols import CannotTell, HandedOver, NotTaken, Outgoing, SendBackend
from daemon.clock import SECOND_MS
from daemon.errors import PosternError
from daemon.events import Event
from daemon.service.meters import timed
from daemon.service.schedule import MAIL
from daemon.service.sending.outcomes import Outcomes
from daemon.service.sending.send import OUTBOX
from daemon.service.tools import Tools
from daemon.service.worker import LOOK_EVERY_SECONDS, Worker
from daemon.store import messages, outbox
from daemon.store.database import Tx
from daemon.store.outbox import OutboxRow

STOP_GRACE_SECONDS = 10.0
LOOK_UP_AGAIN_SECONDS = 60
NEVER_CAME = "the connection was lost before the mail was taken"


@dataclass(frozen=True, slots=True)
class _AskAgain:
    """The backend could not be asked what became of a mail."""


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Nobody can tell what became of a mail."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """The mail was not taken. `exactly`: it is tried again after just so many seconds, and not on schedule."""

    detail: str
    retry_after_seconds: int | None = None
    exactly: bool = False


_End = HandedOver | _Refused | _AskAgain | _Unknown


class Outbox(Worker):
    """Takes what is due, and brings it out."""

    log = logging.getLogger("postern.outbox")

    def __init__(self, tools: Tools, outcomes: Outcomes) -> None:
        super().__init__(tools)
        self._outcomes = outcomes
        self._working: dict[str, asyncio.Task[None]] = {}
        self._taken_up = False

    async def run(self, backend: SendBackend) -> None:
        """Work until the daemon stops; what is in hand then has some time, and is asked for after the next start."""
        try:
            await self.look_on((OUTBOX,), lambda: self._begin_due(backend))
        finally:
            if in_hand := set(self._working.values()):
                _, late = await asyncio.wait(in_hand, timeout=STOP_GRACE_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def step(self, backend: SendBackend) -> None:
        """Do what is due now, to its end."""
        await self._begin_due(backend)
        await asyncio.gather(*self._working.values())

    async def _begin_due(self, backend: SendBackend) -> float:
        """Begin all that can be begun now; return in how many seconds there may be more, if nobody says so earlier."""
        if not self._taken_up:
            await self._database.write(outbox.take_up)
            self._taken_up = True
        free = backend.at_once_max - len(self._working)
        if free:
            busy, now_ms = tuple(self._working), self._clock.now_ms()
            rows = await self._database.read(partial(outbox.due, now_ms=now_ms, busy=busy, limit=free))
            for row in rows:
                self._working[row.message_id] = asyncio.create_task(self._work(backend, row))
            if len(rows) == free:
                return LOOK_EVERY_SECONDS  # there may be more, and whatever ends makes room and says so
        next_ms = await self._database.read(lambda conn: outbox.next_due_ms(conn, self._clock.now_ms()))
        return self.seconds_until(next_ms)

    async def _work(self, backend: SendBackend, row: OutboxRow) -> None:
        try:
            mail = await self._database.read(partial(_outgoing, row=row))
            begun = row.state == "handing"
            if mail is not None and (begun or await self._database.write(partial(_intend, message_id=row.message_id))):
                end = await self._attempt(backend, mail, begun=begun)
                await self.record(partial(self._settle, row.message_id, end))
        except PosternError as problem:
            self.log.warning("mail has to wait", extra={"reason": problem.message, "message_id": row.message_id})
        except Exception:
            self.log.exception("a hand-over failed", extra={"message_id": row.message_id})
        else:
            self._bus.publish(Event(OUTBOX, "look"))  # there is room again
        finally:
            del self._working[row.message_id]

    async def _attempt(self, backend: SendBackend, mail: Outgoing, *, begun: bool) -> _End:
        """Hand a mail over, or ask what became of one whose hand-over had begun."""
        if not begun:
            try:
                with timed(self._meters.handed_over_seconds):
                    return await backend.hand_over(mail)
            except NotTaken as refusal:
                return _Refused(refusal.detail, refusal.retry_after_seconds, exactly=refusal.in_turn)
            except Exception as lost:  # noqa: BLE001  whatever it is, nobody knows how far it came
                self.log.warning(
                    "a hand-over had no end", extra={"operation_id": mail.operation_id, "reason": repr(lost)}
                )
        try:
            found = await backend.look_up(mail)
        except CannotTell:
            return _Unknown()
        except Exception as problem:  # noqa: BLE001  it is asked again
            self.log.warning("a look-up failed", extra={"operation_id": mail.operation_id, "reason": repr(problem)})
            return _AskAgain()
        return found or _Refused(NEVER_CAME, 0, exactly=begun)

    def _settle(self, message_id: str, end: _End, tx: Tx, chance: float) -> None:
        row = outbox.get(tx.conn, message_id)
        if row is None or row.state != "handing":
            return  # deleted meanwhile
        retry = partial(MAIL.next_attempt_ms, row.created_ms, tx.now_ms, chance)
        match end:
            case HandedOver():
                next_ms = retry(end.retry_after_seconds)
                row = replace(row, provider_id=end.provider_id or row.provider_id)
                self._outcomes.handed_over(tx, row, end.recipients, next_ms)
            case _Refused():
                next_ms = retry(end.retry_after_seconds)
                if end.exactly and next_ms is not None:
                    next_ms = tx.now_ms + (end.retry_after_seconds or 0) * SECOND_MS
                self._outcomes.put_off(tx, row, end.detail, next_ms)
            case _AskAgain() if retry(None) is not None:
                outbox.update(tx, replace(row, next_ms=tx.now_ms + LOOK_UP_AGAIN_SECONDS * SECOND_MS))
            case _:
                self._outcomes.lost(tx, row)


def _outgoing(conn: sqlite3.Connection, row: OutboxRow) -> Outgoing | None:
    message, raw = messages.with_raw(conn, row.message_id)
    if message is None or raw is None:
        return None  # deleted meanwhile
    waiting = [one.address for one in outbox.recipients(conn, row.message_id) if one.state == "queued"]
    return Outgoing(row.operation_id, row.created_ms, row.envelope_from, tuple(waiting), raw)


def _intend(tx: Tx, message_id: str) -> bool:
    """Commit that a message is about to be handed over; tell whether it may be."""
    row = outbox.get(tx.conn, message_id)
    if row is None or row.state != "queued" or outbox.held(tx.conn, row):
        return False
    outbox.update(tx, replace(row, state="handing", attempts=row.attempts + 1, next_ms=None, handing_ms=tx.now_ms))
    return True
