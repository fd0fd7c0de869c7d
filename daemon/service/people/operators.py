"""Remote operators. The local one is whoever may open the control socket, and has no row."""

from __future__ import annotations

from daemon.api.common import PageQuery
from daemon.api.operators import Operator, OperatorCreate, OperatorMinted
from daemon.clock import iso, iso_or_none, parse_iso
from daemon.errors import invalid, not_found
from daemon.events import Event
from daemon.keys import KeyKind, key_prefix, mint
from daemon.service.context import Call, Done, Listed
from daemon.service.mutations import Change
from daemon.service.tools import Service
from daemon.store import operators
from daemon.store.database import Tx
from daemon.store.operators import OperatorRow


class Operators(Service):
    """The noun `operator`."""

    async def create(self, call: Call, request: OperatorCreate) -> Done[OperatorMinted]:
        key = mint(KeyKind.OPERATOR, self._ids)

        def change(tx: Tx) -> Change[OperatorMinted]:
            expires_ms = parse_iso(request.expires_at) if request.expires_at else None
            if expires_ms is not None and expires_ms <= tx.now_ms:
                raise invalid("expires_at", "give a time to come")
            row = OperatorRow(
                id=key.id, name=request.name, digest=key.digest, expires_ms=expires_ms, created_ms=tx.now_ms
            )
            operators.add(tx, row)
            data = OperatorMinted(**_shown(row).model_dump(), operator_key=key.text)
            return Change(data=data, target=key.id, tenant=None, secret=key.text)

        return await self._mutations.run(call, "operator:create", change)

    async def list(self, call: Call, query: PageQuery) -> Listed[Operator]:
        before = self._cursors.before("operators", query)
        rows = await self._database.read(lambda conn: operators.listing(conn, before, query.limit + 1))
        return self._cursors.listed("operators", query, rows, lambda row: row.n, _shown)

    async def get(self, call: Call, operator: str) -> Operator:
        row = await self._database.read(lambda conn: operators.get(conn, operator))
        if row is None:
            raise not_found("operator")
        return _shown(row)

    async def revoke(self, call: Call, operator: str) -> Done[Operator]:
        def change(tx: Tx) -> Change[Operator]:
            operators.revoke(tx, operator)
            row = operators.get(tx.conn, operator)
            if row is None:
                raise not_found("operator")
            tx.on_commit(lambda: self._bus.publish(Event(operator, "access.changed")))
            return Change(data=_shown(row), target=operator, tenant=None)

        return await self._mutations.run(call, "operator:revoke", change)


def _shown(row: OperatorRow) -> Operator:
    return Operator(
        id=row.id,
        name=row.name,
        prefix=key_prefix(KeyKind.OPERATOR, row.id),
        expires_at=iso_or_none(row.expires_ms),
        revoked=row.revoked_ms is not None,
        created_at=iso(row.created_ms),
    )
