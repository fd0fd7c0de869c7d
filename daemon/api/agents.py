"""Agents and their keys."""

from __future__ import annotations

from daemon.api.common import Model, Timestamp


class Agent(Model):
    """A principal inside a tenant. Its karma, 0 when neutral, multiplies the daily cap of its mailboxes by a factor."""

    id: str
    tenant_id: str
    handle: str
    status: str
    enrollment_key_id: str
    karma: float
    karma_factor: float
    created_at: Timestamp


class AgentUpdate(Model):
    """Disable or enable an agent, or bind it to another enrollment key of its tenant."""

    disabled: bool | None = None
    enrollment_key_id: str | None = None


class AgentKey(Model):
    """An agent's key without its secret."""

    id: str
    agent_id: str
    prefix: str
    scopes: list[str]
    allowed_domains: list[str]
    enrollment_key_id: str
    expires_at: Timestamp
    revoked: bool
    created_at: Timestamp


class AgentKeyMint(Model):
    """A further key for an agent; never beyond its enrollment key."""

    expires_at: Timestamp | None = None


class AgentKeyMinted(AgentKey):
    """The key itself, shown once."""

    agent_key: str


class SendsLeft(Model):
    """What one mailbox may send today: a recipient is a send."""

    inbox_id: str
    address: str
    cap: int
    used: int
    left: int


class Sending(Model):
    """What an agent may send until `resets_at`. `brake` is the tenant's: open, throttled or stopped by complaints.

    Of the mailboxes, the newest 50.
    """

    karma: float
    karma_factor: float
    brake: str
    resets_at: Timestamp
    mailboxes: list[SendsLeft]


class Whoami(Model):
    """Who calls, and what is left to it. An operator has no agent and no quota; who may not send, no `sending`."""

    type: str
    tenant_id: str | None
    customer_id: str | None
    agent_id: str | None
    agent_handle: str | None
    key_id: str | None
    scopes: list[str]
    allowed_domains: list[str]
    domains: list[str]
    mailboxes_used: int | None
    mailboxes_max: int | None
    mailboxes_left: int | None
    sending: Sending | None
    expires_at: Timestamp | None
