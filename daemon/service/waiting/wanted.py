"""What a wait is for: which message it is, and why another is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from daemon.api.waits import NearMiss, NearMisses, WaitRequest
from daemon.clock import iso
from daemon.service.mailboxes.extracted import Quality
from daemon.service.waiting.patterns import Pattern, compile_pattern
from daemon.store.messages import MessageRow

NEAR_MISSES_TOLD = 20
MISSES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """The conditions of a wait."""

    sender: str | None
    subject: str | None
    pattern: Pattern | None
    since_ms: int
    quality: Quality
    address_only: bool = False  # of the sender; its display name is words of the mail

    async def misses(self, row: MessageRow) -> list[str]:
        """Return why a message is not it, as far as its row tells; substrings without regard to case."""
        reasons = []
        sender = row.sender.rpartition("<")[2] if self.address_only else row.sender
        if self.sender is not None and self.sender not in sender.casefold():
            reasons.append("from")
        if self.subject is not None and self.subject not in row.subject.casefold():
            reasons.append("subject")
        if self.pattern is not None and not await self.pattern.found_in(row.visible):
            reasons.append("regex")
        if row.received_ms < self.since_ms:
            reasons.append("since")
        return reasons


def wanted(request: WaitRequest, since_ms: int, *, address_only: bool) -> Wanted:
    """Read a request. Raises `PosternError` (`validation_failed`) for a pattern that RE2 refuses."""
    return Wanted(
        sender=request.from_.casefold() if request.from_ else None,
        subject=request.subject.casefold() if request.subject else None,
        pattern=compile_pattern(request.regex) if request.regex else None,
        since_ms=since_ms,
        quality=Quality(request.min_confidence, request.require_aligned),
        address_only=address_only,
    )


class Misses:
    """What came to a wait and was not it: each mail once, with why, and nothing of what it said."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, list[str]]] = {}
        self._uncounted = 0

    def add(self, row: MessageRow, reasons: list[str]) -> None:
        """Note a message. Past `MISSES_KEPT` they are counted only."""
        if row.id in self._known or len(self._known) < MISSES_KEPT:
            self._known.setdefault(row.id, (row.received_ms, reasons))
        else:
            self._uncounted += 1

    def told(self) -> NearMisses:
        """Return the account: how many, why, and the newest one by one."""
        known = sorted(self._known.values(), key=lambda one: -one[0])
        counted = Counter(reason for _, reasons in known for reason in reasons)
        newest = [
            NearMiss.model_validate({"received_at": iso(received_ms), "reasons": reasons})
            for received_ms, reasons in known[:NEAR_MISSES_TOLD]
        ]
        arrived = len(known) + self._uncounted
        return NearMisses(arrived=arrived, reasons=dict(sorted(counted.items())), messages=newest)
