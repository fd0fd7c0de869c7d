"""Enrollment keys: the capabilities that operators hand out."""

from __future__ import annotations

from daemon.api.common import TenantQuery
from daemon.api.enrollment import EnrollmentKey, EnrollmentKeyMint, EnrollmentKeyMinted
from daemon.clock import HOUR_MS, iso, parse_iso
from daemon.errors import invalid, not_found
from daemon.keys import KeyKind, key_prefix, mint
from daemon.service.addresses import domain_name
from daemon.service.context import Call, Done, Listed
from daemon.service.mutations import Change
from daemon.service.tools import Service
from daemon.store import domains as domain_table
from daemon.store import enrollment, tenants
from daemon.store.database import Tx
from daemon.store.enrollment import EnrollmentKeyRow
from daemon.store.rows import pack, unpack

LIFE_DEFAULT_MS = 24 * HOUR_MS


class Keys(Service):
    """The noun `key`."""

    async def mint(self, call: Call, request: EnrollmentKeyMint) -> Done[EnrollmentKeyMinted]:
        """Mint a key, bounded by scopes, domains, a mailbox count and an expiry."""
        domains = sorted({domain_name("allowed_domains", name) for name in request.allowed_domains})
        key = mint(KeyKind.ENROLL, self._ids)

        def change(tx: Tx) -> Change[EnrollmentKeyMinted]:
            if tenants.get(tx.conn, request.tenant_id) is None:
                raise invalid("tenant_id", "there is no such tenant; see `posternctl tenant list`")
            own = {domain.name for domain in domain_table.of_tenant(tx.conn, request.tenant_id)}
            strange = [name for name in domains if name not in own]
            if strange:
                raise invalid("allowed_domains", f"{strange[0]} is no domain of this tenant")
            expires_ms = parse_iso(request.expires_at) if request.expires_at else tx.now_ms + LIFE_DEFAULT_MS
            if expires_ms <= tx.now_ms:
                raise invalid("expires_at", "give a time to come")
            row = EnrollmentKeyRow(
                id=key.id,
                tenant_id=request.tenant_id,
                label=request.label,
                digest=key.digest,
                scopes=pack(sorted({scope.value for scope in request.scopes})),
                domains=pack(domains),
                max_mailboxes=request.max_mailboxes,
                reusable=int(request.reusable),
                expires_ms=expires_ms,
                created_ms=tx.now_ms,
            )
            enrollment.add(tx, row)
            data = EnrollmentKeyMinted(**shown(row).model_dump(), enrollment_token=key.text)
            return Change(data=data, target=key.id, tenant=row.tenant_id, secret=key.text)

        return await self._mutations.run(call, "key:mint", change)

    async def list(self, call: Call, query: TenantQuery) -> Listed[EnrollmentKey]:
        before = self._cursors.before("keys", query)
        rows = await self._database.read(lambda conn: enrollment.listing(conn, query.tenant, before, query.limit + 1))
        return self._cursors.listed("keys", query, rows, lambda row: row.n, shown)

    async def get(self, call: Call, key: str) -> EnrollmentKey:
        row = await self._database.read(lambda conn: enrollment.get(conn, key))
        if row is None:
            raise not_found("enrollment key")
        return shown(row)

    async def revoke(self, call: Call, key: str) -> Done[EnrollmentKey]:
        """Revoke a key: it redeems and creates no more. The agent keys that came from it are keys of their own."""

        def change(tx: Tx) -> Change[EnrollmentKey]:
            enrollment.revoke(tx, key)
            row = enrollment.get(tx.conn, key)
            if row is None:
                raise not_found("enrollment key")
            return Change(data=shown(row), target=key, tenant=row.tenant_id)

        return await self._mutations.run(call, "key:revoke", change)


def shown(row: EnrollmentKeyRow) -> EnrollmentKey:
    """Return a key as it is told, without its digest."""
    return EnrollmentKey(
        id=row.id,
        tenant_id=row.tenant_id,
        label=row.label,
        prefix=key_prefix(KeyKind.ENROLL, row.id),
        scopes=unpack(row.scopes),
        allowed_domains=unpack(row.domains),
        max_mailboxes=row.max_mailboxes,
        used_count=row.used_count,
        reusable=bool(row.reusable),
        expires_at=iso(row.expires_ms),
        revoked=row.revoked_ms is not None,
        created_at=iso(row.created_ms),
    )
