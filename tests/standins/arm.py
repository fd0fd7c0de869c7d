"""A stand-in for Azure's resource manager: the senders of one email service, as far as we ask for them."""

from __future__ import annotations

import http.server
import json
import re
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from azure.core.credentials import AccessToken

TOKEN = "a token of the stand-in"
SERVICE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/emailServices/e"
_PATH = re.compile(re.escape(SERVICE) + r"/domains/([^/?]+)/senderUsernames/([^/?]+)\?api-version=\d{4}-\d\d-\d\d\Z")


class Credential:
    """Has the one token that is right."""

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://management.azure.com/.default",)
        return AccessToken(TOKEN, int(time.time()) + 3_600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@dataclass
class ResourceManager:
    """`refuses` has the status that is answered instead, used up in turn by method; `knows` are its domains."""

    knows: set[str] | None = None
    refuses: dict[str, list[int]] = field(default_factory=dict)
    senders: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        manager = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(*manager.put(self, body))

            def do_DELETE(self) -> None:
                self.answer(*manager.delete(self))

            def answer(self, status: int, body: object) -> None:
                content = b"" if status == 204 else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.block_on_close = False
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
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def put(self, request: http.server.BaseHTTPRequestHandler, body: dict[str, dict[str, str]]) -> tuple[int, object]:
        address, refusal = self._checked(request, "PUT")
        if body.get("properties", {}).get("username") != address.partition("@")[0]:
            self.problems.append(f"{body} for {address}")
        if refusal is not None:
            return refusal
        self.senders.add(address)
        return 200, {"properties": body["properties"]}

    def delete(self, request: http.server.BaseHTTPRequestHandler) -> tuple[int, object]:
        address, refusal = self._checked(request, "DELETE")
        if refusal is not None:
            return refusal
        if address not in self.senders:
            return 204, None
        self.senders.remove(address)
        return 200, {}

    def _checked(
        self, request: http.server.BaseHTTPRequestHandler, method: str
    ) -> tuple[str, tuple[int, object] | None]:
        found = _PATH.fullmatch(request.path)
        if found is None or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.problems.append(f"{method} {request.path}")
            return "@", (404, _error("NotFound", "No."))
        address = f"{found[2]}@{found[1]}"
        self.asked.append((method, address))
        if self.refuses.get(method):
            return address, (self.refuses[method].pop(0), _error("QuotaExceeded", "Too many sender user names."))
        if self.knows is not None and found[1] not in self.knows:
            return address, (404, _error("ParentResourceNotFound", "There is no such domain."))
        return address, None


def _error(code: str, message: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "message": message}}
