"""Threads as they are listed and shown."""

from __future__ import annotations

from typing import ClassVar

from daemon.api.common import Model, Timestamp
from daemon.api.messages import MessageSummary


class Thread(Model):
    """A conversation in a mailbox. It is unread while any of its messages is."""

    UNTRUSTED: ClassVar = frozenset({"subject", "participants"})

    id: str
    subject: str
    participants: list[str]
    message_count: int
    last_message_at: Timestamp
    unread: bool


class ThreadWhole(Thread):
    """A conversation with a page of its messages, oldest first."""

    messages: list[MessageSummary]
    next_cursor: str | None
