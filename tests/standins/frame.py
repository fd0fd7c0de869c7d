"""What stand-ins for other people's servers share: a server on the loopback, in threads, while a block runs."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self


class StandIn:
    """`handler` makes what answers one connection. What it found wrong with what it was sent is in `problems`."""

    host: str = "127.0.0.1"
    serves: type[socketserver.TCPServer] = http.server.ThreadingHTTPServer
    problems: list[str]

    def handler(self) -> type[socketserver.BaseRequestHandler]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._server = self.serves((self.host, 0), self.handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.problems == []

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def at(self) -> str:
        return f"{self.host}:{self.port}"


class HttpHandler(http.server.BaseHTTPRequestHandler):
    """One HTTP connection, without a word on stderr."""

    def asked(self, body: bytes) -> None:
        """Answer a request; `command` is its method."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self._read()

    def do_POST(self) -> None:
        self._read()

    def do_PUT(self) -> None:
        self._read()

    def do_DELETE(self) -> None:
        self._read()

    def _read(self) -> None:
        self.asked(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:  # who was answered may be gone, and nothing is left to tell
            self.wfile.write(body)

    def answer_json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        content = b"" if status == 204 else json.dumps(body).encode()
        self.answer(status, content, {"Content-Type": "application/json", **(headers or {})})

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
