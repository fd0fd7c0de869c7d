"""Mailboxes."""

from __future__ import annotations

from pydantic import Field

from daemon.api.common import Label, Model, PageQuery, Timestamp
from daemon.api.webhooks import Url, WebhookSecret


class InboxCreate(Model):
    """A new mailbox. Neither username nor domain: an instant address on the tenant's shared subdomain.

    `inbound_webhook_url` makes a webhook for its incoming mail, too. `agent_id` is the operators' alone: whose mailbox
    it will be.
    """

    username: str | None = Field(None, min_length=1, max_length=64)
    domain: str | None = Field(None, min_length=1, max_length=253)
    display_name: Label | None = None
    client_id: str | None = Field(None, min_length=1, max_length=200)
    inbound_webhook_url: Url | None = None
    agent_id: str | None = None


class InboxQuery(PageQuery):
    """Operators may narrow the list."""

    tenant: str | None = None
    agent: str | None = None


class Inbox(Model):
    """One real address."""

    id: str
    address: str
    display_name: str | None
    domain: str
    status: str
    created_at: Timestamp


class InboxCreated(Inbox):
    """A new mailbox; with `inbound_webhook_url`, and the first time only, its webhook with the secret."""

    webhook: WebhookSecret | None = Field(None, exclude_if=lambda value: value is None)


class ImapLogin(Model):
    """What a mail program asks for, to read a mailbox by IMAP."""

    host: str
    port: int
    security: str
    username: str
    password: str


class InboxCredentials(Model):
    """How a mail program reads a mailbox; `imap` is null where the receive backend has no account for each."""

    address: str
    backend: str
    imap: ImapLogin | None
