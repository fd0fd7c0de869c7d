"""Webhooks and what was delivered to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from daemon.api.common import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, Model, PageQuery, Timestamp
from daemon.api.events import EventKind

URL_MAX_LETTERS = 2_000

DeliveryStatus = Literal["pending", "delivered", "dead", "dropped"]


def _each_once(kinds: list[EventKind]) -> list[EventKind]:
    return list(dict.fromkeys(kinds))


Url = Annotated[str, Field(min_length=1, max_length=URL_MAX_LETTERS)]


class WebhookCreate(Model):
    """Where to post what happened: in one mailbox, or in all of the agent's.

    `agent_id` is the operators' alone: whose webhook it will be; with an `address` it can be left out.
    """

    url: Url
    events: Annotated[list[EventKind], AfterValidator(_each_once)] = Field(min_length=1, max_length=100)
    address: str | None = Field(None, max_length=500)
    agent_id: str | None = None


class Webhook(Model):
    """A webhook as it is shown: without its secret.

    `failing_since` is the first of the failures that no success has followed yet. Until `old_secret_until` deliveries
    are signed with the secret before the rotation, too.
    """

    id: str
    agent_id: str
    url: str
    events: list[EventKind]
    address: str | None
    status: Literal["active", "disabled"]
    disabled_reason: str | None
    failing_since: Timestamp | None
    old_secret_until: Timestamp | None
    created_at: Timestamp


class WebhookMinted(Webhook):
    """A webhook with the secret that signs its deliveries: shown once."""

    secret: str


class WebhookSecret(Model):
    """The webhook that came with a mailbox, and its secret: shown once."""

    id: str
    secret: str


class DeliveryQuery(PageQuery):
    """Which deliveries; `dead` is the dead-letter list."""

    status: DeliveryStatus | None = None


class DeliveryFollowQuery(Model):
    """Which deliveries are followed, and what is told at first: the newest `limit`, or what changed since
    `last_event_id`, which the header `Last-Event-ID` may give, too.
    """

    status: DeliveryStatus | None = None
    limit: int = Field(PAGE_LIMIT_DEFAULT, ge=0, le=PAGE_LIMIT_MAX)
    last_event_id: str | None = Field(None, max_length=100)


class Delivery(Model):
    """One event on its way to one webhook; `id` is what the receiver sees in `X-Postern-Delivery`.

    `dead`: given up, and replayed only when asked. `dropped`: its message was deleted before it could be delivered.
    """

    id: str
    webhook_id: str
    event: str
    message_id: str | None
    status: DeliveryStatus
    attempts: int
    created_at: Timestamp
    last_attempt_at: Timestamp | None
    next_attempt_at: Timestamp | None
    response_status: int | None
    error: str | None
