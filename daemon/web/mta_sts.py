"""The MTA-STS policy of the domains here (RFC 8461, 3.3), for the HTTPS host that is named in their zones."""

from __future__ import annotations

from aiohttp import web

from daemon.errors import not_found
from daemon.web.server import SERVICES

PATH = "/.well-known/mta-sts.txt"


def add_routes(app: web.Application) -> None:
    """Register it."""
    app.router.add_get(PATH, _policy)


async def _policy(request: web.Request) -> web.Response:
    text = request.app[SERVICES].publisher.builder.mta_sts_policy()
    if text is None:
        raise not_found("policy")
    return web.Response(text=text, content_type="text/plain")
