"""Time, injectable. Instants are milliseconds since the Unix epoch, UTC; durations are monotonic seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Clock(Protocol):
    """What everything that needs the time is given."""

    def now_ms(self) -> int:
        """Return the wall clock."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...


class SystemClock:
    """The real one."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved: for tests and the mock."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._now_ms / SECOND_MS

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        """Move forward."""
        self._now_ms += int(seconds * SECOND_MS + days * DAY_MS)


def iso(instant_ms: int) -> str:
    """Return an instant as ISO 8601 UTC with `Z`, to the millisecond (RFC 3339)."""
    whole, ms = divmod(instant_ms, SECOND_MS)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}.{ms:03d}Z"  # %Y alone does not pad on every platform


def iso_or_none(instant_ms: int | None) -> str | None:
    """`iso`, passing None through."""
    return None if instant_ms is None else iso(instant_ms)


def parse_iso(text: str) -> int:
    """Return the instant of an ISO 8601 text, rounded down to the ms; no offset means UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return int(whole.timestamp()) * SECOND_MS + moment.microsecond // 1000
