"""JSON-RPC messages on their way over HTTP: their headers, their answers, and what is changed in passing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from postern_ctl.answers import Document
from postern_ctl.transport import Exchange, Transport

PATH = "/mcp"
ENROLL_PATH = "/mcp/enroll"
INITIALIZE = "initialize"
CANCELLED = "notifications/cancelled"
HAND_OVER = "postern/hand_over"
AGENT_KEY = "postern/agent_key"
SERVER_ERROR = -32000
LINE_MAX_BYTES = 8 * 1024 * 1024
_VERSION = "io.modelcontextprotocol/protocolVersion"
_NAMES = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The call of one tool."""

    name: str

    def matches(self, message: Document) -> bool:
        """Tell whether a message is that."""
        params = message.get("params")
        called = params.get("name") if isinstance(params, dict) else None
        return message.get("method") == "tools/call" and called == self.name


REDEEM = ToolCall("redeem_enrollment")


@dataclass(frozen=True, slots=True)
class Link:
    """How messages go to the daemon now: with which key, and in which session. `initialize` is how the host began."""

    transport: Transport
    has_key: bool
    initialize: Document | None = None
    session: str | None = None
    version: str | None = None

    @property
    def path(self) -> str:
        return PATH if self.has_key else ENROLL_PATH

    def send(self, message: Document) -> Exchange:
        """Send one message. Raises `OSError`."""
        return self.transport.begin("POST", self.path, json.dumps(message).encode(), self.headers(message))

    def headers(self, message: Document) -> dict[str, str]:
        """Return what stands above a message: MCP 2025-11-25 and 2026-07-28, transports, Streamable HTTP."""
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        meta = params.get("_meta")
        modern = meta.get(_VERSION) if isinstance(meta, dict) else None
        if isinstance(modern, str):
            headers |= {"MCP-Protocol-Version": _field(modern), "Mcp-Method": _field(str(message.get("method")))}
            name = params.get(_NAMES.get(str(message.get("method")), ""))
            return headers | ({"Mcp-Name": _field(name)} if isinstance(name, str) else {})
        if self.session is not None:
            headers["Mcp-Session-Id"] = self.session
        if self.version is not None:
            headers["MCP-Protocol-Version"] = _field(self.version)
        return headers


def messages(answer: HTTPResponse, request: Document) -> Iterator[Document]:
    """Go through what the daemon answers to a request, as it comes; an answer that ends early raises `OSError`."""
    if answer.headers.get_content_type() == "text/event-stream":
        answered = False
        for event in _events(answer):
            answered = answered or "id" in event
            yield event
        if not answered:
            raise ConnectionResetError
        return
    body = answer.read()
    told: Any = None
    with suppress(ValueError):
        told = json.loads(body)
    if not isinstance(told, dict):
        text = body.decode("utf-8", "replace")[:200] or f"The daemon answered {answer.status}."
        yield refused(request, SERVER_ERROR, text)
    elif "jsonrpc" in told:
        yield {**told, "id": request["id"]}
    else:
        error = told.get("error", {})
        yield refusal_of(request, str(error.get("code")), str(error.get("message")))


def refused(request: Document, code: int, message: str) -> Document:
    """Return a protocol error as the answer to a request."""
    return {"jsonrpc": "2.0", "id": request.get("id"), "error": {"code": code, "message": message}}


def refusal_of(request: Document, code: str, message: str) -> Document:
    """Return why a request was not carried out: to a tool's call as its result, so that the model reads it."""
    if request.get("method") != "tools/call":
        return refused(request, SERVER_ERROR, f"{code}: {message}")
    content = [{"type": "text", "text": f"{code}: {message}"}]
    result = {"content": content, "isError": True, "resultType": "complete"}
    return {"jsonrpc": "2.0", "id": request.get("id"), "result": result}


def asks_hand_over(message: Document) -> Document:
    """Return a call with the wish that the key be handed over beside what the model reads."""
    params = message["params"]
    meta = params.get("_meta")
    return {**message, "params": {**params, "_meta": {**(meta if isinstance(meta, dict) else {}), HAND_OVER: True}}}


def stripped_of_key(message: Document) -> tuple[Document, str | None]:
    """Take the key that was handed over out of a result."""
    result: Any = message.get("result")
    meta = result.get("_meta") if isinstance(result, dict) else None
    if not isinstance(meta, dict) or AGENT_KEY not in meta:
        return message, None
    kept = {name: value for name, value in meta.items() if name != AGENT_KEY}
    return {**message, "result": {**result, "_meta": kept}}, str(meta[AGENT_KEY])


def lists_may_change(result: Document) -> None:
    """Announce in the answer to `initialize` that there will be more tools, once there is a key."""
    result.setdefault("capabilities", {}).setdefault("tools", {})["listChanged"] = True


def _events(answer: HTTPResponse) -> Iterator[Document]:
    """Go through the messages of an event stream (HTML, 9.2.6)."""
    data: list[str] = []
    while line := answer.readline(LINE_MAX_BYTES):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        name, _, value = text.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))
        elif not text and any(data):
            yield json.loads("\n".join(data))
        if not text:
            data = []


def _field(value: str) -> str:
    """Return a value for a header: as it is, or in base64 where a header would not carry it (MCP 2026-07-28)."""
    if value.isascii() and value.isprintable() and value == value.strip() and not value.startswith("=?base64?"):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="
