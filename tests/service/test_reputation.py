from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.service.sending.reputation import (
    KARMA_HALF_LIFE_DAYS,
    KARMA_LEAST,
    KARMA_MOST,
    KARMA_WINDOW_DAYS,
    Brake,
    Ramp,
    brake,
    cap,
    complaint_rate,
    factor,
    karma,
)
from daemon.store.sends import DayRow

TODAY = 20_000
COUNTS = st.integers(0, 500)
DAYS = st.lists(
    st.builds(
        DayRow,
        day=st.integers(TODAY - 40, TODAY),
        sent=COUNTS,
        replied=COUNTS,
        bounced=st.integers(0, 20),
        complained=st.integers(0, 5),
    ),
    max_size=30,
    unique_by=lambda one: one.day,
).map(lambda days: sorted(days, key=lambda one: one.day))
POINTS = st.floats(-1_000, 1_000)
RAMPS = st.builds(Ramp, first=st.integers(0, 1_000), full=st.integers(0, 1_000), days=st.integers(0, 60))


def test_the_default_ramp_is_ten_on_day_one_and_fifty_after_four_weeks() -> None:
    ramp = Ramp(first=10, full=50, days=28)
    assert [ramp.on(day) for day in (0, 1, 7, 14, 27, 28, 29, 10_000)] == [10, 11, 20, 30, 48, 50, 50, 50]


@given(RAMPS, st.integers(-5, 100))
def test_a_ramp_stays_between_its_ends_and_never_turns(ramp: Ramp, age: int) -> None:
    low, high = sorted((ramp.first, ramp.full))
    assert low <= ramp.on(age) <= high
    step = ramp.on(age + 1) - ramp.on(age)
    assert step * (ramp.full - ramp.first) >= 0
    assert ramp.on(ramp.days) == ramp.full


@given(DAYS)
def test_karma_is_bounded_and_so_is_its_factor(days: list[DayRow]) -> None:
    points = karma(days, TODAY)
    assert KARMA_LEAST <= points <= KARMA_MOST
    assert 0.25 <= factor(points) <= 2.0


@given(DAYS.filter(bool), st.data(), st.sampled_from(["sent", "replied", "bounced", "complained"]), st.integers(1, 50))
def test_more_replies_never_harm_and_more_of_the_rest_never_helps(
    days: list[DayRow], data: st.DataObject, what: str, more: int
) -> None:
    at = data.draw(st.integers(0, len(days) - 1))
    changed = [*days]
    changed[at] = replace(days[at], **{what: getattr(days[at], what) + more})
    before, after = karma(days, TODAY), karma(changed, TODAY)
    assert after >= before if what == "replied" else after <= before


@given(DAYS, st.integers(1, 20))
def test_it_fades_with_time_and_is_forgotten(days: list[DayRow], later: int) -> None:
    settled = [replace(one, sent=0) for one in days]  # what was sent today costs from tomorrow on
    assert abs(karma(settled, TODAY + later)) <= abs(karma(settled, TODAY + later - 1)) + 1e-9
    assert karma(days, TODAY + KARMA_WINDOW_DAYS + 1) == 0


def test_what_it_costs_and_earns() -> None:
    def after(**counts: int) -> float:
        return karma([DayRow(day=TODAY, **counts)], TODAY)

    assert (after(sent=100), after(replied=1), after(bounced=1), after(complained=1)) == (0, 10, -20, -200)
    assert karma([DayRow(day=TODAY - KARMA_HALF_LIFE_DAYS, sent=100)], TODAY) == pytest.approx(-50)
    assert (factor(0), factor(200), factor(-200), factor(-400)) == (1, 2, 0.5, 0.25)


def test_whoever_sends_all_it_may_and_is_never_answered_keeps_two_thirds_of_its_cap() -> None:
    days: list[DayRow] = []
    for day in range(60):
        days.append(DayRow(day=day, sent=cap(50, karma(days, day), Brake.OPEN)))
    assert 30 <= days[-1].sent <= 35


@given(st.integers(0, 10**6), st.integers(0, 10**4))
def test_the_brake_by_the_thousand(sent: int, complained: int) -> None:
    state, rate = brake(sent, complained), complaint_rate(sent, complained)
    assert (state is Brake.STOPPED) == (rate > 0.003)
    assert (state is not Brake.OPEN) == (rate > 0.001)
    assert list(Brake).index(brake(sent + 1, complained)) <= list(Brake).index(state)
    assert list(Brake).index(brake(sent, complained + 1)) >= list(Brake).index(state)


def test_one_complaint_does_not_stop_a_newcomer() -> None:
    assert [brake(10, complaints) for complaints in range(5)] == [
        Brake.OPEN,
        Brake.OPEN,
        Brake.THROTTLED,
        Brake.THROTTLED,
        Brake.STOPPED,
    ]
    assert [brake(100_000, complaints) for complaints in (100, 101, 300, 301)] == [
        Brake.OPEN,
        Brake.THROTTLED,
        Brake.THROTTLED,
        Brake.STOPPED,
    ]


@given(st.integers(0, 10_000), POINTS, POINTS)
def test_the_cap_rises_with_karma_and_is_never_nothing_but_by_the_ramp_or_the_stop(
    ramped: int, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert cap(ramped, low, Brake.OPEN) <= cap(ramped, high, Brake.OPEN) <= 2 * ramped
    assert cap(ramped, low, Brake.THROTTLED) <= cap(ramped, low, Brake.OPEN)
    assert (cap(ramped, low, Brake.THROTTLED) == 0) == (ramped == 0)
    assert cap(ramped, high, Brake.STOPPED) == 0
    assert cap(ramped, 0, Brake.OPEN) == ramped
