"""Sessions of 2025-era clients: how many, whose, what of one can be replayed, and the key that it redeemed."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Any, NamedTuple

from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore, StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import JSONRPCMessage

SESSIONS_MAX = 4_000
SESSIONS_PER_KEY_MAX = 64
SESSION_IDLE_SECONDS = 30 * 60.0
EVENTS_KEPT = 32
EVENTS_KEPT_BYTES = 128 * 1024


class _Stored(NamedTuple):
    id: int
    stream: str
    message: JSONRPCMessage | None
    size_bytes: int


class Events(EventStore):
    """The latest messages of one session, for a client that lost its connection and asks for what came after."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._kept: deque[_Stored] = deque()
        self._kept_bytes = 0

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep a message, forget the oldest where there are too many, and return its id."""
        size = 0 if message is None else len(message.model_dump_json(by_alias=True, exclude_unset=True))
        stored = _Stored(next(self._numbers), stream_id, message, size)
        self._kept.append(stored)
        self._kept_bytes += size
        while len(self._kept) > EVENTS_KEPT or self._kept_bytes > EVENTS_KEPT_BYTES:
            self._kept_bytes -= self._kept.popleft().size_bytes
        return str(stored.id)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Send what came on the stream of an event after it; None when that event is no longer known."""
        after = next((one for one in self._kept if str(one.id) == last_event_id), None)
        if after is None:
            return None
        for one in [one for one in self._kept if one.id > after.id and one.stream == after.stream]:
            if one.message is not None:
                await send_callback(EventMessage(one.message, str(one.id)))
        return after.stream


class Sessions(StreamableHTTPSessionManager):
    """A session belongs to the key that opened it. What it keeps is its own, and goes with it."""

    def __init__(self, server: Server[Any], security: TransportSecuritySettings) -> None:
        super().__init__(
            server,
            security_settings=security,
            session_idle_timeout=SESSION_IDLE_SECONDS,
            max_sessions=SESSIONS_MAX,
            max_request_body_size=2**31,  # read before it comes here, and bounded there
        )
        self._redeemed: dict[str, tuple[str | None, str]] = {}

    def remember(self, session_id: str, owner: str | None, key: str) -> bool:
        """Let a session act with a key that it redeemed; False when `owner`'s key did not open it."""
        if not self._is_of(session_id, owner):
            return False
        self._redeemed[session_id] = (owner, key)
        return True

    def redeemed(self, session_id: str, owner: str | None) -> str | None:
        """Return the key that a session redeemed, to nobody but who opened it."""
        opened_by, key = self._redeemed.get(session_id, (None, None))
        return key if key is not None and opened_by == owner else None

    def _is_of(self, session_id: str, owner: str | None) -> bool:
        known = self._session_owners.get(session_id)
        return known is not None and known["client_id"] == owner

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        if sum(owner == requestor for owner in self._session_owners.values()) >= SESSIONS_PER_KEY_MAX:
            return None
        self.event_store = Events()  # of this session alone: streams are named by the client's own request ids
        return super()._admit_session(requestor)

    async def _discard_session(self, session_id: str, transport: StreamableHTTPServerTransport) -> None:
        self._redeemed.pop(session_id, None)
        await super()._discard_session(session_id, transport)
