"""Whoever makes one HTTP request to MCP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from daemon.service.context import Call, Principal, Source

CALLER_SCOPE = "postern.caller"  # where an ASGI scope holds them


@dataclass(slots=True)
class Caller:
    """Whoever makes one HTTP request, and whether they are still there."""

    principal: Principal
    key: str | None
    request_id: str
    src_ip: str | None
    gone: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def call(self, principal: Principal | None = None) -> Call:
        """Return a call of an operation, by this caller or by whom they turned out to be."""
        return Call(
            principal=principal or self.principal,
            request_id=self.request_id,
            source=Source.MCP,
            src_ip=self.src_ip,
            wants_receipt=True,
        )
