"""When a delivery that failed is tried again: exponential backoff with jitter, for a day, then the dead-letter list."""

from __future__ import annotations

from daemon.clock import HOUR_MS, SECOND_MS

FIRST_DELAY_MS = 10 * SECOND_MS
LONGEST_DELAY_MS = 4 * HOUR_MS
GIVE_UP_AFTER_MS = 24 * HOUR_MS
RETRY_AFTER_MAX_MS = 6 * HOUR_MS


def next_attempt_ms(began_ms: int, now_ms: int, chance: float, retry_after_seconds: int | None) -> int | None:
    """Return when to try again after failures since `began_ms`, the last of them now; None: give up.

    The delay is as long as the failing has lasted, so it about doubles each time; `chance` (0 to 1) spreads it over its
    upper half, so that what failed together does not come back together. What the receiver asked for by Retry-After is
    waited out, within bounds. There is always an attempt after a whole day.
    """
    if now_ms - began_ms >= GIVE_UP_AFTER_MS:
        return None
    longest = max(FIRST_DELAY_MS, min(now_ms - began_ms, LONGEST_DELAY_MS))
    delay_ms = int(longest * (0.5 + chance / 2))
    asked_ms = min((retry_after_seconds or 0) * SECOND_MS, RETRY_AFTER_MAX_MS)
    return now_ms + max(delay_ms, asked_ms)
