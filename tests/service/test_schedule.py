from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.clock import HOUR_MS, SECOND_MS
from daemon.service.schedule import MAIL, RETRY_AFTER_MAX_MS, WEBHOOKS, Schedule

CHANCE = st.floats(0, 1, exclude_max=True)


def attempts(schedule: Schedule, chances: st.DataObject, asked: int | None = None) -> list[int]:
    """Return when something that always fails is tried, in ms from the first time."""
    times: list[int] = []
    now: int | None = 0
    while now is not None:
        times.append(now)
        now = schedule.next_attempt_ms(0, now, chances.draw(CHANCE), asked)
    return times


@pytest.mark.parametrize(
    ("schedule", "fewest", "most", "in_the_first_hour"), [(WEBHOOKS, 15, 45, 8), (MAIL, 30, 80, 5)]
)
@given(data=st.data())
def test_it_is_tried_to_the_end_of_its_time_ever_more_slowly(
    schedule: Schedule, fewest: int, most: int, in_the_first_hour: int, data: st.DataObject
) -> None:
    times = attempts(schedule, data)
    assert schedule.give_up_after_ms <= times[-1] <= schedule.give_up_after_ms + schedule.longest_delay_ms
    assert fewest <= len(times) <= most
    delays = [after - before for before, after in pairwise(times)]
    assert schedule.first_delay_ms / 2 <= delays[0] <= schedule.first_delay_ms
    assert all(delay <= schedule.longest_delay_ms for delay in delays)
    assert sum(time < HOUR_MS for time in times) >= in_the_first_hour, "a short outage is over soon after it ends"


@given(st.integers(0, 10**9), CHANCE)
def test_retry_after_is_waited_out_within_bounds(asked: int, chance: float) -> None:
    at = WEBHOOKS.next_attempt_ms(0, 0, chance, asked)
    assert at is not None
    assert at >= min(asked * SECOND_MS, RETRY_AFTER_MAX_MS)
    assert at <= max(WEBHOOKS.first_delay_ms, RETRY_AFTER_MAX_MS)


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({WEBHOOKS.next_attempt_ms(0, 1000 * SECOND_MS, chance / 100, None) for chance in range(100)}) == 100
