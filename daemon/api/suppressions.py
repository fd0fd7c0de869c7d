"""Addresses that a tenant does not write to."""

from __future__ import annotations

from typing import Literal

from daemon.api.common import Model, Timestamp

Because = Literal["unsubscribe", "manual", "bounce", "complaint"]


class OfTenantQuery(Model):
    """Whose list is meant."""

    tenant: str


class SuppressionPut(Model):
    """Why an address is not to be written to. An `unsubscribe` closes it to subscribed mail only."""

    reason: Because = "manual"


class Suppression(Model):
    """One address of one tenant. `blocks` is `all` mail, or what is marked as `subscribed`."""

    address: str
    tenant_id: str
    reason: str
    blocks: str
    unsubscribed_at: Timestamp | None
    message_id: str | None
    created_at: Timestamp


class SuppressionLifted(Model):
    """What was lifted, and what is still in force: somebody who unsubscribed as well stays unsubscribed."""

    address: str
    tenant_id: str
    lifted: str
    remains: str | None
