"""Enrollment keys, and their redemption for agent keys."""

from __future__ import annotations

from pydantic import Field

from daemon.api.common import Label, Model, Timestamp, Whole
from daemon.api.operations import Scope


class EnrollRequest(Model):
    """An enrollment key, and the name that the agent goes by."""

    enrollment_token: str = Field(max_length=500)
    agent_handle: Label = "default"


class Enrolled(Model):
    """The agent and its fresh key, shown once."""

    agent_id: str
    agent_key: str
    agent_key_prefix: str
    scopes: list[str]
    allowed_domains: list[str]
    mailboxes_used: int
    mailboxes_max: int
    expires_at: Timestamp


class EnrollmentKeyMint(Model):
    """A capability to hand to agents. Without `expires_at` it lives 24 hours."""

    tenant_id: str
    label: Label
    scopes: list[Scope] = Field(min_length=1, strict=False)
    allowed_domains: list[str] = Field(default_factory=list, max_length=100)
    max_mailboxes: Whole = Field(ge=1, le=1_000_000)
    reusable: bool = False
    expires_at: Timestamp | None = None


class EnrollmentKey(Model):
    """An enrollment key without its secret."""

    id: str
    tenant_id: str
    label: str
    prefix: str
    scopes: list[str]
    allowed_domains: list[str]
    max_mailboxes: int
    used_count: int
    reusable: bool
    expires_at: Timestamp
    revoked: bool
    created_at: Timestamp


class EnrollmentKeyMinted(EnrollmentKey):
    """The key itself, shown once."""

    enrollment_token: str
