from __future__ import annotations

import asyncio

import pytest

from daemon.events import Bus, BusClosed, Event


async def test_an_event_waits_for_whoever_subscribed_before_it() -> None:
    bus = Bus()
    with bus.subscribe("a") as early:
        bus.publish(Event("a", "kind", "1"))
        with bus.subscribe("a") as late:
            bus.publish(Event("a", "kind", "2"))
            assert [await early.next(0), await early.next(0)] == [Event("a", "kind", "1"), Event("a", "kind", "2")]
            assert await late.next(0) == Event("a", "kind", "2")
            assert await late.next(0) is None


async def test_an_event_wakes_the_subscribers_of_its_topic_only() -> None:
    bus = Bus()
    with bus.subscribe("a", "b") as both, bus.subscribe("c") as other:
        sleeping = asyncio.ensure_future(both.next(60))
        await asyncio.wait([sleeping], timeout=0)
        bus.publish(Event("b", "kind"))
        assert await sleeping == Event("b", "kind")
        assert await other.next(0) is None


async def test_what_ended_gets_nothing_more_and_leaves_nothing_behind() -> None:
    bus = Bus()
    with bus.subscribe("a", "a", "b"):
        assert set(bus._by_topic) == {"a", "b"}
    assert bus._by_topic == {}
    bus.publish(Event("a", "kind"))


async def test_closing_wakes_everybody_after_what_they_were_owed() -> None:
    bus = Bus()
    with bus.subscribe("a") as sleeper, bus.subscribe("a") as owed:
        sleeping = asyncio.ensure_future(sleeper.next(60))
        await asyncio.wait([sleeping], timeout=0)
        bus.close()
        with pytest.raises(BusClosed):
            await sleeping
        bus.publish(Event("a", "kind"))
        assert await owed.next(60) == Event("a", "kind")
        with pytest.raises(BusClosed):
            await owed.next(60)


async def test_a_cancelled_sleeper_can_be_woken_no_more() -> None:
    bus = Bus()
    with bus.subscribe("a") as subscription:
        sleeping = asyncio.ensure_future(subscription.next(60))
        await asyncio.wait([sleeping], timeout=0)
        sleeping.cancel()
        await asyncio.wait([sleeping])
        bus.publish(Event("a", "kind"))
        assert await subscription.next(0) == Event("a", "kind")
