from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from daemon.clock import HOUR_MS, SECOND_MS
from daemon.service.schedule import (
    FIRST_DELAY_MS,
    GIVE_UP_AFTER_MS,
    LONGEST_DELAY_MS,
    RETRY_AFTER_MAX_MS,
    next_attempt_ms,
)

CHANCE = st.floats(0, 1, exclude_max=True)


def attempts(chances: st.DataObject, asked: int | None = None) -> list[int]:
    """Return when something that always fails is tried, in ms from the first time."""
    times: list[int] = []
    now: int | None = 0
    while now is not None:
        times.append(now)
        now = next_attempt_ms(0, now, chances.draw(CHANCE), asked)
    return times


@given(st.data())
def test_it_is_tried_for_at_least_a_day_ever_more_slowly(data: st.DataObject) -> None:
    times = attempts(data)
    assert GIVE_UP_AFTER_MS <= times[-1] <= GIVE_UP_AFTER_MS + LONGEST_DELAY_MS
    assert 15 <= len(times) <= 45
    delays = [after - before for before, after in pairwise(times)]
    assert FIRST_DELAY_MS / 2 <= delays[0] <= FIRST_DELAY_MS
    assert all(delay <= LONGEST_DELAY_MS for delay in delays)
    assert sum(time < HOUR_MS for time in times) >= 8, "a short outage is over soon after it ends"


@given(st.integers(0, 10**9), CHANCE)
def test_retry_after_is_waited_out_within_bounds(asked: int, chance: float) -> None:
    at = next_attempt_ms(0, 0, chance, asked)
    assert at is not None
    assert at >= min(asked * SECOND_MS, RETRY_AFTER_MAX_MS)
    assert at <= max(FIRST_DELAY_MS, RETRY_AFTER_MAX_MS)


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({next_attempt_ms(0, 1000 * SECOND_MS, chance / 100, None) for chance in range(100)}) == 100
