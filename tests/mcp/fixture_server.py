"""The server that the official conformance suite asks for, on our own bridge between aiohttp and the SDK.

The suite needs a server without authentication, with tools, prompts and resources of its own; Postern has none of both.
What it shares with Postern is what it tests: `daemon.web.mcp.asgi` and `daemon.web.mcp.sessions`.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPDeprecationWarning

from daemon.web.mcp.asgi import serve
from daemon.web.mcp.sessions import Sessions
from tests.mcp import fixture_prompts, fixture_tools

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def _whole(handler: Callable[..., Awaitable[dict[str, Any]]]) -> Any:
    """Return a handler whose results say that they are complete, where they ask for nothing."""

    async def handle(context: Any, params: Any) -> dict[str, Any]:
        return {"resultType": "complete"} | await handler(context, params)

    return handle


def fixture() -> Server[Any]:
    """Return the server."""
    bus = InMemorySubscriptionBus()

    async def nothing(context: Any, params: Any) -> types.EmptyResult:
        return types.EmptyResult()

    async def complete(context: Any, params: Any) -> dict[str, Any]:
        return {"completion": {"values": ["paris", "park", "party"], "total": 3, "hasMore": False}}

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> dict[str, Any]:
        return await fixture_tools.call(context, params, bus)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)  # the suite tests what is deprecated, too
        return Server(  # type: ignore[deprecated]  # likewise
            "fixture",
            version="1",
            on_list_tools=_whole(fixture_tools.listed),
            on_call_tool=_whole(call_tool),
            on_list_resources=_whole(fixture_prompts.list_resources),
            on_list_resource_templates=_whole(fixture_prompts.list_templates),
            on_read_resource=_whole(fixture_prompts.read_resource),
            on_subscribe_resource=nothing,
            on_unsubscribe_resource=nothing,
            on_subscriptions_listen=ListenHandler(bus),
            on_list_prompts=_whole(fixture_prompts.list_prompts),
            on_get_prompt=_whole(fixture_prompts.get_prompt),
            on_completion=_whole(complete),
            on_set_logging_level=nothing,
        )


async def run() -> None:
    """Serve on a free port, say which in one line, and end with stdin."""
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    hosts = [name for host in LOOPBACK for name in (host, f"{host}:*")]
    origins = [f"http://{host}" for host in hosts]
    sessions = Sessions(fixture(), TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins))
    sessions.retry_interval = 500

    async def handle(request: web.Request) -> web.StreamResponse:
        return await serve(request, await request.read(), sessions.asgi_app, {}, {})

    app = web.Application()
    app.router.add_route("*", "/mcp", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    async with sessions.run():
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}/mcp\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(run())
