"""One-time links."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from daemon.api.common import ROW_NUMBER_MAX, Model, Timestamp, Whole

LINK_LIFE_MAX_SECONDS = 7 * 86_400


class LinkCreate(Model):
    """A link to the signed receipt of one audit line."""

    audit_seq: Whole = Field(ge=1, le=ROW_NUMBER_MAX)
    expires_in_seconds: Whole = Field(86_400, ge=1, le=LINK_LIFE_MAX_SECONDS)


class Link(Model):
    """A link as its maker sees it; the address itself is told once, when it is made."""

    id: str
    tenant_id: str | None
    purpose: str
    target: str | None
    issuer: str
    status: str
    created_at: Timestamp
    expires_at: Timestamp
    used_at: Timestamp | None
    url: str | None = None


class Download(Model):
    """Where the bytes are to be had, as often as it takes, until it expires."""

    url: str
    expires_at: Timestamp


class Opened(Model):
    """What a link yielded: the secret that was minted, the signed receipt of a change, or a download."""

    purpose: str
    link_id: str
    target: str | None
    secret: str | None = None
    receipt: dict[str, Any] | None = None
    download: Download | None = None
