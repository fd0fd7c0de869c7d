"""No more mails than a provider takes in a minute and in an hour: each gets a time of its own, as they come."""

from __future__ import annotations

import math
from collections import deque

from daemon.clock import HOUR_MS, MINUTE_MS, SECOND_MS, Clock


class Pacing:
    """Hands out times. What was sent before the start is not known here: the provider says so then (429)."""

    def __init__(self, per_minute: int, per_hour: int, clock: Clock) -> None:
        self._windows = ((max(1, per_minute), MINUTE_MS), (max(1, per_hour), HOUR_MS))
        self._clock = clock
        most = max(most for most, _ in self._windows)
        self._planned: deque[int] = deque(maxlen=most)
        self._gone: deque[int] = deque(maxlen=most)
        self._turns: dict[str, int] = {}
        self._closed_until_ms = 0

    def wait_seconds(self, name: str) -> int:
        """Return in how many seconds something may go; 0: now, and it is counted. Whoever comes back has its turn."""
        now_ms = self._clock.now_ms()
        if name not in self._turns:
            self._planned.append(max(now_ms, self._closed_until_ms, self._free_ms(self._planned)))
            self._turns[name] = self._planned[-1]
        at_ms = max(self._turns[name], self._closed_until_ms, self._free_ms(self._gone))
        if at_ms > now_ms:
            return math.ceil((at_ms - now_ms) / SECOND_MS)
        del self._turns[name]
        self._gone.append(now_ms)
        return 0

    def close(self, seconds: int) -> None:
        """Let nothing go for some time: the provider asked for it."""
        self._closed_until_ms = max(self._closed_until_ms, self._clock.now_ms() + seconds * SECOND_MS)

    def _free_ms(self, times: deque[int]) -> int:
        """Return from when on there is room after these."""
        latest = times[-1] if times else 0
        return max([latest, *(times[-most] + span_ms for most, span_ms in self._windows if len(times) >= most)])
