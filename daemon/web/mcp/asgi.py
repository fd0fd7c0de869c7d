"""An ASGI application inside aiohttp: one request handed in, its answer sent as it comes.

A caller who hangs up cancels the handler (`Runner`), and so the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from aiohttp import web

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})  # RFC 9110 section 7.6.1: aiohttp's own


async def serve(
    request: web.Request, content: bytes, application: Application, own: Mapping[str, Any], headers: Mapping[str, str]
) -> web.StreamResponse:
    """Let an application answer. `own` is put into its scope, `headers` into the answer."""
    exchange = _Exchange(request, content, headers)
    work = asyncio.ensure_future(application(_scope(request) | dict(own), exchange.receive, exchange.send))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if not exchange.answered or task is None:
            work.cancel()
            raise
        task.uncancel()  # the caller has the whole answer and hung up: let the application tidy up in peace
        await work
    if exchange.response is None:
        raise TypeError("the application answered nothing")
    return exchange.response


def _scope(request: web.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": f"{request.version.major}.{request.version.minor}",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.rel_url.raw_path.encode(),
        "query_string": request.rel_url.raw_query_string.encode(),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": (request.remote, 0) if request.remote else None,
        "server": None,
    }


class _Exchange:
    """The two directions of one request."""

    def __init__(self, request: web.Request, content: bytes, headers: Mapping[str, str]) -> None:
        self.response: web.StreamResponse | None = None
        self._request, self._headers = request, headers
        self._content: bytes | None = content
        self._over = asyncio.Event()
        self.answered = False

    async def receive(self) -> Message:
        """Return the body, once; then nothing until the answer is out."""
        content, self._content = self._content, None
        if content is None:
            await self._over.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(self, message: Message) -> None:
        """Send a part of the answer; to a caller who is no longer there, nothing."""
        try:
            if message["type"] == "http.response.start":
                await self._begin(message)
            elif self.response is not None:
                if message.get("body"):
                    await self.response.write(message["body"])
                if not message.get("more_body", False):
                    self.answered = True
                    self._over.set()
                    await self.response.write_eof()
        except ConnectionError:
            self._over.set()

    async def _begin(self, message: Message) -> None:
        self.response = web.StreamResponse(status=message["status"], headers=self._headers)
        for name, value in message.get("headers", ()):
            if name.decode("latin-1").lower() not in _HOP_BY_HOP:
                self.response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
        await self.response.prepare(self._request)
