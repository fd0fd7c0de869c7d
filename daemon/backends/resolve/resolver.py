"""Names looked up: with a limit on time, on questions at once, and on what is remembered."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Any

from daemon.backends.resolve.lookups import LOOKUP_MAX_SECONDS, LookupFailed
from daemon.clock import Clock
from daemon.settings import HostPort

if TYPE_CHECKING:
    from daemon.backends.resolve.stub import Stub

LOOKUPS_AT_ONCE = 64
CACHE_MAX_ANSWERS = 4_096
CACHED_MAX_BYTES = 8 * 1024  # of one answer; larger ones are asked for again
TTL_MAX_SECONDS = 3_600
EMPTY_TTL_MAX_SECONDS = 300  # RFC 2308, 5: that there is nothing is not believed for long
FAILURE_TTL_SECONDS = 10  # RFC 2308, 7.1 and 7.2
LABEL_MAX_OCTETS = 63
NAME_MAX_OCTETS = 253

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Resolver:
    """Asynchronous look-ups. No such name, no such record and a name that is none are all an empty tuple.

    Every look-up raises `LookupFailed` when there is no answer to be had. Names are A-labels, with or without the dot
    at their end; they are never completed by a search list.
    """

    def __init__(self, server: HostPort | None, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._slots = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._stub: asyncio.Task[Stub] | None = None
        self._cache: dict[tuple[str, str], tuple[float, tuple[Any, ...] | None]] = {}

    async def txt(self, name: str) -> tuple[bytes, ...]:
        """Return the TXT records, the strings of each joined (RFC 7208, 3.3)."""
        return await self._look(name, "TXT")

    async def addresses(self, name: str, version: int) -> tuple[Address, ...]:
        """Return the addresses of IP version 4 or 6."""
        found = await self._look(name, "A" if version == 4 else "AAAA")
        return tuple(ipaddress.ip_address(text) for text in found)

    async def mx(self, name: str) -> tuple[tuple[int, str], ...]:
        """Return the mail exchangers with their preferences, the preferred first."""
        return tuple(sorted(await self._look(name, "MX")))

    async def ptr(self, address: Address) -> tuple[str, ...]:
        """Return the names that an address claims to have."""
        return await self._look(address.reverse_pointer, "PTR")

    async def _look(self, name: str, kind: str) -> tuple[Any, ...]:
        name = name.removesuffix(".").lower()
        if not _is_name(name):
            return ()
        key = name, kind
        until, known = self._cache.get(key, (0.0, None))
        if until <= self._clock.monotonic():
            self._cache.pop(key, None)
            known = await self._ask(name, kind)
        if known is None:
            raise LookupFailed(name)
        return known

    async def _ask(self, name: str, kind: str) -> tuple[Any, ...] | None:
        values: tuple[Any, ...] | None = None
        ttl_seconds: float = FAILURE_TTL_SECONDS
        try:
            async with asyncio.timeout(LOOKUP_MAX_SECONDS), self._slots:
                values, ttl_seconds = await (await self._opened()).ask(name, kind)
                ttl_seconds = min(ttl_seconds, TTL_MAX_SECONDS if values else EMPTY_TTL_MAX_SECONDS)
        except (LookupFailed, TimeoutError):
            pass
        if sum(len(value) for value in values or () if isinstance(value, bytes)) <= CACHED_MAX_BYTES:
            while len(self._cache) >= CACHE_MAX_ANSWERS:
                del self._cache[next(iter(self._cache))]
            self._cache[name, kind] = self._clock.monotonic() + ttl_seconds, values
        return values

    async def _opened(self) -> Stub:
        if self._stub is None:
            self._stub = asyncio.create_task(asyncio.to_thread(_open, self._server))
        return await asyncio.shield(self._stub)


def _open(server: HostPort | None) -> Stub:
    # Loading the library takes a fifth of a second: off the loop, and never for who only gets local mail.
    from daemon.backends.resolve.stub import Stub

    return Stub(server)


def _is_name(name: str) -> bool:
    labels = name.split(".")
    return name.isascii() and len(name) <= NAME_MAX_OCTETS and all(0 < len(one) <= LABEL_MAX_OCTETS for one in labels)
