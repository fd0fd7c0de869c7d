"""A stand-in for Azure's resource manager: the senders of one email service, as far as we ask for them."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import Self

from azure.core.credentials import AccessToken

from tests.standins.frame import HttpHandler, StandIn

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
class ResourceManager(StandIn):
    """`refuses` has the status that is answered instead, used up in turn by method; `knows` are its domains."""

    knows: set[str] | None = None
    refuses: dict[str, list[int]] = field(default_factory=dict)
    senders: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def handler(self) -> type[HttpHandler]:
        manager = self

        class Handler(HttpHandler):
            protocol_version = "HTTP/1.1"

            def asked(self, body: bytes) -> None:
                is_put = self.command == "PUT"
                self.answer_json(*(manager.put(self, json.loads(body)) if is_put else manager.delete(self)))

        return Handler

    @property
    def url(self) -> str:
        return f"http://{self.at}"

    def put(self, request: HttpHandler, body: dict[str, dict[str, str]]) -> tuple[int, object]:
        address, refusal = self._checked(request, "PUT")
        if body.get("properties", {}).get("username") != address.partition("@")[0]:
            self.problems.append(f"{body} for {address}")
        if refusal is not None:
            return refusal
        self.senders.add(address)
        return 200, {"properties": body["properties"]}

    def delete(self, request: HttpHandler) -> tuple[int, object]:
        address, refusal = self._checked(request, "DELETE")
        if refusal is not None:
            return refusal
        if address not in self.senders:
            return 204, None
        self.senders.remove(address)
        return 200, {}

    def _checked(self, request: HttpHandler, method: str) -> tuple[str, tuple[int, object] | None]:
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
