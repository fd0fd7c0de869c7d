"""The audit log as it is read."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from daemon.api.common import ROW_NUMBER_MAX, Model, PageQuery, Timestamp


class AuditQuery(PageQuery):
    """Which lines. Newest first unless `after_seq` is given, which reads upwards from there."""

    tenant: str | None = None
    action: str | None = Field(None, max_length=100)
    value: str | None = Field(None, max_length=200)
    after_seq: int | None = Field(None, ge=0, le=ROW_NUMBER_MAX)


class AuditLine(Model):
    """One line: the exact bytes that were hashed, their meaning, and the chain."""

    seq: int
    line: str
    prev: str
    hash: str
    entry: dict[str, Any]


class AuditVerification(Model):
    """The result of a check of the whole chain."""

    ok: bool
    lines: int
    head: str
    checkpoints: int
    first_bad_seq: int | None
    reason: str | None


class AuditCheckpoint(Model):
    """A signed statement: so many lines, and this hash at their head."""

    id: int
    size: int
    head: str
    time: Timestamp
    key_id: str
    public_key: str
    signature: str


class AuditHashRequest(Model):
    """The value to look for: an address or a key."""

    value: str = Field(min_length=1, max_length=1000)


class AuditHash(Model):
    """The name under which the log knows it."""

    hash: str
