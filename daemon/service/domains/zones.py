"""Zones as operators see and change them: what is managed is made of domains; what they add stands beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence

from daemon.api import zones as api
from daemon.api.common import PageQuery
from daemon.api.zones import (
    TTL_DEFAULT_SECONDS,
    ZoneChange,
    ZoneImport,
    ZoneRecord,
    ZoneRecordQuery,
    ZoneRecordSet,
    ZoneWhole,
)
from daemon.clock import iso
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.service.addresses import normal_domain
from daemon.service.context import Call, Done, Listed
from daemon.service.domains.building import ZoneBuilder, as_rows, as_rrset, conflict, with_added
from daemon.service.domains.publishing import Publisher
from daemon.service.mutations import Change
from daemon.service.tools import Service, Tools
from daemon.store import zones
from daemon.store.database import Tx
from daemon.store.zones import RecordRow, ZoneRow
from zones.changes import Change as Difference
from zones.changes import difference
from zones.fields import BadRecord
from zones.labels import Name, from_text, to_text
from zones.mailzone import absolute
from zones.name import BadName
from zones.records import NS, SOA, RRset, data_text, type_code, type_name
from zones.zone import BadZone, Zone
from zones.zonefile import ZoneFileError, export, records

PROBLEMS_TOLD = 5


class Zones(Service):
    """The noun `zone`."""

    def __init__(self, tools: Tools, publisher: Publisher) -> None:
        super().__init__(tools)
        self._publisher = publisher

    @property
    def _builder(self) -> ZoneBuilder:
        return self._publisher.builder

    async def list(self, call: Call, query: PageQuery) -> Listed[api.Zone]:
        before = self._cursors.before("zones", query)
        rows = await self._database.read(lambda conn: zones.listing(conn, before, query.limit + 1))
        return self._cursors.listed("zones", query, rows, lambda row: row.n, _shown)

    async def get(self, call: Call, name: str) -> ZoneWhole:
        def look(conn: sqlite3.Connection) -> ZoneWhole:
            row = known_zone(conn, name)
            return ZoneWhole(**_shown(row).model_dump(), text=export(self._builder.zone(conn, row)))

        return await self._database.read(look)

    async def records(self, call: Call, name: str, query: PageQuery) -> Listed[ZoneRecord]:
        """List what operators added, newest first."""
        zone = await self._database.read(lambda conn: known_zone(conn, name))
        what = f"records of {zone.name}"
        before = self._cursors.before(what, query)

        def look(conn: sqlite3.Connection) -> tuple[Zone, list[RecordRow]]:
            return self._builder.managed(conn, zone), zones.page_of_records(conn, zone.name, before, query.limit + 1)

        managed, rows = await self._database.read(look)
        return self._cursors.listed(what, query, rows, lambda row: row.n, lambda row: _record(managed, row))

    async def load(self, call: Call, name: str, request: ZoneImport) -> Done[ZoneChange] | ZoneChange:
        """Import a zone file. Raises `validation_failed` for what is none, `conflict` against what is managed."""

        zone = await self._database.read(lambda conn: known_zone(conn, name))
        given = await asyncio.to_thread(_read, request.text, absolute(zone.name))  # which may take a while

        def wanted(managed: Zone, added: Sequence[RRset]) -> Sequence[RRset]:
            return [*(added if request.add else ()), *_unmanaged(managed, given)]

        return await self._change(call, "zone:import", name, wanted, dry_run=request.dry_run)

    async def set_records(self, call: Call, name: str, request: ZoneRecordSet) -> Done[ZoneChange] | ZoneChange:
        """Have these be the added records of a name and type."""

        def wanted(managed: Zone, added: Sequence[RRset]) -> Sequence[RRset]:
            owner, rrtype = _owner(managed.origin, request.name), _type(request.type)
            lines = "".join(f"{to_text(owner)} {request.ttl} IN {request.type} {data}\n" for data in request.data)
            try:
                given = [one for _, one in records(lines, managed.origin)]
            except ZoneFileError as problem:
                raise invalid("data", str(problem).partition(": ")[2]) from None
            if len(given) != len(request.data) or any((one.name, one.type) != (owner, rrtype) for one in given):
                raise invalid("data", "give the data of one record in each, without line breaks")
            return [*_others(added, owner, rrtype), *given]

        return await self._change(call, "zone:set_records", name, wanted, dry_run=request.dry_run)

    async def delete_records(self, call: Call, name: str, query: ZoneRecordQuery) -> Done[ZoneChange] | ZoneChange:
        """Remove the added records of a name and type. Raises `not_found` when there are none."""

        def wanted(managed: Zone, added: Sequence[RRset]) -> Sequence[RRset]:
            owner, rrtype = _owner(managed.origin, query.name), _type(query.type)
            rest = _others(added, owner, rrtype)
            if len(rest) == len(added):
                raise not_found("record that was added")
            return rest

        return await self._change(call, "zone:delete_records", name, wanted, dry_run=query.dry_run)

    async def _change(
        self,
        call: Call,
        effect: str,
        name: str,
        wanted: Callable[[Zone, Sequence[RRset]], Sequence[RRset]],
        *,
        dry_run: bool,
    ) -> Done[ZoneChange] | ZoneChange:
        """Replace what operators added by what `wanted` makes of it, or only tell what that would change."""

        def planned(conn: sqlite3.Connection) -> tuple[ZoneRow, Sequence[RRset], Difference]:
            row = known_zone(conn, name)
            managed = self._builder.managed(conn, row)
            rrsets = wanted(managed, list(map(as_rrset, zones.records(conn, row.name))))
            _refuse_conflicts(managed, rrsets)
            try:
                new = with_added(managed, rrsets)
            except BadZone as problem:
                raise PosternError(Code.VALIDATION_FAILED, str(problem)) from None
            return row, rrsets, difference(self._builder.zone(conn, row), new)

        if dry_run:
            row, _, change = await self._database.read(planned)
            return _changed(row, row.serial, change, dry_run=True)

        def apply(tx: Tx) -> Change[ZoneChange]:
            row, rrsets, change = planned(tx.conn)
            zones.set_records(tx, row.name, as_rows(row.name, rrsets))
            self._publisher.announce(tx, row.name)
            now = known_zone(tx.conn, row.name)
            told = _changed(row, now.serial, change, dry_run=False)
            reason = f"-{len(told.removed)} +{len(told.added)} records"
            return Change(data=told, target=row.name, tenant=None, reason=reason)

        done = await self._mutations.run(call, effect, apply)
        await self._publisher.published(done.data.zone)
        return done


def known_zone(conn: sqlite3.Connection, name: str) -> ZoneRow:
    """Return a zone by its name. Raises `PosternError` (`not_found`)."""
    row = zones.get(conn, normal_domain(name) or name)
    if row is None:
        raise not_found("zone")
    return row


def _read(text: str, origin: Name) -> list[RRset]:
    try:
        return [one for _, one in records(text, origin, TTL_DEFAULT_SECONDS)]
    except ZoneFileError as problem:
        raise invalid("text", str(problem)) from None


def _unmanaged(managed: Zone, given: Iterable[RRset]) -> list[RRset]:
    """Return what is left of a file without the SOA, and without what is managed as it stands there."""
    kept = []
    for one in given:
        there = managed.nodes.get(one.name, {}).get(one.type)
        if one.type == SOA and one.name == managed.origin:
            continue
        data = tuple(data for data in one.data if there is None or data not in there.data)
        if data:
            kept.append(one._replace(data=data))
    return kept


def _refuse_conflicts(managed: Zone, added: Sequence[RRset]) -> None:
    problems = list(dict.fromkeys(problem for one in added if (problem := conflict(managed, one)) is not None))
    if problems:
        more = len(problems) - PROBLEMS_TOLD
        told = "; ".join(problems[:PROBLEMS_TOLD]) + (f"; and {more} more" if more > 0 else "")
        hint = " Name servers are set with POSTERN_NAMESERVERS." if any(one.type == NS for one in added) else ""
        raise PosternError(Code.CONFLICT, f"{told}. Leave these records out.{hint}")


def _others(added: Sequence[RRset], owner: Name, rrtype: int) -> list[RRset]:
    return [one for one in added if (one.name, one.type) != (owner, rrtype)]


def _owner(origin: Name, text: str) -> Name:
    """Read a name: under the zone, or whole, which shows by a final dot or by its ending with the zone's own name."""
    bare = to_text(origin).removesuffix(".")
    try:
        if text.lower() == bare or text.lower().endswith(f".{bare}"):
            return absolute(text)
        return from_text(text, origin)
    except BadName as problem:
        raise invalid("name", str(problem)) from None


def _type(text: str) -> int:
    try:
        return type_code(text)
    except BadRecord as problem:
        raise invalid("type", str(problem)) from None


def _changed(row: ZoneRow, serial: int, change: Difference, *, dry_run: bool) -> ZoneChange:
    return ZoneChange(
        zone=row.name, serial=serial, removed=_lines(change.removed), added=_lines(change.added), dry_run=dry_run
    )


def _lines(rrsets: Iterable[RRset]) -> list[str]:
    return [line for one in rrsets for line in str(one).splitlines()]


def _record(managed: Zone, row: RecordRow) -> ZoneRecord:
    return ZoneRecord(
        name=to_text(row.name),
        type=type_name(row.type),
        ttl=row.ttl,
        data=data_text(row.type, row.data),
        problem=conflict(managed, as_rrset(row)),
    )


def _shown(row: ZoneRow) -> api.Zone:
    return api.Zone(name=row.name, domain=row.domain, serial=row.serial, updated_at=iso(row.updated_ms))
