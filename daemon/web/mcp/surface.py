"""What MCP offers: tools, messages as resources, a prompt; served to those with a key, and to those without."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from mcp import types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError

from daemon import __version__
from daemon.service.services import Services
from daemon.web.mcp import material
from daemon.web.mcp.asgi import Application
from daemon.web.mcp.caller import CALLER_SCOPE, Caller
from daemon.web.mcp.calls import Calls, Context, caller_of
from daemon.web.mcp.guides import INSTRUCTIONS
from daemon.web.mcp.sessions import Sessions
from daemon.web.mcp.tools import TOOLS

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
FOR_NOBODY = "redeem_enrollment"

logging.getLogger("mcp").setLevel(logging.ERROR)  # it tells of every session by its id, and quotes headers


class Surface:
    """The MCP server, and its two entrances."""

    def __init__(self, services: Services) -> None:
        server: Server[Any] = Server(
            "postern",
            version=__version__,
            title="Postern",
            description="Real e-mail for AI agents: an address in one call, a code out of a verification mail.",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            get_tool_input_schema=lambda name: TOOLS[name].listed.input_schema if name in TOOLS else None,
        )
        server.middleware.clear()  # tracing, for which nothing is installed
        security = _security(services.mutations.public_url)
        self._sessions = Sessions(server, security)
        self._keyless = StreamableHTTPSessionManager(
            server, stateless=True, json_response=True, security_settings=security
        )
        self._calls = Calls(services, self._sessions)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve while the block runs; at its end every session ends."""
        async with self._sessions.run(), self._keyless.run():
            yield

    def entrance(self, caller: Caller) -> tuple[Application, Mapping[str, Any]]:
        """Return the application for a caller, and what its scope is to hold."""
        if caller.key is None:
            return self._keyless.asgi_app, {CALLER_SCOPE: caller}
        token = AccessToken(token="", client_id=caller.principal.key_id or "", scopes=[])
        return self._sessions.asgi_app, {CALLER_SCOPE: caller, "user": AuthenticatedUser(token)}

    async def _list_tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        keyless = caller_of(context).key is None
        return types.ListToolsResult(
            tools=[tool.listed for name, tool in TOOLS.items() if not keyless or name == FOR_NOBODY]
        )

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(code=types.INVALID_PARAMS, message=f"There is no such tool. There are: {', '.join(TOOLS)}.")
        return await self._calls.tool(context, tool, params.arguments or {})

    async def _list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[])

    async def _list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=material.TEMPLATES)

    async def _read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await material.read(self._calls, context, params.uri)

    async def _list_prompts(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[material.SIGN_UP])

    async def _get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return material.prompt(params.name, params.arguments or {})


def _security(public_url: str) -> TransportSecuritySettings:
    """Allow the public URL and the loopback, as Host and as Origin; a page of another origin gets nothing."""
    public = urlsplit(public_url)
    hosts, origins = [public.netloc.lower()], [f"{public.scheme}://{public.netloc}".lower()]
    for host in LOOPBACK:
        hosts += [host, f"{host}:*"]
    for host in LOOPBACK:
        origins += [f"{scheme}://{host}{port}" for scheme in ("http", "https") for port in ("", ":*")]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
