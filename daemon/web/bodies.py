"""Bodies of requests: whole, in time, or refused."""

from __future__ import annotations

import asyncio

from aiohttp import web

from daemon.errors import Code, PosternError

BODY_MAX_SECONDS = 30.0


async def whole_body(request: web.Request) -> bytes:
    """Return the body. Raises `PosternError`: `request_timeout`, or `bad_request` when it cannot be decoded."""
    try:
        async with asyncio.timeout(BODY_MAX_SECONDS):
            return await request.read()
    except TimeoutError:
        raise PosternError(
            Code.REQUEST_TIMEOUT, f"The body was not whole after {BODY_MAX_SECONDS:g} s. Send it at once."
        ) from None
    except web.RequestPayloadError:
        raise PosternError(
            Code.BAD_REQUEST, "The body could not be decoded. Check Content-Encoding and Transfer-Encoding."
        ) from None
