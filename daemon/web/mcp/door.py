"""Who may come in to MCP, and with what: an agent's key or an enrollment key, on every request. Never an operator's.

`/mcp` is for whoever has a key. `/mcp/enroll` is for whoever has none yet: it offers the redemption of an enrollment
key, which anybody may try, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import TYPE_CHECKING

from aiohttp import web

from daemon.errors import Code, PosternError
from daemon.service.context import NOBODY, Principal
from daemon.service.services import Services
from daemon.web.bodies import whole_body
from daemon.web.mcp import asgi
from daemon.web.mcp.caller import Caller
from daemon.web.peer import is_local
from daemon.web.rest import roomy
from daemon.web.server import CALL, REQUEST_ID, REQUEST_ID_HEADER, SERVICES, bearer

if TYPE_CHECKING:
    from daemon.web.mcp.surface import Surface

PATH = "/mcp"
ENROLL_PATH = "/mcp/enroll"
ENROLLMENT_KEY_PREFIX = "pk_enroll_"


class Engine:
    """The surface, loaded in a thread at the first request, and run in a task of its own."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._task: asyncio.Task[None] | None = None
        self._surface: asyncio.Future[Surface] | None = None
        self._stop = asyncio.Event()

    async def surface(self) -> Surface:
        """Return the running surface."""
        if self._task is None or self._surface is None:
            self._surface = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run(self._surface))
        return await asyncio.shield(self._surface)

    async def stop(self, app: web.Application) -> None:
        """End every session, and with it what waits in it."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self, started: asyncio.Future[Surface]) -> None:
        try:
            module = await asyncio.to_thread(import_module, "daemon.web.mcp.surface")
            surface: Surface = module.Surface(self._services)
            async with surface.running():
                started.set_result(surface)
                await self._stop.wait()
        except Exception as problem:  # noqa: BLE001  told to whoever asks for the surface
            if not started.done():
                started.set_exception(problem)


_ENGINE = web.AppKey("mcp", Engine)


def add_routes(app: web.Application) -> None:
    """Register both doors."""

    async def begin(app: web.Application) -> AsyncIterator[None]:
        app[_ENGINE] = Engine(app[SERVICES])
        yield

    app.cleanup_ctx.append(begin)
    app.on_shutdown.append(lambda app: app[_ENGINE].stop(app))  # before open connections are waited for
    app.router.add_route("*", PATH, _with_key)
    app.router.add_route("*", ENROLL_PATH, _without_key)


async def _with_key(request: web.Request) -> web.StreamResponse:
    key = bearer(request)
    if key is None:
        raise PosternError(Code.INVALID_API_KEY, "Send a key: Authorization: Bearer pk_agent_… (or pk_enroll_…).")
    services = request.app[SERVICES]
    enrolling = key.startswith(ENROLLMENT_KEY_PREFIX)
    principal = await (services.enrollment.holder(key) if enrolling else services.access.authenticate(key))
    caller = _caller(request, principal, key)
    if principal.is_operator:
        refusal = PosternError(
            Code.SCOPE_DENIED,
            "MCP takes no operator key: a host must never hold more than one agent may do. "
            "Mint an enrollment key, and give it that or an agent's key.",
        )
        await services.mutations.refused(caller.call(), "session:open", refusal)
        raise refusal
    return await _served(request, caller)


async def _without_key(request: web.Request) -> web.StreamResponse:
    """Serve somebody who is nobody, whatever they send: no key of theirs and no control socket lends authority here."""
    return await _served(request, _caller(request, NOBODY, None))


def _caller(request: web.Request, principal: Principal, key: str | None) -> Caller:
    found = Caller(principal, key, request[REQUEST_ID], None if is_local(request) else request.remote)
    request[CALL] = found.call()
    return found


async def _served(request: web.Request, caller: Caller) -> web.StreamResponse:
    content = await whole_body(request if caller.key is None else roomy(request))
    surface = await request.app[_ENGINE].surface()
    application, own = surface.entrance(caller)
    if is_local(request):  # no page of a browser comes in there, under whatever name
        own = {**own, "headers": [(b"host", b"localhost"), *_without_host(request)]}
    try:
        return await asgi.serve(request, content, application, own, {REQUEST_ID_HEADER: caller.request_id})
    finally:
        if not caller.gone.done():
            caller.gone.set_result(None)


def _without_host(request: web.Request) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in request.raw_headers if name.lower() != b"host"]
