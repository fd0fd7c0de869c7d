"""The rows of the OPERATIONS table about being told: webhooks, their deliveries, and the stream of events."""

from __future__ import annotations

from daemon.api.operation import Access, Answers, change, listing, read
from daemon.errors import Code

_READ = Access.READ

WEBHOOK_PLANE = (
    change(
        "webhooks.create",
        "POST",
        "/v1/webhooks",
        _READ,
        "webhook:create",
        "Have events posted to a URL",
        "WebhookMinted",
        request="WebhookCreate",
        status=201,
        mints=True,
        errors=(Code.NOT_FOUND, Code.CONFLICT),
    ),
    listing("webhooks.list", "/v1/webhooks", _READ, "List webhooks", "Webhook", "TenantQuery"),
    read("webhooks.get", "/v1/webhooks/{id}", _READ, "Show a webhook", "Webhook"),
    change("webhooks.delete", "DELETE", "/v1/webhooks/{id}", _READ, "webhook:delete", "Delete a webhook", "Deleted"),
    change(
        "webhooks.rotate",
        "POST",
        "/v1/webhooks/{id}/rotate",
        _READ,
        "webhook:rotate",
        "Give a webhook a new secret; the old one signs beside it for a day",
        "WebhookMinted",
        mints=True,
    ),
    change(
        "webhooks.test",
        "POST",
        "/v1/webhooks/{id}/test",
        _READ,
        "webhook:test",
        "Post a made-up event once and tell how that went; a success puts a disabled webhook in force again",
        "Delivery",
        errors=(Code.CONFLICT,),
    ),
    listing(
        "webhooks.deliveries",
        "/v1/webhooks/{id}/deliveries",
        _READ,
        "List what was delivered to a webhook, and what was not",
        "Delivery",
        "DeliveryQuery",
    ),
    change(
        "webhooks.replay",
        "POST",
        "/v1/deliveries/{id}/replay",
        _READ,
        "webhook:replay",
        "Deliver once more, now, under the same delivery id",
        "Delivery",
        errors=(Code.CONFLICT,),
    ),
    read(
        "webhooks.follow",
        "/v1/webhooks/{id}/deliveries/stream",
        _READ,
        "Follow the deliveries of a webhook, as server-sent events",
        "Delivery",
        query="DeliveryFollowQuery",
        answers=Answers.STREAM,
    ),
    read(
        "events.stream",
        "/v1/events",
        _READ,
        "Follow what happens, as server-sent events",
        "EventBody",
        query="EventQuery",
        answers=Answers.STREAM,
        errors=(Code.GONE,),
    ),
)
