"""A stand-in for Azure Communication Services on the loopback: checks signature, version, shapes and limits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from daemon.clock import Clock
from tests.standins.frame import HttpHandler, StandIn

KEY = base64.b64encode(b"a key of the stand-in, 32 octets").decode()
API_VERSION = "2025-09-01"
RECIPIENTS_MAX = 50
BODY_MAX_BYTES = 10 * 1024 * 1024
MINUTE_MS = 60_000
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\Z")


class Does(Enum):
    """What it does with a mail that it is given."""

    ACCEPTS = auto()
    IS_BUSY = auto()  # 429, with Retry-After
    IS_BUSY_AND_SAYS_NO_MORE = auto()
    FAILS_BEFORE = auto()  # 500, and has not taken it
    FAILS_AFTER = auto()
    HANGS_UP_BEFORE = auto()
    HANGS_UP_AFTER = auto()
    TAKES_LONG = auto()  # it is running for some looks
    COMES_TO_NOTHING = auto()  # the operation fails
    REFUSES = auto()  # 400
    CLAIMS_A_CONFLICT = auto()  # 409, and has taken it


class Says(Enum):
    """What it says when it is asked what became of one."""

    THE_TRUTH = auto()
    FAILS = auto()
    HANGS_UP = auto()


@dataclass
class Azure(StandIn):
    """Both scripts are used up from the front; what is left of neither is: it accepts, and tells the truth."""

    does: list[Does] = field(default_factory=list)
    says: list[Says] = field(default_factory=list)
    clock: Clock | None = None
    per_minute: int = 30
    key: str = KEY
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)  # by operation
    sends: Counter[str] = field(default_factory=Counter)  # how often each operation was given and answered with 202
    looks: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    overruns: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._running: dict[str, int] = {}
        self._failed: set[str] = set()
        self._times: list[int] = []

    def handler(self) -> type[HttpHandler]:
        azure = self

        class Handler(HttpHandler):
            protocol_version = "HTTP/1.1"

            def asked(self, body: bytes) -> None:
                if azure.signed(self, body):
                    azure.look(self) if self.command == "GET" else azure.send(self, body)

        return Handler

    @property
    def connection_string(self) -> str:
        return f"endpoint=http://{self.at}/;accesskey={KEY}"

    def signed(self, request: HttpHandler, body: bytes) -> bool:
        """Check the signature over method, path, date, host and the body's hash; answer 401 to a wrong one."""
        content_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
        date, host = request.headers.get("x-ms-date", ""), request.headers["Host"]
        text = f"{request.command}\n{request.path}\n{date};{host};{content_hash}"
        digest = hmac.new(base64.b64decode(self.key), text.encode(), hashlib.sha256).digest()
        wanted = (
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
            + base64.b64encode(digest).decode()
        )
        if request.headers.get("Authorization") == wanted and request.headers["x-ms-content-sha256"] == content_hash:
            return True
        request.answer_json(401, {"error": {"code": "Denied", "message": "Denied by the resource provider."}})
        return False

    def send(self, request: HttpHandler, body: bytes) -> None:
        with self._lock:
            operation = request.headers.get("Operation-Id", "")
            if request.path != f"/emails:send?api-version={API_VERSION}":
                self.problems.append(f"a path that is not known: {request.path}")
            try:
                uuid.UUID(operation)
            except ValueError:
                self.problems.append(f"no operation id: {operation!r}")
            message = json.loads(body)
            self.problems += list(_wrong(message, len(body)))
            does = self.does.pop(0) if self.does else Does.ACCEPTS
            if self.clock is not None and self._overrun(self.clock.now_ms()):
                does = Does.IS_BUSY
            self._do(request, does, operation, message)

    def _overrun(self, now_ms: int) -> bool:
        self._times = [at_ms for at_ms in self._times if at_ms > now_ms - MINUTE_MS]
        if len(self._times) >= self.per_minute:
            self.overruns += 1
            return True
        self._times.append(now_ms)
        return False

    def _do(self, request: HttpHandler, does: Does, operation: str, message: dict[str, Any]) -> None:
        match does:
            case Does.IS_BUSY:
                return request.answer_json(429, _error("TooManyRequests"), {"Retry-After": "300"})
            case Does.IS_BUSY_AND_SAYS_NO_MORE:
                return request.answer_json(429, _error("TooManyRequests"))
            case Does.FAILS_BEFORE:
                return request.answer_json(500, _error("InternalServerError"))
            case Does.REFUSES:
                return request.answer_json(400, _error("EmailDropped", "Sender is not provisioned."))
            case Does.HANGS_UP_BEFORE:
                return self._hang_up(request)
        if operation in self.taken and self.taken[operation] != message:
            self.problems.append("another mail under an operation that is known")
        self.taken.setdefault(operation, message)
        self.sends[operation] += 1
        if does is Does.TAKES_LONG:
            self._running[operation] = 8
        if does is Does.COMES_TO_NOTHING:
            self._failed.add(operation)
        match does:
            case Does.FAILS_AFTER:
                return request.answer_json(500, _error("InternalServerError"))
            case Does.CLAIMS_A_CONFLICT:
                return request.answer_json(409, _error("Conflict"))
            case Does.HANGS_UP_AFTER:
                return self._hang_up(request)
        where = f"http://{request.headers['Host']}/emails/operations/{operation}?api-version={API_VERSION}"
        return request.answer_json(
            202, {"id": operation, "status": "Running", "error": None}, {"Operation-Location": where}
        )

    def look(self, request: HttpHandler) -> None:
        with self._lock:
            found = re.fullmatch(rf"/emails/operations/([0-9a-f-]{{36}})\?api-version={API_VERSION}", request.path)
            if found is None:
                self.problems.append(f"a path that is not known: {request.path}")
                return request.answer_json(404, _error("NotFound"))
            operation = found[1]
            self.looks[operation] += 1
            match self.says.pop(0) if self.says else Says.THE_TRUTH:
                case Says.FAILS:
                    return request.answer_json(500, _error("InternalServerError"))
                case Says.HANGS_UP:
                    return self._hang_up(request)
            if operation not in self.taken:
                return request.answer_json(404, _error("NotFound"))
            if self._running.get(operation, 0):
                self._running[operation] -= 1
                return request.answer_json(200, {"id": operation, "status": "Running", "error": None})
            if operation in self._failed:
                error = {"code": "EmailDroppedAllRecipientsSuppressed", "message": "All recipients are suppressed."}
                return request.answer_json(200, {"id": operation, "status": "Failed", "error": error})
            return request.answer_json(200, {"id": operation, "status": "Succeeded", "error": None})

    @staticmethod
    def _hang_up(request: HttpHandler) -> None:
        request.close_connection = True


def _error(code: str, message: str = "No.") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _wrong(message: dict[str, Any], size: int) -> list[str]:
    """Return what is wrong with the shape of a mail."""
    known = {"senderAddress", "content", "recipients", "attachments", "replyTo", "headers"}
    found = [f"{name} is not known" for name in set(message) - known - {"userEngagementTrackingDisabled"}]
    content = message["content"]
    if not set(content) & {"plainText", "html"} or not set(content) <= {"subject", "plainText", "html"}:
        found.append(f"content with {sorted(content)}")
    recipients = message["recipients"]
    named = [*recipients.get("to", []), *recipients.get("cc", []), *recipients.get("bcc", [])]
    if not 0 < len(named) <= RECIPIENTS_MAX or size > BODY_MAX_BYTES:
        found.append(f"{len(named)} recipients, {size} bytes")
    addresses = [message["senderAddress"], *(one["address"] for one in [*named, *message.get("replyTo", [])])]
    found += [f"no address: {one!r}" for one in addresses if not _ADDRESS.match(one)]
    for one in message.get("attachments", []):
        if (
            not {"name", "contentType", "contentInBase64"}
            <= set(one)
            <= {
                "name",
                "contentType",
                "contentInBase64",
                "contentId",
            }
        ):
            found.append(f"an attachment with {sorted(one)}")
        base64.b64decode(one["contentInBase64"], validate=True)
    identifier = message.get("headers", {}).get("Message-ID", "")
    if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", identifier):
        found.append(f"a Message-ID that is not taken: {identifier!r}")
    return found
