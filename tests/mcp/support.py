"""Hosts for tests: over HTTP by either protocol date, and over stdio. JSON-RPC by hand, so that nothing is hidden."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from tests.support import RunningDaemon

LEGACY, MODERN = "2025-11-25", "2026-07-28"
ACCEPT = "application/json, text/event-stream"
CLIENT = {"name": "test", "version": "1"}
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
NAMES = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
Json = dict[str, Any]


class Refused(Exception):
    """HTTP said no."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class Host:
    """A client of /mcp. With `modern` it speaks 2026-07-28, which has no sessions."""

    def __init__(
        self, daemon: RunningDaemon, key: str | None, *, modern: bool = False, path: str = "/mcp", local: bool = False
    ) -> None:
        self.daemon, self.key, self.modern, self.path, self.local = daemon, key, modern, path, local
        self.session: str | None = None
        self.told: list[Json] = []
        self._number = 0
        self.headers: dict[str, str] = {}

    def begin(self) -> Json:
        """Shake hands, where the protocol has that."""
        params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT}
        answer = self.ask("initialize", params)
        self.tell("notifications/initialized")
        return answer

    def ask(self, method: str, params: Json | None = None) -> Json:
        """Ask, keep the notifications that come first in `told`, and return the answer."""
        try:
            with self.asking(method, params) as response:
                for message in messages(response):
                    if "id" in message:
                        return message
                    self.told.append(message)
        except Refused as refused:  # since 2026-07-28 a protocol error has a status of its own
            answer: Json = json.loads(refused.body) if refused.body.startswith(b"{") else {}
            if answer.get("id") is None:
                raise
            return answer
        raise AssertionError("the stream ended without an answer")

    def tell(self, method: str, params: Json | None = None) -> None:
        """Send a notification."""
        with self._sent({"jsonrpc": "2.0", "method": method, "params": params or {}}) as response:
            response.read()

    def call(self, tool: str, *, meta: Json | None = None, **arguments: Any) -> Json:
        """Call a tool and return its result."""
        given = {name.removesuffix("_"): value for name, value in arguments.items()}
        answer = self.ask("tools/call", {"name": tool, "arguments": given, **({"_meta": meta} if meta else {})})
        assert "result" in answer, answer
        result: Json = answer["result"]
        return result

    def data(self, tool: str, **arguments: Any) -> Json:
        """Call a tool that succeeds, and return its data."""
        result = self.call(tool, **arguments)
        assert not result.get("isError"), result
        data: Json = result["structuredContent"]
        return data

    def refusal(self, tool: str, **arguments: Any) -> str:
        """Call a tool that does not, and return the code."""
        result = self.call(tool, **arguments)
        assert result.get("isError"), result
        code: str = result["_meta"]["error"]["code"]
        assert result["content"][0]["text"].startswith(f"{code}: ")
        return code

    def end(self) -> int:
        """End the session and return the status."""
        connection = self._connection()
        connection.request("DELETE", self.path, None, self._headers({}))
        status = connection.getresponse().status
        connection.close()
        return status

    @contextmanager
    def asking(self, method: str, params: Json | None = None) -> Iterator[HTTPResponse]:
        """Ask, and read the answer by hand; leaving hangs up."""
        self._number += 1
        params = dict(params or {})
        if self.modern:
            params["_meta"] = META | params.get("_meta", {})
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        with self._sent(message) as response:
            if method == "initialize":
                self.session = response.headers["Mcp-Session-Id"]
            yield response

    @contextmanager
    def _sent(self, message: Json) -> Iterator[HTTPResponse]:
        connection = self._connection()
        try:
            connection.request("POST", self.path, json.dumps(message).encode(), self._headers(message))
            response = connection.getresponse()
            if response.status >= 400:
                raise Refused(response.status, response.read())
            yield response
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        return self.daemon.connection(local=self.local)

    def _headers(self, message: Json) -> dict[str, str]:
        headers = {"Accept": ACCEPT, "Content-Type": "application/json"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        if self.session is not None:
            headers["Mcp-Session-Id"] = self.session
        if self.modern:
            headers |= {"MCP-Protocol-Version": MODERN, "Mcp-Method": message.get("method", "")}
            name = NAMES.get(message.get("method", ""))
            if name is not None:
                headers["Mcp-Name"] = message["params"][name]
        elif self.session is not None:
            headers["MCP-Protocol-Version"] = LEGACY
        return headers | self.headers


def begun(daemon: RunningDaemon, key: str | None, **more: Any) -> Host:
    """Return a host that is connected."""
    host = Host(daemon, key, **more)
    if not host.modern:
        host.begin()
    return host


def messages(response: HTTPResponse) -> Iterator[Json]:
    """Go through the messages of an answer: one, or a stream of them."""
    if response.headers.get_content_type() != "text/event-stream":
        yield json.loads(response.read())
        return
    while line := response.readline():
        if line.startswith(b"data:") and line[5:].strip():
            yield json.loads(line[5:])


def text_of(result: Json) -> str:
    """Return the text that a model reads."""
    return "\n".join(part["text"] for part in result["content"])


class Stdio:
    """A host that starts `posternctl mcp` and talks to it by its pipes."""

    def __init__(self, env: dict[str, str], *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "postern_ctl", "mcp", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            text=True,
            cwd=os.environ.get("TMPDIR", "/tmp"),
        )
        self.told: list[Json] = []
        self._number = 0

    def begin(self) -> Json:
        """Shake hands."""
        answer = self.ask("initialize", {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT})
        self.tell("notifications/initialized")
        return answer

    def ask(self, method: str, params: Json | None = None) -> Json:
        """Ask, keep the notifications that come first in `told`, and return the answer."""
        self.send(method, params)
        return self.answer()

    def send(self, method: str, params: Json | None = None) -> int:
        """Ask without waiting; return the request's id."""
        self._number += 1
        self.write({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params or {}})
        return self._number

    def answer(self) -> Json:
        """Return the next answer."""
        while "id" not in (message := self.read()):
            self.told.append(message)
        return message

    def tell(self, method: str, params: Json | None = None) -> None:
        self.write({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def call(self, tool: str, **arguments: Any) -> Json:
        """Call a tool and return its result."""
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert "result" in answer, answer
        result: Json = answer["result"]
        return result

    def tools(self) -> list[str]:
        return [tool["name"] for tool in self.ask("tools/list")["result"]["tools"]]

    def write(self, message: Json) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def read(self) -> Json:
        """Return the next line, which has to be JSON-RPC."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "it said no more"
        message: Json = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def close(self) -> tuple[int, str]:
        """Close its stdin, and return how it left and what it said on stderr."""
        rest, said = self.process.communicate(timeout=30)
        for line in rest.splitlines():
            assert json.loads(line)["jsonrpc"] == "2.0"
        return self.process.returncode, said
