"""Allow and block lists: kept here, and held against senders.

A tenant's lists bound what its mailboxes may hear, a mailbox's own narrow that further: mail has to pass both. On each,
a blocked sender is refused; where there is an allow list, so is everybody who is not on it.
"""

from __future__ import annotations

import sqlite3
from typing import Literal, cast

from daemon.api.lists import ListEntry, ListEntryName, ListQuery
from daemon.clock import iso
from daemon.errors import invalid, not_found
from daemon.service.addresses import RESERVED_FOR_OPERATOR, list_entry, normal_address
from daemon.service.context import Call, Done, Listed, Principal
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mutations import Change
from daemon.service.tools import Service
from daemon.store import lists, tenants
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.lists import ListEntryRow

ENTRIES_MAX = 1_000  # of a mailbox or a tenant, on both lists
ListName = Literal["allow", "block"]


class Lists(Service):
    """The noun `list`."""

    async def list(self, call: Call, name: str, query: ListQuery) -> Listed[ListEntry]:
        """List entries, newest first: of a mailbox; for operators of a tenant with its mailboxes, too, or all."""

        def look(conn: sqlite3.Connection) -> tuple[str, list[ListEntryRow]]:
            tenant, inbox = query.tenant, None
            if query.inbox is not None or not call.principal.is_operator:
                tenant, inbox = _owner(conn, call.principal, query.tenant, query.inbox)
            what = f"{_known(name)} list of {inbox} in {tenant}"
            before = self._cursors.before(what, query)
            return what, lists.listing(conn, name, tenant, inbox, before, query.limit + 1)

        what, rows = await self._database.read(look)
        return self._cursors.listed(what, query, rows, lambda row: row.n, _shown)

    async def put(self, call: Call, name: str, request: ListEntryName) -> Done[ListEntry]:
        """Add an entry; one that is there already stays."""

        def change(tx: Tx) -> Change[ListEntry]:
            tenant, inbox = _owner(tx.conn, call.principal, request.tenant, request.inbox)
            entry = list_entry("entry", request.entry)
            row = lists.find(tx.conn, tenant, inbox, _known(name), entry)
            if row is None:
                if lists.count(tx.conn, tenant, inbox) >= ENTRIES_MAX:
                    raise invalid("entry", f"the lists are full with {ENTRIES_MAX} entries; name domains instead")
                row = ListEntryRow(tenant_id=tenant, inbox_id=inbox, list=name, entry=entry, created_ms=tx.now_ms)
                lists.add(tx, row)
            return _changed(row)

        return await self._mutations.run(call, "list:put", change)

    async def delete(self, call: Call, name: str, request: ListEntryName) -> Done[ListEntry]:
        """Remove an entry. Raises `not_found` when it is not there."""

        def change(tx: Tx) -> Change[ListEntry]:
            tenant, inbox = _owner(tx.conn, call.principal, request.tenant, request.inbox)
            row = lists.find(tx.conn, tenant, inbox, _known(name), list_entry("entry", request.entry))
            if row is None:
                raise not_found("entry")
            lists.remove(tx, row)
            return _changed(row)

        return await self._mutations.run(call, "list:delete", change)


def is_blocked(conn: sqlite3.Connection, inbox: InboxRow, *senders: str) -> bool:
    """Tell whether one of these addresses is blocked by a mailbox or by its tenant."""
    entries = [entry for sender in senders for entry in _entries_for(sender)]
    return any(lists.matches(conn, inbox.tenant_id, level, "block", entries) for level in _levels(inbox))


def is_welcome(conn: sqlite3.Connection, inbox: InboxRow, envelope_from: str, author: str) -> bool:
    """Tell whether a mailbox takes a mail of this author: neither address blocked, the author on every allow list.

    The author is who the reader sees, so it is the author that is allowed: the envelope is often a mailing service's.
    """
    if is_blocked(conn, inbox, envelope_from, author):
        return False
    entries = _entries_for(author)
    return all(
        not lists.has_any(conn, inbox.tenant_id, level, "allow")
        or lists.matches(conn, inbox.tenant_id, level, "allow", entries)
        for level in _levels(inbox)
    )


def _levels(inbox: InboxRow) -> tuple[str | None, ...]:
    """Return whose lists count: the mailbox's, the tenant's (None). To the operator whom a tenant blocks may write."""
    is_operators = inbox.address.partition("@")[0] in RESERVED_FOR_OPERATOR
    return (inbox.id,) if is_operators else (inbox.id, None)


def _entries_for(sender: str) -> list[str]:
    """Return the entries that an address falls under: itself, its domain, and each domain above that."""
    address = normal_address(sender)
    if address is None:
        return []
    labels = address.rpartition("@")[2].split(".")
    return [address, *("@" + ".".join(labels[start:]) for start in range(len(labels)))]


def _owner(
    conn: sqlite3.Connection, principal: Principal, tenant: str | None, inbox: str | None
) -> tuple[str, str | None]:
    """Return the tenant, and the mailbox if it is one's, that the caller names and may name."""
    if inbox is not None:
        row = owned_inbox(conn, principal, inbox)
        if tenant not in (None, row.tenant_id):
            raise invalid("tenant", "this is not the mailbox's tenant; leave it out")
        return row.tenant_id, row.id
    if not principal.is_operator:
        raise invalid("inbox", "name one of your mailboxes")
    if tenant is None:
        raise invalid("inbox", "name a mailbox or a tenant")
    if tenants.get(conn, tenant) is None:
        raise not_found("tenant")
    return tenant, None


def _known(name: str) -> ListName:
    if name not in ("allow", "block"):
        raise not_found("list")
    return cast(ListName, name)


def _changed(row: ListEntryRow) -> Change[ListEntry]:
    target = f"{row.list}:{row.inbox_id or row.tenant_id}"
    return Change(data=_shown(row), target=target, tenant=row.tenant_id, value=row.entry)


def _shown(row: ListEntryRow) -> ListEntry:
    return ListEntry(
        list=_known(row.list),
        entry=row.entry,
        tenant_id=row.tenant_id,
        inbox_id=row.inbox_id,
        created_at=iso(row.created_ms),
    )
