"""Where providers report: `/hooks/acs` takes Azure's delivery reports from Event Grid."""

from __future__ import annotations

import json

from aiohttp import web

from daemon.errors import Code, PosternError
from daemon.web.bodies import whole_body
from daemon.web.server import SERVICES

SECRET_HEADER, SECRET_FIELD = "X-Postern-Secret", "secret"


def add_routes(app: web.Application) -> None:
    """Register it."""
    app.router.add_post("/hooks/acs", _azure)


async def _azure(request: web.Request) -> web.Response:
    """Take events; answer the handshake. The secret comes in a header, or in the query where no header can be set."""
    reports = request.app[SERVICES].azure_reports
    reports.admit(request.headers.get(SECRET_HEADER) or request.query.get(SECRET_FIELD, ""))
    try:
        events = json.loads(await whole_body(request))
    except (ValueError, RecursionError):
        raise PosternError(Code.BAD_REQUEST, "The body is no JSON. Post what Event Grid does.") from None
    return web.json_response(await reports.take(events))
