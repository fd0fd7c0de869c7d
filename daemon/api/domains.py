"""Mail domains: how they come here, how far they are, and what has to be done for them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.api.common import Model, Timestamp

AddedMode = Literal["delegated", "manual", "purchased"]


class DomainCreate(Model):
    """A domain that a tenant's mailboxes may be on. Its shared subdomain it has already."""

    name: str = Field(min_length=1, max_length=254)
    tenant_id: str
    mode: AddedMode = "delegated"


class DomainDeleteQuery(Model):
    """Deletion of a domain with mailboxes needs its name again."""

    confirm: str | None = None


class Domain(Model):
    """A domain. Mail comes in while it is `live`; `problem` says what stands against that, or was seen last."""

    id: str
    name: str
    tenant_id: str
    mode: str
    status: str
    problem: str | None
    checked_at: Timestamp | None
    created_at: Timestamp


class DomainRecord(Model):
    """A record that others have to add: in the parent zone, or in the domain's own. `found` stands there instead."""

    name: str
    type: str
    ttl: int
    data: str
    status: Literal["unchecked", "ok", "missing", "different"]
    found: list[str]


class DkimSelector(Model):
    """A key that mail is signed with, was, or will be."""

    selector: str
    algorithm: str
    state: str
    since: Timestamp


class DomainWhole(Domain):
    """A domain with all that is to be known of it: `next` says what happens next, and who has to do it."""

    next: str
    to_add: list[DomainRecord]
    dkim: list[DkimSelector]
    dkim_next_at: Timestamp | None
    mailboxes: int
