"""What happened, as webhooks and the event stream tell it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.api.common import Model, Timestamp

EventKind = Literal["message.received", "message.sent", "message.delivered", "message.bounced"]


class EventQuery(Model):
    """Where to go on: after the id of the last event seen, which the header `Last-Event-ID` may give, too."""

    tenant: str | None = None
    last_event_id: str | None = Field(None, max_length=100)


class EventMessage(Model):
    """The message that it is about."""

    id: str
    thread_id: str
    from_: str
    subject: str
    received_at: Timestamp


class EventBody(Model):
    """One event: the body of a webhook, and the `data` of the stream. `inbox` is the mailbox's address."""

    event: str
    inbox: str
    message: EventMessage


class StreamEnd(Model):
    """The `data` of the event `end`: why the stream ends. Connect again with the last id, unless access ended."""

    reason: Literal["access_ended", "stopping", "too_slow", "unavailable"]
