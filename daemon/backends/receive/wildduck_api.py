"""WildDuck's REST API: what we ask of it, and what its answers mean.

An answer counts when it says `success`, whatever its status; an error is known by its code.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from daemon.backends.protocols import Unreachable

REQUESTS_AT_ONCE_MAX = 16
REQUEST_TIMEOUT_SECONDS = 30
STREAM_SILENT_MAX_SECONDS = 60  # it says something every 15
NOTICE_MAX_OCTETS = 1024 * 1024
PAGE_MESSAGES = 250
_FAULTS = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class Answered(Exception):
    """It answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class WildDuckApi:
    """One server. Few requests at once, so that thousands of mailboxes do not ask all together; streams without end."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token
        self._open: aiohttp.ClientSession | None = None
        self._room = asyncio.Semaphore(REQUESTS_AT_ONCE_MAX)

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open is None:
            self._open = aiohttp.ClientSession(
                headers={"X-Access-Token": self._token},
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                read_bufsize=4096,  # of each stream
            )
        return self._open

    async def close(self) -> None:
        if self._open is not None:
            await self._open.close()
            self._open = None

    async def ask(self, method: str, path: str, body: object = None, **query: object) -> dict[str, Any]:
        """Make one request. Raises `Answered` for its errors, and `Unreachable` for what is no answer of its own."""
        try:
            async with (
                self._room,
                self._session.request(
                    method,
                    self.url + path,
                    json=body,
                    params={name: str(value) for name, value in query.items()},
                    allow_redirects=False,
                ) as response,
            ):
                answer = json.loads(await response.read())
        except _FAULTS as problem:
            raise self._unreachable(problem) from None
        if not isinstance(answer, dict) or answer.get("success") is not True:
            told = answer if isinstance(answer, dict) else {}
            raise Answered(str(told.get("code", response.status)), str(told.get("error", "no reason given")))
        return answer

    async def raw(self, user: str, folder: str, uid: int, octets_max: int) -> bytes | None:
        """Return a message's bytes; None when it is gone. Raises `Answered` with `TooLarge` beyond a limit."""
        path = f"{self.url}/users/{user}/mailboxes/{folder}/messages/{uid}/message.eml"
        try:
            async with self._room, self._session.get(path, allow_redirects=False) as response:
                if response.status == 404:
                    return None
                if response.status != 200:
                    raise Unreachable(f"WildDuck at {self.url} answers {response.status}")
                content = bytearray()
                async for piece in response.content.iter_any():
                    content += piece
                    if len(content) > octets_max:
                        raise Answered("TooLarge", "the message is too large")
                return bytes(content)
        except _FAULTS as problem:
            raise self._unreachable(problem) from None

    async def updates(self, user: str) -> AsyncGenerator[dict[str, Any] | None, None]:
        """Yield None once every change from then on will be told, and then the changes in a user's mailboxes."""
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=REQUEST_TIMEOUT_SECONDS, sock_read=STREAM_SILENT_MAX_SECONDS
        )
        try:
            async with self._session.get(
                f"{self.url}/users/{user}/updates", timeout=timeout, allow_redirects=False
            ) as stream:
                if stream.status != 200:
                    raise Answered(str(stream.status), f"no stream of changes: {stream.status}")
                held, told = b"", False
                async for piece in stream.content.iter_any():
                    *blocks, held = (held + piece).split(b"\n\n")
                    if len(held) > NOTICE_MAX_OCTETS:
                        raise Answered("TooLarge", "a notice is too large")
                    for block in blocks:
                        change = _change(block)
                        if change is not None:
                            yield change
                        elif not told:  # its first comment comes once it listens
                            told = True
                            yield None
        except _FAULTS as problem:
            raise self._unreachable(problem) from None
        raise Unreachable(f"WildDuck at {self.url} ended its stream")

    def _unreachable(self, problem: BaseException) -> Unreachable:
        return Unreachable(f"WildDuck at {self.url}: {str(problem) or type(problem).__name__}")


def _change(block: bytes) -> dict[str, Any] | None:
    """Read a block of an event stream; None: it is a comment, or nothing that we know."""
    data = b"\n".join(line[5:].lstrip() for line in block.split(b"\n") if line.startswith(b"data:"))
    if not data:
        return None
    try:
        read = json.loads(data)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
