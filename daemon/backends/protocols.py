"""The Protocols between services and what is outside, and the callbacks that the root hands to a backend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from daemon.api.messages import Authentication


@dataclass(frozen=True, slots=True)
class Recipient:
    """A mailbox that mail may be delivered to."""

    inbox_id: str
    tenant_suspended: bool


Accepts = Callable[[str], Awaitable[Recipient | None]]
"""Who gets mail for this address, `+label` and all; None: nobody. Raises `PosternError` when nobody can tell now."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a mail came. A backend that fetches it from somebody else's server knows no peer.

    `envelope_from` is the reverse path, empty for a bounce (RFC 5321, 4.5.5); `peer_ip` is the address that the client
    connected from, as text; `helo` the name that it gave.
    """

    envelope_from: str
    peer_ip: str | None = None
    helo: str = ""


Receive = Callable[[Arrival, Mapping[str, str], bytes], Awaitable[int]]
"""Keep one mail (how it came, inbox id → address as given, raw bytes) durably; return for how many mailboxes.

Raises `PosternError` when it cannot be kept: the sender is then to try again."""


Authenticate = Callable[[Arrival, bytes], Awaitable[Authentication]]
"""Tell what is known of a mail's authenticity, by how it came and its raw bytes, soon and without raising."""


class ReceiveBackend(Protocol):
    """Something that mail comes from."""

    async def start(self) -> str | None:
        """Begin to receive; return where it listens, if it does."""
        ...

    async def stop(self) -> None:
        """Finish the mails in hand and receive no more."""
        ...


@dataclass(frozen=True, slots=True)
class PostOutcome:
    """How one post went: the status that came back, or why none did."""

    status: int | None = None
    error: str | None = None
    retry_after_seconds: int | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class PostSender(Protocol):
    """Something that posts events to other people's servers."""

    def refusal(self, url: str) -> str | None:
        """Say why a URL is never posted to, as far as it shows; None: it may be."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostOutcome:
        """Post once and tell how it went; raises nothing of its own."""
        ...
