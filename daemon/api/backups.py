"""Backups of the whole database."""

from __future__ import annotations

from pydantic import Field

from daemon.api.common import Model, Timestamp


class BackupCreate(Model):
    """With a passphrase the backup is encrypted; whoever loses it loses the backup."""

    passphrase: str | None = Field(None, min_length=8, max_length=1_000)


class Backup(Model):
    """One backup in the daemon's data directory. What it counts was there at its moment."""

    id: str
    created_at: Timestamp
    file: str
    size_bytes: int
    encrypted: bool
    version: str
    audit_seq: int
    tenants: int
    mailboxes: int
    messages: int


class BackupVerification(Model):
    """What was found in a backup: `ok` only when all of it holds.

    `checkpoints` tells whether the audit log's signatures were checked, for which the master key is needed.
    """

    ok: bool
    id: str
    created_at: Timestamp
    encrypted: bool
    problem: str | None
    audit_lines: int
    audit_head: str | None
    signatures_checked: bool
    tenants: int
    mailboxes: int
    messages: int
