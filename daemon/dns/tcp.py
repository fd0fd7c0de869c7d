"""The TCP listener: messages with their length in front (RFC 1035, 4.2.2), any number in flight (RFC 7766, 6.2.1.1)."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from daemon.dns.front import Front, entry_of
from daemon.dns.message import HEADER_OCTETS, ID_OCTETS

LENGTH_OCTETS = 2
BACKLOG = 1024
JOINED_MAX_OCTETS = 256 * 1024  # answers to questions that came together leave together, up to here


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """What one listener bears."""

    connections: int = 1024
    connections_per_client: int = 64
    idle_seconds: float = 10.0


@dataclass(slots=True)
class TcpListener:
    """All sessions of one listener. `careful` answers what is no ordinary question, for the peer of that address."""

    front: Front
    careful: Callable[[bytes, str], Iterable[bytes]]
    limits: TcpLimits = field(default_factory=TcpLimits)
    sessions: set[Session] = field(default_factory=set)
    clients: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    async def start(self, bound: socket.socket) -> asyncio.Server:
        """Accept sessions on a bound socket."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Session(self), sock=bound, backlog=BACKLOG)

    def end_idle(self, now: float) -> None:
        """End the sessions that have asked nothing for too long."""
        for session in [one for one in self.sessions if now - one.last_seconds > self.limits.idle_seconds]:
            session.abort()


class Session(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._buffer = b""
        self._paused = False
        self._stream: Iterator[bytes] | None = None
        self._transport: asyncio.Transport
        self._peer = ""
        self._loop = asyncio.get_running_loop()
        self.last_seconds = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = self._transport.get_extra_info("peername")
        self._peer = str(peer[0]).removeprefix("::ffff:") if peer else ""
        listener, limits = self._listener, self._listener.limits
        listener.clients[self._peer] += 1
        listener.sessions.add(self)
        if listener.clients[self._peer] > limits.connections_per_client or len(listener.sessions) > limits.connections:
            listener.refused += 1
            self._transport.abort()

    def connection_lost(self, problem: Exception | None) -> None:
        self._stream = None
        self._listener.sessions.discard(self)
        self._listener.clients[self._peer] -= 1
        if not self._listener.clients[self._peer]:
            del self._listener.clients[self._peer]

    def abort(self) -> None:
        """End the session, whatever is in flight."""
        self._transport.abort()

    def pause_writing(self) -> None:
        self._paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        if self._stream is not None:
            self._pump()
        else:
            self._transport.resume_reading()
            self._answer()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._paused and self._stream is None:
            self._answer()

    def _answer(self) -> None:
        """Answer every question that is there whole."""
        front, known = self._listener.front, self._listener.front.table.get
        counts, data, at, size = front.counters.counts, self._buffer, 0, len(self._buffer)
        parts: list[bytes] = []
        joined = 0
        while at + LENGTH_OCTETS <= size:
            begin = at + LENGTH_OCTETS
            end = begin + (data[at] << 8 | data[at + 1])
            if end > size:
                break
            at = end
            request = data[begin + ID_OCTETS : end]
            key = request.lower()
            entry = known(key) or front.miss(key, request)
            if entry is None:
                if not self._odd(data[begin:end], parts):
                    break
                continue
            head, tail, start, total, counter = entry
            counts[counter] += 1
            parts += (
                total.to_bytes(LENGTH_OCTETS, "big"),
                data[begin : begin + ID_OCTETS],
                head,
                data[begin + HEADER_OCTETS : begin + start],
                tail,
            )
            joined += total
            if joined > JOINED_MAX_OCTETS:
                self._transport.write(b"".join(parts))
                parts, joined = [], 0
                if self._paused:
                    break
        self._buffer = data[at:]
        if at:
            self.last_seconds = self._loop.time()
        if parts:
            self._transport.write(b"".join(parts))
        if self._stream is not None:
            self._pump()

    def _odd(self, packet: bytes, parts: list[bytes]) -> bool:
        """Answer what is no ordinary question, or begin a transfer; tell whether the next message may be looked at."""
        answers = iter(self._listener.careful(packet, self._peer))
        first = next(answers, None)
        if first is None:
            self._listener.front.counters.dropped += 1
            return True
        self._listener.front.counters.counts[entry_of(first)[4]] += 1
        parts += (len(first).to_bytes(LENGTH_OCTETS, "big"), first)
        second = next(answers, None)
        if second is None:
            return True
        self._stream = _chained(second, answers)
        self._transport.pause_reading()
        return False

    def _pump(self) -> None:
        """Send one more message of a transfer, and come back for the next: others are answered in between."""
        if self._stream is None or self._paused:
            return
        message = next(self._stream, None)
        if message is not None:
            self.last_seconds = self._loop.time()
            self._transport.write(len(message).to_bytes(LENGTH_OCTETS, "big") + message)
            if not self._paused:
                self._loop.call_soon(self._pump)
            return
        self._stream = None
        self._transport.resume_reading()
        self._answer()


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def open_socket(family: int, host: str, port: int) -> socket.socket:
    """Return a bound socket. Raises `OSError`."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
