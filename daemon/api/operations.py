"""The OPERATIONS table. REST routes, the OpenAPI document and the clients all come from it.

An operation `noun.verb` is the method `verb` of the service `noun`, called with the path's values and then the query or
the body. Standard library only, so that the command line can read it for free; models are named, not imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What an agent's key may be allowed to do."""

    CREATE = "mailbox:create"
    READ = "mailbox:read"
    SEND = "mailbox:send"
    OTP = "mailbox:otp"


class Access(StrEnum):
    """Who may call. Operators may call everything but OPEN operations need nobody at all."""

    OPEN = "open"
    ANY = "any"
    CREATE = Scope.CREATE.value
    READ = Scope.READ.value
    SEND = Scope.SEND.value
    OPERATOR = "operator"


class Answers(StrEnum):
    """The form of a successful answer."""

    ONE = "one"
    LIST = "list"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row: everything that edges need to know to offer an operation."""

    name: str
    method: str
    path: str
    access: Access
    or_scope: Scope | None = None  # a lesser scope that will do; the service then withholds what it does not cover
    summary: str
    response: str
    answers: Answers = Answers.ONE
    request: str | None = None
    query: str | None = None
    effect: str | None = None  # `subject:verb` of its audit line; None: it changes nothing
    claims: bool = False  # asked to claim, it is a mutation; else it changes nothing
    mints: bool = False  # its answer holds a secret that is shown once; its link reveals it
    status: int = 200

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.name.partition(".")[2]

    @property
    def may_change(self) -> bool:
        """Tell whether it is a mutation, or becomes one by what is asked."""
        return self.effect is not None or self.claims

    @property
    def path_names(self) -> tuple[str, ...]:
        """Return the names in braces, in order."""
        return tuple(re.findall(r"{(\w+)}", self.path))


def _read(name: str, path: str, access: Access, summary: str, response: str, **more: object) -> Operation:
    return Operation(name=name, method="GET", path=path, access=access, summary=summary, response=response, **more)  # type: ignore[arg-type]  # the keywords are Operation's own


def _list(name: str, path: str, access: Access, summary: str, response: str, query: str = "PageQuery") -> Operation:
    return _read(name, path, access, summary, response, query=query, answers=Answers.LIST)


def _change(
    name: str, method: str, path: str, access: Access, effect: str, summary: str, response: str, **more: object
) -> Operation:
    return Operation(
        name=name,
        method=method,
        path=path,
        access=access,
        effect=effect,
        summary=summary,
        response=response,
        **more,  # type: ignore[arg-type]  # the keywords are Operation's own
    )


_ANY, _CREATE, _READ, _OPERATOR = Access.ANY, Access.CREATE, Access.READ, Access.OPERATOR

_AGENT_PLANE = (
    _change(
        "enrollment.redeem",
        "POST",
        "/v1/enroll",
        Access.OPEN,
        "agent:enroll",
        "Redeem an enrollment key for an agent key",
        "Enrolled",
        request="EnrollRequest",
        mints=True,
    ),
    _change(
        "inboxes.create",
        "POST",
        "/v1/inboxes",
        _CREATE,
        "inbox:create",
        "Create a mailbox",
        "Inbox",
        request="InboxCreate",
        status=201,
    ),
    _list("inboxes.list", "/v1/inboxes", _READ, "List mailboxes", "Inbox", "InboxQuery"),
    _read("inboxes.get", "/v1/inboxes/{addr}", _READ, "Show a mailbox", "Inbox"),
    _change("inboxes.delete", "DELETE", "/v1/inboxes/{addr}", _CREATE, "inbox:delete", "Delete a mailbox", "Deleted"),
    Operation(
        name="waits.wait",
        method="POST",
        path="/v1/inboxes/{addr}/wait",
        access=_READ,
        or_scope=Scope.OTP,
        summary="Wait for a mail and return its code and link",
        request="WaitRequest",
        claims=True,
        response="WaitAnswer",
    ),
    _read(
        "waits.resume",
        "/v1/waits/{wait_id}",
        _READ,
        "Resume a durable wait",
        "WaitAnswer",
        or_scope=Scope.OTP,
        query="WaitResumeQuery",
        claims=True,
    ),
    _change(
        "waits.drop",
        "DELETE",
        "/v1/waits/{wait_id}",
        _READ,
        "wait:drop",
        "Forget a durable wait",
        "Deleted",
        or_scope=Scope.OTP,
    ),
    _list(
        "messages.list",
        "/v1/inboxes/{addr}/messages",
        _READ,
        "List a mailbox's messages",
        "MessageSummary",
        "MessageQuery",
    ),
    _read(
        "messages.get",
        "/v1/messages/{id}",
        _READ,
        "Show a message with its text and what was extracted",
        "Message",
        query="MessageGetQuery",
    ),
    _read(
        "messages.raw",
        "/v1/messages/{id}/raw",
        _READ,
        "Download a message as it arrived",
        "message/rfc822",
        answers=Answers.BYTES,
    ),
    _change(
        "messages.update",
        "PATCH",
        "/v1/messages/{id}",
        _READ,
        "message:update",
        "Mark a message read or unread",
        "MessageSummary",
        request="MessageUpdate",
    ),
    _change(
        "messages.delete",
        "DELETE",
        "/v1/messages/{id}",
        _CREATE,
        "message:delete",
        "Delete a message for good",
        "Deleted",
    ),
    _read("access.whoami", "/v1/whoami", _ANY, "Show who you are and what you may do", "Whoami"),
)

_OPERATOR_PLANE = (
    _change(
        "tenants.create",
        "POST",
        "/v1/tenants",
        _OPERATOR,
        "tenant:create",
        "Create a tenant",
        "Tenant",
        request="TenantCreate",
        status=201,
    ),
    _list("tenants.list", "/v1/tenants", _OPERATOR, "List tenants", "Tenant"),
    _read("tenants.get", "/v1/tenants/{id}", _OPERATOR, "Show a tenant", "Tenant"),
    _change(
        "tenants.update",
        "PATCH",
        "/v1/tenants/{id}",
        _OPERATOR,
        "tenant:update",
        "Rename, suspend or limit a tenant",
        "Tenant",
        request="TenantUpdate",
    ),
    _change(
        "tenants.delete",
        "DELETE",
        "/v1/tenants/{id}",
        _OPERATOR,
        "tenant:delete",
        "Delete a tenant and all that is its own",
        "Deleted",
        query="DeleteQuery",
    ),
    _change(
        "keys.mint",
        "POST",
        "/v1/enrollment-tokens",
        _OPERATOR,
        "key:mint",
        "Mint an enrollment key",
        "EnrollmentKeyMinted",
        request="EnrollmentKeyMint",
        status=201,
        mints=True,
    ),
    _list("keys.list", "/v1/enrollment-tokens", _OPERATOR, "List enrollment keys", "EnrollmentKey", "TenantQuery"),
    _read("keys.get", "/v1/enrollment-tokens/{id}", _OPERATOR, "Show an enrollment key", "EnrollmentKey"),
    _change(
        "keys.revoke",
        "DELETE",
        "/v1/enrollment-tokens/{id}",
        _OPERATOR,
        "key:revoke",
        "Revoke an enrollment key",
        "EnrollmentKey",
    ),
    _list("agents.list", "/v1/agents", _OPERATOR, "List agents", "Agent", "TenantQuery"),
    _read("agents.get", "/v1/agents/{id}", _OPERATOR, "Show an agent", "Agent"),
    _change(
        "agents.update",
        "PATCH",
        "/v1/agents/{id}",
        _OPERATOR,
        "agent:update",
        "Disable, enable or rebind an agent",
        "Agent",
        request="AgentUpdate",
    ),
    _list("agents.list_keys", "/v1/agents/{id}/keys", _OPERATOR, "List an agent's keys", "AgentKey"),
    _change(
        "agents.mint_key",
        "POST",
        "/v1/agents/{id}/keys",
        _OPERATOR,
        "agent_key:mint",
        "Mint a key for an agent",
        "AgentKeyMinted",
        request="AgentKeyMint",
        status=201,
        mints=True,
    ),
    _change(
        "agents.revoke_key",
        "DELETE",
        "/v1/agent-keys/{id}",
        _OPERATOR,
        "agent_key:revoke",
        "Revoke an agent's key",
        "AgentKey",
    ),
    _change(
        "operators.create",
        "POST",
        "/v1/operators",
        _OPERATOR,
        "operator:create",
        "Create a remote operator",
        "OperatorMinted",
        request="OperatorCreate",
        status=201,
        mints=True,
    ),
    _list("operators.list", "/v1/operators", _OPERATOR, "List remote operators", "Operator"),
    _read("operators.get", "/v1/operators/{id}", _OPERATOR, "Show a remote operator", "Operator"),
    _change(
        "operators.revoke",
        "DELETE",
        "/v1/operators/{id}",
        _OPERATOR,
        "operator:revoke",
        "Revoke a remote operator's key",
        "Operator",
    ),
    _change(
        "links.create",
        "POST",
        "/v1/links",
        _OPERATOR,
        "link:create",
        "Make a one-time link to the receipt of an audit line",
        "Link",
        request="LinkCreate",
        status=201,
    ),
    _list("links.list", "/v1/links", _OPERATOR, "List one-time links", "Link", "TenantQuery"),
    _read("links.get", "/v1/links/{id}", _OPERATOR, "Show a one-time link", "Link"),
    _change(
        "links.revoke",
        "DELETE",
        "/v1/links/{id}",
        _OPERATOR,
        "link:revoke",
        "Revoke a one-time link",
        "Link",
    ),
    _list("audit.list", "/v1/audit", _OPERATOR, "List audit lines", "AuditLine", "AuditQuery"),
    _read(
        "audit.verify", "/v1/audit/verify", _OPERATOR, "Check the chain and its signed checkpoints", "AuditVerification"
    ),
    _list("audit.checkpoints", "/v1/audit/checkpoints", _OPERATOR, "List signed checkpoints", "AuditCheckpoint"),
    _change(
        "audit.checkpoint",
        "POST",
        "/v1/audit/checkpoints",
        _OPERATOR,
        "audit:checkpoint",
        "Sign a checkpoint now",
        "AuditCheckpoint",
        status=201,
    ),
    Operation(
        name="audit.hash",
        method="POST",
        path="/v1/audit/hash",
        access=_OPERATOR,
        summary="Return the keyed hash under which the log names a value",
        request="AuditHashRequest",
        response="AuditHash",
    ),
    _read("audit.get", "/v1/audit/{seq}", _OPERATOR, "Show one audit line", "AuditLine"),
    _read("stats.get", "/v1/stats", _OPERATOR, "Show what the daemon is doing", "Stats"),
)

OPERATIONS: tuple[Operation, ...] = _AGENT_PLANE + _OPERATOR_PLANE
BY_NAME: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS}
