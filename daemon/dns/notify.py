"""Telling secondaries that a zone has changed (RFC 1996), again and again until they say that they heard."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from daemon.dns import tsig
from daemon.dns.book import Book
from daemon.dns.encode import Writer
from daemon.dns.message import AA, HEADER_OCTETS, NOTIFY, QR, QUESTION_TAIL_OCTETS
from daemon.dns.transfer import read_keys
from zones.labels import Name, from_text
from zones.records import CLASS_IN, SOA

PATIENCE_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)  # how long each try is waited for (RFC 1996, 3.6)
_NOTIFY_FLAGS = NOTIFY << 3 | AA


class Target(NamedTuple):
    """A secondary: where it listens, and the key that it knows us by."""

    host: str
    port: int
    key: Name | None


class Notifier(asyncio.DatagramProtocol):
    """Tells each secondary of each change. A later change takes the place of an earlier one not yet heard of."""

    def __init__(self, book: Book, host: str, now: Callable[[], float] = time.time) -> None:
        self._book, self._host, self._now = book, host, now
        self._keys: dict[Name, bytes] = {}
        self._targets: dict[Name, tuple[Target, ...]] = {}
        self._states: dict[tuple[Name, Target], dict[str, Any]] = {}
        self._tasks: dict[tuple[Name, Target], asyncio.Task[None]] = {}
        self._heard: dict[tuple[bytes, str], asyncio.Event] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def set_keys(self, keys: dict[str, str]) -> None:
        """Know these keys, and no others."""
        self._keys = read_keys(keys)

    def tell(self, origin: Name, targets: Iterable[dict[str, Any]]) -> None:
        """Tell these of a zone's changes from now on, and of its present state at once."""
        self.forget(origin)
        made = tuple(
            Target(
                str(ipaddress.ip_address(one["host"])),
                int(one["port"]),
                from_text(one["key"].removesuffix(".") + ".") if one.get("key") else None,
            )
            for one in targets
        )
        if made:
            self._targets[origin] = made
            self.changed(origin)

    def forget(self, origin: Name) -> None:
        """Tell nobody of a zone any more."""
        for target in self._targets.pop(origin, ()):
            self._states.pop((origin, target), None)
            task = self._tasks.pop((origin, target), None)
            if task is not None:
                task.cancel()

    def changed(self, origin: Name) -> None:
        """A zone has changed: begin to tell."""
        for target in self._targets.get(origin, ()):
            place = origin, target
            if place in self._tasks:
                self._tasks[place].cancel()
            self._tasks[place] = asyncio.create_task(self._until_heard(origin, target))

    def states(self) -> dict[Name, list[dict[str, Any]]]:
        """Return for each zone what its secondaries were told: serial, tries, whether they heard."""
        shown: dict[Name, list[dict[str, Any]]] = {}
        for (origin, target), state in self._states.items():
            shown.setdefault(origin, []).append({"host": target.host, "port": target.port, **state})
        return shown

    def close(self) -> None:
        """Tell nobody anything any more."""
        for task in self._tasks.values():
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, source: tuple[str | Any, int]) -> None:
        """Take an answer: its id is a secret between us and the one who was asked."""
        if len(data) >= HEADER_OCTETS and data[2] & QR and data[2] >> 3 & 0xF == NOTIFY:
            event = self._heard.get((data[:2], source[0].removeprefix("::ffff:")))
            if event is not None:
                event.set()

    async def _until_heard(self, origin: Name, target: Target) -> None:
        asked = self._book.find(origin, SOA)
        if asked is None:
            return
        state = self._states[origin, target] = {"serial": asked.zone.serial, "tries": 0, "heard": False}
        transport = await self._open()
        for patience_seconds in PATIENCE_SECONDS:
            number, event = secrets.token_bytes(2), asyncio.Event()
            self._heard[number, target.host] = event
            state["tries"] += 1
            try:
                transport.sendto(
                    self._message(number, asked.zone.soa.ttl, asked.zone.soa.data[0], origin, target),
                    _address(transport, target),
                )
                await asyncio.wait_for(event.wait(), patience_seconds)
            except (TimeoutError, OSError):
                continue
            finally:
                del self._heard[number, target.host]
            state["heard"] = True
            return

    async def _open(self) -> asyncio.DatagramTransport:
        if self._transport is None:
            loop = asyncio.get_running_loop()
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(self._host, 0), family=family
            )
        return self._transport

    def _message(self, number: bytes, ttl: int, soa: bytes, origin: Name, target: Target) -> bytes:
        writer = Writer(HEADER_OCTETS + len(origin) + QUESTION_TAIL_OCTETS, origin)
        writer.record(origin, SOA, ttl, soa)
        header = number + bytes((_NOTIFY_FLAGS, 0, 0, 1, 0, 1, 0, 0, 0, 0))
        question = origin + SOA.to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big")
        message = header + question + writer.octets()
        secret = self._keys.get(target.key) if target.key is not None else None
        if target.key is None or secret is None:
            return message
        return tsig.Signer(target.key, secret).sign(message, int(self._now()))


def _address(transport: asyncio.DatagramTransport, target: Target) -> tuple[str, int]:
    """Return where to send to; an IPv6 socket reaches IPv4 under mapped addresses."""
    mapped = transport.get_extra_info("socket").family == socket.AF_INET6 and ":" not in target.host
    return (f"::ffff:{target.host}" if mapped else target.host), target.port
