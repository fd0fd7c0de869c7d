"""The aiohttp application, assembled."""

from __future__ import annotations

from aiohttp import web

from daemon.ids import Ids
from daemon.service.services import Services
from daemon.web import health, links, openapi, rest
from daemon.web.server import BODY_MAX_BYTES, SERVICES, around


def build(services: Services, ids: Ids) -> web.Application:
    """Return the application that both the HTTP listener and the control socket serve."""
    app = web.Application(middlewares=[around(ids)], client_max_size=BODY_MAX_BYTES)
    app[SERVICES] = services
    for room in (rest, links, health, openapi):
        room.add_routes(app)
    return app
