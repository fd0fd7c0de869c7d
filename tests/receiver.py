"""A stand-in for somebody's webhook receiver: a real HTTP server on the loopback that checks what it is sent."""

from __future__ import annotations

import http.server
import json
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from postern_ctl.webhooks import Verified, verify

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
class Receiver:
    """Answers with `reply`, or with what it returns for an arrival."""

    reply: Reply | Callable[[Arrival], Reply] = 200
    host: str = "127.0.0.1"
    arrivals: queue.Queue[Arrival] = field(default_factory=queue.Queue)
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                arrival = Arrival(self.path, dict(self.headers), body, 0)
                reply = receiver.reply(arrival) if callable(receiver.reply) else receiver.reply
                status, headers = (reply, {}) if isinstance(reply, int) else reply
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                receiver.answered[arrival.headers.get("X-Postern-Delivery", ""), status] += 1
                receiver.arrivals.put(Arrival(self.path, arrival.headers, body, status))

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer((self.host, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    def next(self) -> Arrival:
        return self.arrivals.get(timeout=ARRIVES_WITHIN_SECONDS)

    def accepted(self) -> Counter[str]:
        """Return how often each delivery was answered with success."""
        found: Counter[str] = Counter()
        for (delivery, status), count in self.answered.items():
            if 200 <= status < 300:
                found[delivery] += count
        return found
