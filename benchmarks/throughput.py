"""Durable mails per second through SMTP: ours, and the home-made receiver's, in turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.clients import Mails, Smtp


@dataclass(frozen=True)
class Case:
    """How mails are sent."""

    sessions: int
    reused: bool
    note: str = ""

    @property
    def title(self) -> str:
        sessions = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        return f"{sessions}, {'connections reused' if self.reused else 'a connection per mail'}{self.note}"


CASES = [Case(sessions, reused) for sessions in (1, 16) for reused in (False, True)]


@dataclass(frozen=True)
class Receiver:
    """Somebody who takes mail: where, to which mailboxes, and how many there are by now."""

    address: str
    mailboxes: list[str]
    count: Callable[[], int]


async def rate(receiver: Receiver, mails: Mails, case: Case, seconds: float) -> float:
    """Send for so long; return mails per second, each acknowledged and each found afterwards."""
    before, begun = receiver.count(), time.perf_counter()
    deadline = begun + seconds
    sent = await asyncio.gather(
        *(_send(receiver, mails, receiver.mailboxes[number], case.reused, deadline) for number in range(case.sessions))
    )
    took = time.perf_counter() - begun
    assert receiver.count() - before == sum(sent), "an acknowledged mail is missing"
    return sum(sent) / took


async def compare(
    ours: Receiver, theirs: Receiver, mails: Mails, case: Case, seconds: float, turns: int
) -> list[float]:
    """Return our rate and theirs: medians over turns that alternate, so that a noisy minute hits both."""
    taken: list[list[float]] = [[], []]
    for turn in range(turns):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            taken[which].append(await rate((ours, theirs)[which], mails, case, seconds))
    return [statistics.median(one) for one in taken]


async def _send(receiver: Receiver, mails: Mails, mailbox: str, reused: bool, deadline: float) -> int:
    count = 0
    smtp: Smtp | None = None
    while time.perf_counter() < deadline:
        if smtp is None:
            smtp = await Smtp.connect(receiver.address)
            await smtp.greet()
        _, raw = mails.next()
        await smtp.deliver(mailbox, raw)
        count += 1
        if not reused:
            await smtp.quit()
            smtp = None
    if smtp is not None:
        await smtp.quit()
    return count
