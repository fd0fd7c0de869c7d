"""A tool's call, carried out: by whom, with progress while it waits, and freed when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from daemon.api.messages import DownloadQuery
from daemon.api.operations import BY_NAME, Access, Operation
from daemon.errors import Code, PosternError
from daemon.service.context import Call
from daemon.service.services import Services
from daemon.web.mcp.caller import CALLER_SCOPE, Caller
from daemon.web.mcp.results import data_of, refusal, result
from daemon.web.mcp.sessions import Sessions
from daemon.web.mcp.tools import Asked, Tool

PROGRESS_SECONDS = 8.0
HAND_OVER = "postern/hand_over"  # in a request's _meta: the program, not the model, wants the key
AGENT_KEY = "postern/agent_key"  # in the result's _meta
SESSION_HEADER = "mcp-session-id"

Context = ServerRequestContext[Any, Any]
log = logging.getLogger("postern.mcp")


class Calls:
    """Carries out tools, for the surface."""

    def __init__(self, services: Services, sessions: Sessions) -> None:
        self._services = services
        self._sessions = sessions

    async def tool(self, context: Context, tool: Tool, given: dict[str, Any]) -> types.CallToolResult:
        """Carry out one call. What the service refuses is a result, too: the model shall read what to do next."""
        caller = caller_of(context)
        try:
            if tool.name == "redeem_enrollment" and caller.principal.type == "enrollment":
                given = {"enrollment_token": caller.key} | given
            asked = tool.read(given)
            match tool.name:
                case "redeem_enrollment":
                    return await self._redeem(context, tool, asked)
                case "wait_for_email":
                    return await self._wait(context, tool, asked)
                case "get_message":
                    return await self._message(context, tool, asked)
            answer = await self.perform(context, tool.operation, *asked.values)
            return result(tool.name, data_of(answer), self.nonce(), answer)
        except PosternError as error:
            return refusal(error, caller.request_id)
        except Exception:
            log.exception("unexpected error", extra={"request_id": caller.request_id})
            message = f"Something unexpected happened. The daemon's log has it under {caller.request_id}."
            return refusal(PosternError(Code.INTERNAL_ERROR, message), caller.request_id)

    async def perform(self, context: Context, operation: Operation, *values: Any) -> Any:
        """Run an operation as whoever the caller is now."""
        call = await self._call(context, operation)
        self._services.rates.admit(call, operation)
        return await self._services.perform(call, operation, *values)

    def nonce(self) -> str:
        """Return a word for one fence, that whoever wrote the mail could not know."""
        return self._services.ids.bare()

    async def _call(self, context: Context, operation: Operation) -> Call:
        """Return the call. A session that redeemed an enrollment key acts with what it got for it."""
        caller = caller_of(context)
        if operation.access is Access.OPEN:
            return caller.call()
        session = _session(context)
        redeemed = self._sessions.redeemed(session, caller.principal.key_id) if session else None
        if redeemed is not None:
            return caller.call(await self._services.access.authenticate(redeemed))
        if caller.principal.type != "agent":
            raise PosternError(Code.INVALID_API_KEY, "You are no agent yet. Call redeem_enrollment first.")
        return caller.call()

    async def _redeem(self, context: Context, tool: Tool, asked: Asked) -> types.CallToolResult:
        caller = caller_of(context)
        answer = await self.perform(context, tool.operation, *asked.values)
        key, data = answer.data.agent_key, data_of(answer)
        session, reveal = _session(context), asked.more.get("reveal", False)
        handed_over = bool((context.meta or {}).get(HAND_OVER))
        kept = session is not None and self._sessions.remember(session, caller.principal.key_id, key)
        if not reveal:
            data["agent_key"] = None
        told = result(tool.name, data, self.nonce(), answer)
        if handed_over:
            told = told.model_copy(update={"meta": {**(told.meta or {}), AGENT_KEY: key}})
        elif not (kept or reveal):
            note = "This connection keeps no session: ask again with reveal, and connect with the agent key as bearer."
            told.content.append(types.TextContent(text=note))
        return told

    async def _message(self, context: Context, tool: Tool, asked: Asked) -> types.CallToolResult:
        answer = await self.perform(context, tool.operation, *asked.values)
        data, link = data_of(answer), None
        index = asked.more.get("attachment")
        if index is not None:
            attachment = BY_NAME["messages.attachment"]
            link = await self.perform(context, attachment, asked.values[0], str(index), DownloadQuery(link=True))
        data["attachment_link"] = None if link is None else link.data.model_dump(mode="json")
        return result(tool.name, data, self.nonce(), link)

    async def _wait(self, context: Context, tool: Tool, asked: Asked) -> types.CallToolResult:
        """Wait in a task of its own. It ends with its caller: cancelled by them, or with their connection."""
        caller, request = caller_of(context), asked.values[1]
        if request.wait_id is None:
            request = request.model_copy(update={"wait_id": self._services.ids.new("wait")})
        work = asyncio.create_task(self.perform(context, tool.operation, asked.values[0], request))
        work.add_done_callback(_looked_at)
        caller.gone.add_done_callback(lambda _: work.cancel())
        try:
            passed = 0.0
            while not (await asyncio.wait({work}, timeout=PROGRESS_SECONDS))[0]:
                passed += PROGRESS_SECONDS
                total = max(request.timeout_seconds, passed)
                await context.session.report_progress(passed, total, f"No mail yet, after {passed:.0f} s")
        finally:
            work.cancel()
        if work.cancelled():
            raise PosternError(
                Code.REQUEST_TIMEOUT,
                f"The connection was lost. Call again with the same arguments and wait_id={request.wait_id!r}.",
            )
        answer = work.result()
        return result(tool.name, data_of(answer) | {"wait_id": request.wait_id}, self.nonce(), answer)


def caller_of(context: Context) -> Caller:
    """Return who made the HTTP request that a message came in."""
    if context.request is None:
        raise TypeError("a message without its HTTP request")
    caller: Caller = context.request.scope[CALLER_SCOPE]
    return caller


def _session(context: Context) -> str | None:
    """Return the id of the session that a message belongs to; requests of the stateless protocol belong to none."""
    if context.request is None or context.protocol_version not in HANDSHAKE_PROTOCOL_VERSIONS:
        return None
    session: str | None = context.request.headers.get(SESSION_HEADER)
    return session


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Take the exception of a task that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
