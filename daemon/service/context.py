"""Who calls, and how: what every service method is given first."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from daemon.api.common import AuditRef, LinkRef, Model
from daemon.api.operations import Access, Operation
from daemon.audit import Actor
from daemon.errors import Code, PosternError

T = TypeVar("T")


class Source(StrEnum):
    """Through which edge a call came."""

    REST = "rest"
    SOCKET = "socket"
    MCP = "mcp"
    LINK = "link"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody whose credential was checked. An agent has a tenant and an agent id, an operator has neither."""

    type: str
    id: str
    key_id: str | None = None
    tenant_id: str | None = None
    agent_id: str | None = None
    enrollment_key_id: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    domains: tuple[str, ...] = ()
    expires_ms: int | None = None
    limits: str = "{}"  # its tenant's own, as stored

    @property
    def is_operator(self) -> bool:
        return self.type == "operator"

    @property
    def actor(self) -> Actor:
        return Actor(type=self.type, id=self.id, key_id=self.key_id)


LOCAL_OPERATOR = Principal(type="operator", id="local")
SYSTEM = Principal(type="system", id="postern")
NOBODY = Principal(type="anonymous", id="anonymous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, from whichever edge."""

    principal: Principal
    request_id: str
    source: Source
    src_ip: str | None = None
    wants_receipt: bool = False
    idempotency_key: str | None = None

    def as_(self, principal: Principal) -> Call:
        """Return the same call by somebody else: who an open operation's caller turned out to be."""
        return replace(self, principal=principal)


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A mutation's answer: data, audit line, the link where one was asked for, and whether it is a repetition."""

    data: T
    audit: AuditRef
    link: LinkRef | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page."""

    data: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes to hand out as they are, or the file that they are in; `tag` names what they are of."""

    content: bytes | Path
    content_type: str
    filename: str
    tag: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice of a stream; without data it only tells that the stream is alive, and how far it has come."""

    id: str | None
    event: str | None = None
    data: Model | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """Notices without end. Whoever takes them closes the iterator when nobody wants more."""

    notices: AsyncGenerator[Notice, None]


def authorise(principal: Principal, operation: Operation) -> None:
    """Let the caller through or raise `PosternError`: 401 for nobody, 403 for the wrong credential or scope."""
    if operation.access is Access.OPEN or principal.is_operator:
        return
    if principal.type != "agent":
        raise PosternError(Code.INVALID_API_KEY, "Send a key: Authorization: Bearer pk_agent_… (or pk_operator_…).")
    if operation.access is Access.OPERATOR:
        raise PosternError(
            Code.SCOPE_DENIED, "Only an operator may do this. Use the control socket or an operator key."
        )
    enough = {operation.access.value, operation.or_scope}
    if operation.access is not Access.ANY and not enough & principal.scopes:
        raise PosternError(
            Code.SCOPE_DENIED,
            f"This key lacks the scope {operation.access.value}. Ask the operator for an enrollment key that has it.",
        )
