"""Below the routes: what is answered to a request that is none, and how long and how many callers may hold us up."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from daemon.ids import Ids
from daemon.web.errors import error_response, from_http
from daemon.web.server import NO_ROUTE, REQUEST_ID_HEADER, log_request

HEAD_MAX_SECONDS = 30.0  # from the connection, or from the last answer, to the end of a request's head
CONNECTIONS_MAX = 20_000
FILES_KEPT_FREE = 256  # for the control socket, mail and the store

log = logging.getLogger("postern.http")


class Server(web.Server):
    """Makes a `Protocol` for each connection."""

    def __init__(self, handler: Any, ids: Ids, count: Callable[[str], None], **options: Any) -> None:
        super().__init__(handler, keepalive_timeout=HEAD_MAX_SECONDS, access_log=None, **options)
        self.ids = ids
        self.count = count
        self._most = connections_max()

    @property
    def full(self) -> bool:
        return len(self._connections) >= self._most

    def __call__(self) -> RequestHandler:
        return Protocol(self, loop=self._loop, **self._kwargs)


class Protocol(RequestHandler):
    """One connection. aiohttp closes it by itself when no head is whole after `HEAD_MAX_SECONDS`."""

    __slots__ = ("_server",)

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hang up on one too many; never on the control socket, so that the operator can still look."""
        if self._server.full and transport.get_extra_info("socket").family != socket.AF_UNIX:
            self._server.count("connections_refused")
            transport.close()
            return
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Parse, and end the body that turns out not to go on: aiohttp leaves its reader waiting."""
        super().data_received(data)
        broken = bool(self._messages) and not isinstance(self._messages[-1][0], RawRequestMessage)
        reading = self._current_request
        if broken and reading is not None and not reading.content.is_eof():
            reading.content.set_exception(RequestPayloadError())

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be parsed. `message` and `exc` quote it, so they go nowhere."""
        self.log_exception("unexpected error", exc_info=exc)
        request_id = self._server.ids.new("req")
        response = error_response(from_http(status), request_id)
        response.headers[REQUEST_ID_HEADER] = request_id
        response.force_close()
        log_request(request_id, request.method, NO_ROUTE, response.status)
        return response

    def log_exception(self, *args: Any, **more: Any) -> None:
        """Log what is our own fault; a broken request is its sender's, and its words stay out of the log."""
        if not isinstance(more.get("exc_info"), HttpProcessingError | RequestPayloadError):
            log.error(*args, **more)


def connections_max() -> int:
    """Return how many connections there may be, so that files are left for everything else."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return min(CONNECTIONS_MAX, max(allowed - FILES_KEPT_FREE, allowed // 2))
