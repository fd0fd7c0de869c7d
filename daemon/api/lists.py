"""Allow and block lists: whom a mailbox, or all of a tenant's, takes mail from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.api.common import Model, PageQuery, Timestamp

ENTRY_MAX_CHARS = 320


class ListQuery(PageQuery):
    """Whose entries. An agent names one of its mailboxes; operators may narrow the list to a tenant or a mailbox."""

    tenant: str | None = None
    inbox: str | None = None


class ListEntryName(Model):
    """An entry: an address, or `@example.com` for a domain and all below it; of a mailbox, or of a whole tenant.

    `inbox` is a mailbox's address or id. Only operators name a `tenant`.
    """

    entry: str = Field(min_length=1, max_length=ENTRY_MAX_CHARS)
    tenant: str | None = None
    inbox: str | None = None


class ListEntry(Model):
    """One entry; without a mailbox it is for all of the tenant's."""

    list: Literal["allow", "block"]
    entry: str
    tenant_id: str
    inbox_id: str | None
    created_at: Timestamp
