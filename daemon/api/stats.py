"""What the daemon is doing, and the settings that it does it with."""

from __future__ import annotations

from daemon.api.common import Model, Timestamp
from daemon.api.sending import OutboxCounts


class Stats(Model):
    """A snapshot. `sending_stopped` is how many tenants send nothing because of complaints."""

    version: str
    pid: int
    started_at: Timestamp
    uptime_seconds: int
    http: str | None
    smtp: str | None
    lmtp: str | None
    dns: str | None
    socket: str
    waits_active: int
    tenants: int
    agents: int
    inboxes: int
    messages: int
    sending_stopped: int
    problems: list[str]
    audit_seq: int
    database_bytes: int
    outbox: OutboxCounts


class Setting(Model):
    """A setting, its value as text, and where that came from. A secret's value is only told to be set."""

    name: str
    value: str
    unit: str
    source: str
    help: str


class SettingsInForce(Model):
    """Every setting of the daemon that runs."""

    settings: list[Setting]
