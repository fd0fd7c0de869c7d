"""Publish after commit, subscribe before looking. An event is a nudge; the store is the truth.

One `Bus` lives on one event loop. Topics are ids (of a mailbox, an agent key, an agent, a tenant), so a nudge wakes
only those whom it concerns.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to `topic`; `subject` is the id to look up."""

    topic: str
    kind: str
    subject: str = ""


class BusClosed(Exception):
    """The daemon is stopping: whoever waits should answer and go."""


class Bus:
    """Subscriptions by topic."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Subscription]] = {}
        self.closed = False

    def subscribe(self, *topics: str, keep: int | None = None) -> Subscription:
        """Return a subscription; it is live at once and ends with its `with` block.

        Whoever looks at everything when woken gives `keep=1`: of the events that came meanwhile the last one is enough.
        """
        return Subscription(self, topics, keep)

    def publish(self, event: Event) -> None:
        """Hand `event` to every subscriber of its topic. Never blocks, never raises."""
        for subscription in tuple(self._by_topic.get(event.topic, ())):
            subscription._push(event)

    def close(self) -> None:
        """Wake every subscriber with `BusClosed`."""
        self.closed = True
        for subscriptions in tuple(self._by_topic.values()):
            for subscription in tuple(subscriptions):
                subscription._wake()


class Subscription:
    """A queue of the events that came since it was made."""

    __slots__ = ("_bus", "_events", "_topics", "_waiting")

    def __init__(self, bus: Bus, topics: tuple[str, ...], keep: int | None) -> None:
        self._bus = bus
        self._topics = topics
        self._events: deque[Event] = deque(maxlen=keep)
        self._waiting: asyncio.Future[None] | None = None
        for topic in topics:
            bus._by_topic.setdefault(topic, set()).add(self)

    async def next(self, timeout_seconds: float) -> Event | None:
        """Return the next event, or None when the time is up. Raises `BusClosed`."""
        if not self._events and not self._bus.closed:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            timer = loop.call_later(max(timeout_seconds, 0), self._wake)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        if self._events:
            return self._events.popleft()
        if self._bus.closed:
            raise BusClosed
        return None

    def _push(self, event: Event) -> None:
        self._events.append(event)
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for topic in self._topics:
            subscribers = self._bus._by_topic.get(topic)
            if subscribers is not None:
                subscribers.discard(self)
                if not subscribers:
                    del self._bus._by_topic[topic]
