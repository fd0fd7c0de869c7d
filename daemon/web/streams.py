"""Server-sent events (HTML, 9.2): notices of a service as they come, to a reader that keeps up."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing

from aiohttp import web

from daemon.api.events import StreamEnd
from daemon.service.context import Notice, Stream
from daemon.service.telling.events import END
from daemon.web.server import own_headers

STREAM_TYPE = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
READER_LAGS_MAX_SECONDS = 20.0
FAREWELL_MAX_SECONDS = 5.0
_HEADERS = {
    "Content-Type": STREAM_TYPE,
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # or nginx keeps what it should pass on
    "X-Content-Type-Options": "nosniff",
}


async def streamed(request: web.Request, stream: Stream) -> web.StreamResponse:
    """Write a stream to its end. A reader that takes nothing for too long is told so and dropped: it can resume.

    The head goes out with the first notice: whoever sees it knows that nothing is missed from now on.
    """
    response = web.StreamResponse(headers=_HEADERS | own_headers(request))
    async with aclosing(stream.notices) as notices:
        async for notice in notices:
            try:
                async with asyncio.timeout(READER_LAGS_MAX_SECONDS):
                    await response.prepare(request)  # once, however often it is asked for
                    await response.write(_text(notice))
            except TimeoutError:
                await _drop(request, response)
                break
            except ConnectionError:
                break
    return response


async def _drop(request: web.Request, response: web.StreamResponse) -> None:
    """Say why, as far as there is room for it, and hang up."""
    transport = request.transport
    if transport is not None:
        asyncio.get_running_loop().call_later(FAREWELL_MAX_SECONDS, transport.abort)
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(FAREWELL_MAX_SECONDS):
            await response.write(_text(Notice(None, END, StreamEnd(reason="too_slow"))))


def _text(notice: Notice) -> bytes:
    """Return a notice as the stream has it: JSON has no line end that could end a field early."""
    if notice.data is None:
        lines = [": alive"]
    else:
        lines = [f"event: {notice.event}", f"data: {notice.data.model_dump_json()}"]
    if notice.id is not None:
        lines.append(f"id: {notice.id}")
    return ("\n".join(lines) + "\n\n").encode()
