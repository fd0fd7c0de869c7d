"""What operators follow: every change, and how things stand."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.api.audit import AuditLine
from daemon.api.common import Model
from daemon.api.stats import Stats


class ActivityQuery(Model):
    """Where to go on: after the id of the last notice seen, which the header `Last-Event-ID` may give, too."""

    last_event_id: str | None = Field(None, max_length=100)


class Activity(Model):
    """One notice, the `data` of the stream: a line of the audit log, or a snapshot of what the daemon is doing.

    A snapshot comes first, then at most one a second when something changed, and one every 15 seconds at least.
    """

    event: Literal["audit", "stats"]
    audit: AuditLine | None = Field(None, exclude_if=lambda value: value is None)
    stats: Stats | None = Field(None, exclude_if=lambda value: value is None)
