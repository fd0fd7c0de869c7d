"""Posts over HTTP to strangers' servers: the address is checked when it is dialled, on every attempt.

Each post has a connector of its own. Nothing is pooled, so that no connection outlives the check that allowed it, and
no answer of a resolver outlives its look-up.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from daemon.backends.deliver.targets import Allowed, refusal, url_refusal
from daemon.backends.protocols import PostOutcome
from daemon.clock import Clock

POST_MAX_SECONDS = 15
RESPONSE_READ_MAX_BYTES = 4_096
RESPONSE_READ_MAX_SECONDS = 1
ERROR_MAX_LETTERS = 300
RESOLVER_THREADS = 8
_NOWHERE = ".invalid"

Lookup = Callable[[str, int], list[tuple[Any, ...]]]
"""`socket.getaddrinfo` of a host and port, for TCP."""


def system_lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    """Ask the system's resolver. Raises `OSError`."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class HttpSender:
    """The `PostSender` of the running daemon."""

    def __init__(self, allowed: Allowed, clock: Clock, lookup: Lookup = system_lookup) -> None:
        self._allowed = allowed
        self._clock = clock
        self._lookup = lookup
        # Threads of its own: a name server that never answers must not keep others of the daemon's waiting.
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    def refusal(self, url: str) -> str | None:
        """Say why a URL is never posted to, as far as it shows; None: it may be."""
        return url_refusal(url, self._allowed)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostOutcome:
        """Post once and tell how it went. A redirect is a failure like any other; nothing is raised."""
        refused = self.refusal(url)  # what is allowed may have changed since the URL was given
        if refused is not None:
            return PostOutcome(error=_short(refused))
        gate = _Gate(url, self._allowed)
        try:
            async with asyncio.timeout(POST_MAX_SECONDS):
                return await self._posted(gate, url, headers, body)
        except TimeoutError:
            return PostOutcome(error=f"no answer within {POST_MAX_SECONDS} s")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            return PostOutcome(error=_short(gate.refused or _told(problem)))

    async def close(self) -> None:
        """Let go of the threads; a look-up in progress ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _posted(self, gate: _Gate, url: str, headers: Mapping[str, str], body: bytes) -> PostOutcome:
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(self._threads, self._lookup),
            use_dns_cache=False,
            force_close=True,
            socket_factory=gate.socket,
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,  # a proxy would dial for us, past the check
                timeout=aiohttp.ClientTimeout(total=None),
            ) as session,
            session.post(url, headers=headers, data=body, allow_redirects=False) as response,
        ):
            # The status is the answer. A little of the rest is read so that a well-behaved server is not cut off.
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with asyncio.timeout(RESPONSE_READ_MAX_SECONDS):
                    await response.content.read(RESPONSE_READ_MAX_BYTES)
            wait = response.headers.get(aiohttp.hdrs.RETRY_AFTER, "")
            return PostOutcome(response.status, retry_after_seconds=_seconds(wait, self._clock.now_ms()))


class _Gate:
    """Makes the socket for each address that is about to be dialled, or refuses to."""

    def __init__(self, url: str, allowed: Allowed) -> None:
        parts = urlsplit(url)
        self._allowed = allowed
        self._trusted = allowed.trusts(parts.hostname or "")
        self._plain = parts.scheme == "http"
        self.refused: str | None = None

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an entry of `getaddrinfo`. Raises `OSError` when its address is none to dial."""
        family, kind, protocol, _, where = info
        if not self._trusted:
            why = refusal(ipaddress.ip_address(where[0]), self._allowed, plain=self._plain)
            if why is not None:
                self.refused = f"the target is refused: {why}"
                raise OSError(self.refused)
        return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """Looks names up in the sender's own threads."""

    def __init__(self, threads: ThreadPoolExecutor, lookup: Lookup) -> None:
        self._threads = threads
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host. Raises `OSError`."""
        if host.rstrip(".").endswith(_NOWHERE):
            raise OSError(None, f"{_NOWHERE} is nowhere (RFC 6761, 6.4)")
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, port)
        return [
            ResolveResult(
                hostname=host,
                host=_numeric(where),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, where in found
        ]

    async def close(self) -> None:
        """The threads are the sender's."""


def _numeric(where: tuple[Any, ...]) -> str:
    """Return the address of a socket address, with the scope that an IPv6 one may have."""
    return str(socket.getnameinfo(where, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0])


def _seconds(retry_after: str, now_ms: int) -> int | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds, or a date; None when it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return int(text[:9])
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp() - now_ms / 1000))
    except (ValueError, OverflowError):
        return None


def _told(problem: Exception) -> str:
    match problem:
        case aiohttp.ClientConnectorDNSError():
            return "the host is not found"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return f"TLS failed: {getattr(problem, 'os_error', problem)}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect: {problem.os_error.strerror or problem.os_error}"
        case aiohttp.InvalidURL():
            return "this is no URL"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without an answer"
        case OSError():
            return f"the connection failed: {problem.strerror or type(problem).__name__}"
        case _:
            return f"the answer is no HTTP ({type(problem).__name__})"


def _short(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)[:ERROR_MAX_LETTERS]
