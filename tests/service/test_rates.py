from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.api.operations import BY_NAME
from daemon.clock import ManualClock
from daemon.errors import Code, PosternError
from daemon.service.context import LOCAL_OPERATOR, Call, Principal, Source
from daemon.service.people.access import refused_key
from daemon.service.rates import BUCKETS_MAX, CHANGE_COST, WINDOW_SECONDS, Buckets, Held, Quota, Rates, network_of
from daemon.settings import Settings

READ, CHANGE = BY_NAME["inboxes.list"], BY_NAME["inboxes.create"]
FOREIGN = "198.51.100.7"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def rates(clock: ManualClock, per_minute: int = 10) -> Rates:
    settings = Settings(rate_per_minute=per_minute, rate_waits=2, rate_streams=1, rate_strangers_per_minute=3)
    return Rates(settings, clock)


def call(key_id: str | None = "k1", src_ip: str | None = FOREIGN, limits: str = "{}") -> Call:
    principal = Principal(type="agent", id="agent_1", key_id=key_id, limits=limits)
    return Call(principal=principal, request_id="req_1", source=Source.REST, src_ip=src_ip)


def test_a_minutes_worth_may_come_at_once_and_comes_back_evenly(clock: ManualClock) -> None:
    limited = rates(clock)
    for _ in range(10):
        limited.admit(call(), READ)
    assert limited.quota(call()) == Quota(per_minute=10, left=0, whole_in_seconds=60)
    with pytest.raises(PosternError) as refused:
        limited.admit(call(), READ)
    assert (refused.value.code, refused.value.retry_after_seconds) == (Code.RATE_LIMITED, 6)
    clock.advance(seconds=6)
    assert limited.quota(call()) == Quota(per_minute=10, left=1, whole_in_seconds=54)
    limited.admit(call(), READ)
    with pytest.raises(PosternError):
        limited.admit(call(), READ)
    clock.advance(seconds=3600)
    assert limited.quota(call()) == Quota(per_minute=10, left=10, whole_in_seconds=0)


def test_a_change_counts_more_than_a_read_or_a_wait(clock: ManualClock) -> None:
    limited = rates(clock)
    limited.admit(call(), CHANGE)
    limited.admit(call(), BY_NAME["waits.wait"])
    assert limited.quota(call()) == Quota(10, 10 - CHANGE_COST - 1, 36)
    with pytest.raises(PosternError) as refused:
        limited.admit(call(), CHANGE)
    assert refused.value.retry_after_seconds == 6


def test_even_a_limit_below_the_price_of_a_change_lets_one_through(clock: ManualClock) -> None:
    limited = rates(clock, per_minute=2)
    limited.admit(call(), CHANGE)
    with pytest.raises(PosternError):
        limited.admit(call(), READ)


def test_keys_do_not_meet_and_a_refusal_costs_nothing(clock: ManualClock) -> None:
    limited = rates(clock)
    for _ in range(10):
        limited.admit(call("k1"), READ)
    for _ in range(100):
        with pytest.raises(PosternError):
            limited.admit(call("k1"), READ)
    limited.admit(call("k2"), READ)
    clock.advance(seconds=6)
    limited.admit(call("k1"), READ)


@pytest.mark.parametrize("exempt", [call(src_ip=None), call(src_ip="127.0.0.1"), call(src_ip="::1"), call(key_id=None)])
def test_who_is_exempt(exempt: Call, clock: ManualClock) -> None:
    limited = rates(clock)
    for _ in range(50):
        limited.admit(exempt, CHANGE)
    assert limited.quota(exempt) is None
    with ExitStack() as open_now:
        for _ in range(50):
            open_now.enter_context(limited.holding(exempt, Held.STREAMS))


def test_loopback_can_be_limited_and_the_control_socket_not(clock: ManualClock) -> None:
    limited = Rates(Settings(rate_per_minute=1, rate_loopback="limited"), clock)
    for address in ("127.0.0.1", "::ffff:127.0.0.1"):
        limited.admit(call(address, src_ip=address), READ)
        with pytest.raises(PosternError):
            limited.admit(call(address, src_ip=address), READ)
    local = replace(call(src_ip=None), principal=LOCAL_OPERATOR)
    limited.admit(local, READ)
    limited.admit(local, READ)


def test_a_tenant_has_limits_of_its_own(clock: ManualClock) -> None:
    limited = rates(clock)
    more = call(limits='{"rate_per_minute": 100, "rate_waits": 0}')
    for _ in range(100):
        limited.admit(more, READ)
    with pytest.raises(PosternError):
        limited.admit(more, READ)
    with ExitStack() as open_now:
        for _ in range(50):
            open_now.enter_context(limited.holding(more, Held.WAITS))
    assert limited.quota(call(limits='{"rate_per_minute": 0}')) is None


def test_what_is_held_open_is_bounded_by_key_and_freed(clock: ManualClock) -> None:
    limited = rates(clock)
    with limited.holding(call(), Held.WAITS), limited.holding(call(), Held.WAITS):
        with pytest.raises(PosternError) as refused, limited.holding(call(), Held.WAITS):
            pass
        assert (refused.value.code, refused.value.retry_after_seconds) == (Code.RATE_LIMITED, 5)
        with limited.holding(call("k2"), Held.WAITS), limited.holding(call(), Held.STREAMS):
            pass
    with limited.holding(call(), Held.WAITS):
        pass
    assert not limited._held


def test_strangers_are_counted_by_network_and_only_by_what_was_refused(clock: ManualClock) -> None:
    limited = rates(clock)
    refusal, other = refused_key(), PosternError(Code.NOT_FOUND, "?")
    for number in range(3):
        assert limited.instead(f"198.51.100.{number}", refusal) is refusal
    told = limited.instead("198.51.100.77", refusal)
    assert (told.code, told.retry_after_seconds) == (Code.RATE_LIMITED, 20)
    assert limited.instead(FOREIGN, other) is other
    assert limited.instead("198.51.101.1", refusal) is refusal
    limited.admit(call(), READ)  # who has a key is not held up
    clock.advance(seconds=20)
    assert limited.instead(FOREIGN, refusal) is refusal


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_network_is_what_one_may_have_alone(address: str, network: str) -> None:
    assert network_of(address) == network


def test_memory_is_bounded() -> None:
    buckets = Buckets()
    for number in range(BUCKETS_MAX + 10):
        assert buckets.take(str(number), 1, 1, 0.0) == 0
    assert buckets.take(str(BUCKETS_MAX + 9), 1, 1, 0.0) > 0
    assert buckets.take("0", 1, 1, 0.0) == 0
    assert len(buckets._full_at) == BUCKETS_MAX


@given(
    st.integers(1, 100),
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, CHANGE_COST)), max_size=60),
)
def test_no_window_ever_lets_more_through_than_twice_its_worth(per_minute: int, asked: list[tuple[float, int]]) -> None:
    """A full bucket and what flows in while it is emptied; and who waits as told is let in."""
    buckets, now = Buckets(), 0.0
    admitted: list[tuple[float, int]] = []
    for pause_seconds, cost in asked:
        now += pause_seconds
        wait_seconds = buckets.take("k", per_minute, cost, now)
        quota = buckets.quota("k", per_minute, now)
        assert 0 <= quota.left <= per_minute
        assert 0 <= quota.whole_in_seconds <= WINDOW_SECONDS
        if wait_seconds:
            now += wait_seconds + 1e-6
            assert buckets.take("k", per_minute, cost, now) == 0
        admitted.append((now, min(cost, per_minute)))
        lately = sum(price for at, price in admitted if at > now - WINDOW_SECONDS)
        assert lately <= 2 * per_minute + 1e-3
