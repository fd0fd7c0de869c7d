"""A stand-in for somebody's webhook receiver: a real HTTP server on the loopback that checks what it is sent."""

from __future__ import annotations

import json
import queue
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from postern_ctl.webhooks import Verified, verify
from tests.standins.frame import HttpHandler, StandIn

ARRIVES_WITHIN_SECONDS = 30
Reply = int | tuple[int, Mapping[str, str]]


@dataclass(frozen=True)
class Arrival:
    """One request as it came, and what it was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    reply: int

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def delivery(self) -> str:
        return self.headers["X-Postern-Delivery"]

    def verified(self, secret: str, now: float | None = None) -> Verified:
        return verify(self.body, self.headers, secret, now=now)


@dataclass
class Receiver(StandIn):
    """Answers with `reply`, or with what it returns for an arrival."""

    reply: Reply | Callable[[Arrival], Reply] = 200
    host: str = "127.0.0.1"
    arrivals: queue.Queue[Arrival] = field(default_factory=queue.Queue)
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def handler(self) -> type[HttpHandler]:
        receiver = self

        class Handler(HttpHandler):
            def asked(self, body: bytes) -> None:
                arrival = Arrival(self.path, dict(self.headers), body, 0)
                reply = receiver.reply(arrival) if callable(receiver.reply) else receiver.reply
                status, headers = (reply, {}) if isinstance(reply, int) else reply
                self.answer(status, headers=headers)
                receiver.answered[arrival.headers.get("X-Postern-Delivery", ""), status] += 1
                receiver.arrivals.put(Arrival(self.path, arrival.headers, body, status))

        return Handler

    @property
    def url(self) -> str:
        return f"http://{self.at}/hook"

    def next(self) -> Arrival:
        return self.arrivals.get(timeout=ARRIVES_WITHIN_SECONDS)

    def accepted(self) -> Counter[str]:
        """Return how often each delivery was answered with success."""
        found: Counter[str] = Counter()
        for (delivery, status), count in self.answered.items():
            if 200 <= status < 300:
                found[delivery] += count
        return found
