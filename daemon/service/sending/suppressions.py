"""Suppressions: addresses that a tenant does not write to.

They are a tenant's, whichever agent or mailbox wrote: who complains or unsubscribes means the sender. A bounce, a
complaint and an operator's word close an address to all mail; an unsubscribe only to what is marked as subscribed.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from daemon.api.common import TenantQuery
from daemon.api.suppressions import OfTenantQuery, Suppression, SuppressionLifted, SuppressionPut
from daemon.clock import iso, iso_or_none
from daemon.errors import invalid, not_found
from daemon.service.addresses import normal_address
from daemon.service.context import Call, Done, Listed
from daemon.service.mutations import Change
from daemon.service.tools import Service
from daemon.store import suppressions, tenants
from daemon.store.database import Tx
from daemon.store.suppressions import SuppressionRow


class Reason(StrEnum):
    """Why an address is suppressed, the lightest first: a heavier reason takes the place of a lighter one."""

    UNSUBSCRIBE = "unsubscribe"
    MANUAL = "manual"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


_WEIGHT = {reason: weight for weight, reason in enumerate(Reason)}


class Suppressions(Service):
    """The noun `suppression`."""

    async def list(self, call: Call, query: TenantQuery) -> Listed[Suppression]:
        before = self._cursors.before("suppressions", query)
        rows = await self._database.read(lambda conn: suppressions.listing(conn, query.tenant, before, query.limit + 1))
        return self._cursors.listed("suppressions", query, rows, lambda row: row.n, _shown)

    async def get(self, call: Call, address: str, query: OfTenantQuery) -> Suppression:
        return _shown(await self._database.read(lambda conn: _known(conn, query.tenant, address)))

    async def put(self, call: Call, address: str, query: OfTenantQuery, request: SuppressionPut) -> Done[Suppression]:
        """Suppress an address by hand. This is an entry in the list only: it counts as no bounce and no complaint."""
        key = _key(address)

        def change(tx: Tx) -> Change[Suppression]:
            if tenants.get(tx.conn, query.tenant) is None:
                raise not_found("tenant")
            row = suppress(tx, query.tenant, key, Reason(request.reason))
            return Change(data=_shown(row), target=query.tenant, tenant=query.tenant, value=key)

        return await self._mutations.run(call, "suppression:put", change)

    async def remove(self, call: Call, address: str, query: OfTenantQuery) -> Done[SuppressionLifted]:
        """Lift a suppression. Who had unsubscribed as well stays so, until that is lifted in its turn."""

        def change(tx: Tx) -> Change[SuppressionLifted]:
            row = _known(tx.conn, query.tenant, address)
            suppressions.remove(tx, row.tenant_id, row.address)
            remains = None
            if row.unsubscribed_ms is not None and row.reason != Reason.UNSUBSCRIBE:
                remains = suppress(tx, row.tenant_id, row.address, Reason.UNSUBSCRIBE).reason
            data = SuppressionLifted(address=row.address, tenant_id=row.tenant_id, lifted=row.reason, remains=remains)
            return Change(data=data, target=row.tenant_id, tenant=row.tenant_id, value=row.address)

        return await self._mutations.run(call, "suppression:remove", change)


def suppress(tx: Tx, tenant_id: str, address: str, reason: Reason, message_id: str | None = None) -> SuppressionRow:
    """Suppress an address in its normal form; what is suppressed for a heavier reason stays so."""
    had = suppressions.get(tx.conn, tenant_id, address)
    unsubscribed_ms = had.unsubscribed_ms if had else None
    if reason is Reason.UNSUBSCRIBE and unsubscribed_ms is None:
        unsubscribed_ms = tx.now_ms
    heavier = had is None or _WEIGHT[reason] > _WEIGHT[Reason(had.reason)]
    row = SuppressionRow(
        n=had.n if had else None,
        tenant_id=tenant_id,
        address=address,
        reason=reason.value if heavier or had is None else had.reason,
        unsubscribed_ms=unsubscribed_ms,
        message_id=message_id if heavier or had is None else had.message_id,
        created_ms=tx.now_ms if heavier or had is None else had.created_ms,
    )
    suppressions.put(tx, row)
    return row


def blocks(row: SuppressionRow | None, *, subscribed: bool) -> bool:
    """Tell whether an address is closed to a mail: subscribed mail to whoever left it, all mail for other reasons."""
    return row is not None and (subscribed or row.reason != Reason.UNSUBSCRIBE)


def _key(address: str) -> str:
    key = normal_address(address)
    if key is None:
        raise invalid("address", "give a whole address, for instance someone@example.org")
    return key


def _known(conn: sqlite3.Connection, tenant_id: str, address: str) -> SuppressionRow:
    row = suppressions.get(conn, tenant_id, _key(address))
    if row is None:
        raise not_found("suppression")
    return row


def _shown(row: SuppressionRow) -> Suppression:
    return Suppression(
        address=row.address,
        tenant_id=row.tenant_id,
        reason=row.reason,
        blocks="subscribed" if row.reason == Reason.UNSUBSCRIBE else "all",
        unsubscribed_at=iso_or_none(row.unsubscribed_ms),
        message_id=row.message_id,
        created_at=iso(row.created_ms),
    )
