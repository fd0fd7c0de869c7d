"""Tenants."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace

from daemon.api.common import Deleted, DeleteQuery, PageQuery
from daemon.api.tenants import Tenant, TenantCreate, TenantLimits, TenantUpdate
from daemon.clock import iso
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.events import Event
from daemon.service.addresses import operator_address
from daemon.service.context import Call, Done, Listed
from daemon.service.domains.publishing import Publisher
from daemon.service.mailboxes.inbox_removal import remove_inboxes_wholly
from daemon.service.mailboxes.senders import Senders
from daemon.service.mutations import Change
from daemon.service.sending.allowance import shown_complaints
from daemon.service.tools import Service, Tools
from daemon.store import domains, inboxes, sends, tenants, zones
from daemon.store.database import Tx
from daemon.store.domains import DomainRow
from daemon.store.rows import pack, unpack
from daemon.store.tenants import TenantRow

LABEL_MAX_CHARS = 24


class Tenants(Service):
    """The noun `tenant`."""

    def __init__(self, tools: Tools, publisher: Publisher, senders: Senders) -> None:
        super().__init__(tools)
        self._publisher = publisher
        self._senders = senders

    async def create(self, call: Call, request: TenantCreate) -> Done[Tenant]:
        """Create a tenant with its shared subdomain `<label>.<base domain>`."""

        def change(tx: Tx) -> Change[Tenant]:
            taken = self._taken(tx.conn)
            label = request.label or free_label(request.name, taken)
            if taken(label):
                raise PosternError(Code.CONFLICT, f"The label {label} is taken. Choose another with label.")
            tenant = TenantRow(
                id=self._ids.new("cus"), name=request.name, label=label, limits="{}", created_ms=tx.now_ms
            )
            tenants.add(tx, tenant)
            domains.add(tx, shared_domain(tx, f"{label}.{self._settings.base_domain}", tenant.id))
            self._publisher.announce(tx, self._settings.base_domain)
            return Change(data=_shown(tx.conn, tenant, tx.now_ms), target=tenant.id, tenant=tenant.id)

        done = await self._mutations.run(call, "tenant:create", change)
        await self._publisher.published(self._settings.base_domain)
        return done

    async def list(self, call: Call, query: PageQuery) -> Listed[Tenant]:
        before, now_ms = self._cursors.before("tenants", query), self._clock.now_ms()

        def look(conn: sqlite3.Connection) -> list[tuple[TenantRow, Tenant]]:
            return [(row, _shown(conn, row, now_ms)) for row in tenants.listing(conn, before, query.limit + 1)]

        rows = await self._database.read(look)
        return self._cursors.listed("tenants", query, rows, lambda pair: pair[0].n, lambda pair: pair[1])

    async def get(self, call: Call, tenant: str) -> Tenant:
        now_ms = self._clock.now_ms()
        return await self._database.read(lambda conn: _shown(conn, _known(conn, tenant), now_ms))

    async def update(self, call: Call, tenant: str, request: TenantUpdate) -> Done[Tenant]:
        """Rename, suspend, resume or limit. Suspending ends the tenant's waits at once."""

        def change(tx: Tx) -> Change[Tenant]:
            row = _known(tx.conn, tenant)
            if request.name is not None:
                row = replace(row, name=request.name)
            if request.suspended is not None:
                row = replace(row, suspended_ms=(row.suspended_ms or tx.now_ms) if request.suspended else None)
            if request.limits is not None:
                limits = unpack(row.limits) | request.limits.model_dump(exclude_unset=True)
                row = replace(row, limits=pack({name: most for name, most in limits.items() if most is not None}))
            tenants.update(tx, row)
            tx.on_commit(lambda: self._bus.publish(Event(tenant, "access.changed")))
            return Change(data=_shown(tx.conn, row, tx.now_ms), target=tenant, tenant=tenant)

        return await self._mutations.run(call, "tenant:update", change)

    async def lift_brake(self, call: Call, tenant: str) -> Done[Tenant]:
        """Let a tenant that complaints have stopped or throttled send again; its complaints are counted from here."""

        def change(tx: Tx) -> Change[Tenant]:
            row = _known(tx.conn, tenant)
            sends.lift(tx, tenant)
            return Change(data=_shown(tx.conn, row, tx.now_ms), target=tenant, tenant=tenant)

        return await self._mutations.run(call, "tenant:lift_brake", change)

    async def delete(self, call: Call, tenant: str, query: DeleteQuery) -> Done[Deleted]:
        """Delete a tenant with its mail, when `confirm` repeats its name or id. Its audit lines and tombstones stay."""

        def change(tx: Tx) -> Change[Deleted]:
            row = _known(tx.conn, tenant)
            if query.confirm not in (row.name, row.id):
                raise invalid("confirm", "repeat the tenant's name to delete all its mail")
            self._senders.leave(tx, call, tenant, inboxes.addresses_of_tenant(tx.conn, tenant))
            remove_inboxes_wholly(tx, self._bus, inboxes.of_tenant(tx.conn, tenant))
            for zone in zones.of_tenant(tx.conn, tenant):
                self._publisher.announce_keys(tx, zone)
            self._publisher.announce(tx, self._settings.base_domain)
            tenants.remove(tx, tenant)
            tx.on_commit(lambda: self._bus.publish(Event(tenant, "access.changed")))
            return Change(data=Deleted(id=tenant), target=tenant, tenant=tenant)

        done = await self._mutations.run(call, "tenant:delete", change)
        await self._publisher.published()
        await self._senders.left(call)
        return done

    def _taken(self, conn: sqlite3.Connection) -> Callable[[str], bool]:
        return lambda label: tenants.label_taken(conn, label, f"{label}.{self._settings.base_domain}")


def retention_days(limits: str, default: int) -> int:
    """Return how long a tenant's messages are kept, in days; 0 is for ever."""
    own = unpack(limits).get("retention_days")
    return default if own is None else int(own)


def free_label(name: str, taken: Callable[[str], bool]) -> str:
    """Return a label made of a name that is not taken."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LABEL_MAX_CHARS].strip("-") or "tenant"
    label, number = slug, 2
    while taken(label):
        label, number = f"{slug}-{number}", number + 1
    return label


def shared_domain(tx: Tx, name: str, tenant_id: str) -> DomainRow:
    """Return a new shared subdomain: it is ours, so there is nothing to wait for."""
    return DomainRow(
        name=name, tenant_id=tenant_id, mode="shared", status="live", status_ms=tx.now_ms, created_ms=tx.now_ms
    )


def _known(conn: sqlite3.Connection, tenant_id: str) -> TenantRow:
    row = tenants.get(conn, tenant_id)
    if row is None:
        raise not_found("tenant")
    return row


def _shown(conn: sqlite3.Connection, row: TenantRow, now_ms: int) -> Tenant:
    domain = domains.of_tenant(conn, row.id)[0].name
    return Tenant(
        id=row.id,
        name=row.name,
        label=row.label,
        domain=domain,
        operator_mailbox=operator_address(domain),
        suspended=row.suspended_ms is not None,
        limits=TenantLimits.model_validate(unpack(row.limits)),
        sending=shown_complaints(conn, row.id, now_ms),
        created_at=iso(row.created_ms),
    )
