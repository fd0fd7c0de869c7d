"""Other name servers that serve our zones: each has a key of its own, and is told of every change."""

from __future__ import annotations

import base64
import ipaddress

from daemon.api.common import Deleted, PageQuery
from daemon.api.zones import Secondary, SecondaryMinted, SecondaryPut, SecondaryQuery
from daemon.clock import iso
from daemon.errors import invalid, not_found
from daemon.service.context import Call, Done, Listed
from daemon.service.domains.publishing import Publisher, tsig_place
from daemon.service.domains.zones import known_zone
from daemon.service.mutations import Change
from daemon.service.tools import Service, Tools
from daemon.store import zones
from daemon.store.database import Tx
from daemon.store.zones import SecondaryRow

KEY_OCTETS = 32  # as long as HMAC-SHA256's output (RFC 2104, 3)
KEY_LETTERS = 6


class Secondaries(Service):
    """The noun `secondary`."""

    def __init__(self, tools: Tools, publisher: Publisher) -> None:
        super().__init__(tools)
        self._publisher = publisher
        self.listens_at: str | None = None

    async def list(self, call: Call, zone: str, query: PageQuery) -> Listed[Secondary]:
        row = await self._database.read(lambda conn: known_zone(conn, zone))
        what = f"secondaries of {row.name}"
        before = self._cursors.before(what, query)
        rows = await self._database.read(
            lambda conn: zones.page_of_secondaries(conn, row.name, before, query.limit + 1)
        )
        return self._cursors.listed(what, query, rows, lambda one: one.n, _shown)

    async def put(self, call: Call, zone: str, request: SecondaryPut) -> Done[SecondaryMinted]:
        """Add a secondary, or give the one of that name another address; either way with a new key."""
        try:
            host = str(ipaddress.ip_address(request.host))
        except ValueError:
            raise invalid("host", "give the address that it asks from, for instance 192.0.2.53") from None
        if "%" in host:
            raise invalid("host", "give an address without a scope")
        secret = base64.b64encode(self._ids.random_bytes(KEY_OCTETS)).decode()

        def change(tx: Tx) -> Change[SecondaryMinted]:
            name = known_zone(tx.conn, zone).name
            key_name = f"{request.name}-{self._ids.bare()[:KEY_LETTERS]}.postern"  # one key a zone, so no two are alike
            secondary_id = self._ids.new("secondary")
            row = SecondaryRow(
                id=secondary_id,
                zone=name,
                name=request.name,
                host=host,
                port=request.port,
                key_name=key_name,
                sealed=self._keyring.seal(tsig_place(secondary_id), secret.encode()),
                created_ms=tx.now_ms,
            )
            zones.remove_secondary(tx, name, request.name)
            zones.add_secondary(tx, row)
            self._publisher.announce_keys(tx, name)
            data = SecondaryMinted(**_shown(row).model_dump(), secret=secret, primary=self.listens_at)
            return Change(data=data, target=f"{name} {row.name}", tenant=None, secret=secret)

        done = await self._mutations.run(call, "secondary:put", change)
        await self._publisher.published(done.data.zone)
        return done

    async def delete(self, call: Call, zone: str, query: SecondaryQuery) -> Done[Deleted]:
        """Forget a secondary: its key opens nothing any more."""

        def change(tx: Tx) -> Change[Deleted]:
            name = known_zone(tx.conn, zone).name
            if zones.secondary(tx.conn, name, query.name) is None:
                raise not_found("secondary")
            zones.remove_secondary(tx, name, query.name)
            self._publisher.announce_keys(tx, name)
            return Change(data=Deleted(id=query.name), target=f"{name} {query.name}", tenant=None)

        done = await self._mutations.run(call, "secondary:delete", change)
        await self._publisher.published()
        return done


def _shown(row: SecondaryRow) -> Secondary:
    return Secondary(
        name=row.name,
        zone=row.zone,
        host=row.host,
        port=row.port,
        key_name=row.key_name,
        created_at=iso(row.created_ms),
    )
