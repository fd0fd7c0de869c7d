"""When what failed is tried again: exponential backoff with jitter, for some time, and then no more."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

RETRY_AFTER_MAX_MS = 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Schedule:
    """The bounds of one kind of attempts."""

    first_delay_ms: int
    longest_delay_ms: int
    give_up_after_ms: int

    def next_attempt_ms(self, began_ms: int, now_ms: int, chance: float, retry_after_seconds: int | None) -> int | None:
        """Return when to try again after failures since `began_ms`, the last of them now; None: give up.

        The delay is as long as the failing has lasted, so it about doubles each time; `chance` (0 to 1) spreads it over
        its upper half, so that what failed together does not come back together. What the receiver asked for by
        Retry-After is waited out, within bounds. There is always an attempt after the whole time.
        """
        if now_ms - began_ms >= self.give_up_after_ms:
            return None
        longest = max(self.first_delay_ms, min(now_ms - began_ms, self.longest_delay_ms))
        delay_ms = int(longest * (0.5 + chance / 2))
        asked_ms = min((retry_after_seconds or 0) * SECOND_MS, RETRY_AFTER_MAX_MS)
        return now_ms + max(delay_ms, asked_ms)


WEBHOOKS = Schedule(first_delay_ms=10 * SECOND_MS, longest_delay_ms=4 * HOUR_MS, give_up_after_ms=DAY_MS)
MAIL = Schedule(
    first_delay_ms=2 * MINUTE_MS, longest_delay_ms=4 * HOUR_MS, give_up_after_ms=5 * DAY_MS
)  # RFC 5321, 4.5.4.1
