"""The aiohttp application, assembled."""

from __future__ import annotations

from aiohttp import web

from daemon.service.services import Services
from daemon.web import docs, health, hooks, links, mta_sts, openapi, rest, unsubscribe
from daemon.web.mcp import door
from daemon.web.server import BODY_MAX_BYTES, SERVICES


def build(services: Services) -> web.Application:
    """Return the application that both the HTTP listener and the control socket serve."""
    app = web.Application(client_max_size=BODY_MAX_BYTES)
    app[SERVICES] = services
    for room in (rest, links, unsubscribe, hooks, mta_sts, health, openapi, docs, door):
        room.add_routes(app)
    return app
