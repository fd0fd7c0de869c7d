"""Mail domains."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from daemon.api.common import Deleted, TenantQuery
from daemon.api.domains import DkimSelector, Domain, DomainCreate, DomainDeleteQuery, DomainRecord, DomainWhole
from daemon.clock import iso, iso_or_none
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.events import Event
from daemon.service.addresses import normal_domain
from daemon.service.context import Call, Done, Listed
from daemon.service.domains.checking import DomainChecks, changed
from daemon.service.domains.dkim import DkimKeys, MadeKey
from daemon.service.domains.naming import mail_domain, refuse_related
from daemon.service.domains.publishing import Publisher
from daemon.service.domains.rotating import TOPIC, Rotation
from daemon.service.domains.rotation import State
from daemon.service.domains.told import next_of
from daemon.service.domains.verdicts import OURS_TO_ANSWER, Finding, plain, shown
from daemon.service.mailboxes.inbox_removal import remove_inboxes_wholly
from daemon.service.mailboxes.senders import Senders
from daemon.service.mutations import Change
from daemon.service.tools import Service, Tools
from daemon.store import domains, tenants
from daemon.store.database import Tx
from daemon.store.domains import DomainRow
from daemon.store.rows import unpack
from zones.labels import to_text
from zones.records import RRset, type_name


class Domains(Service):
    """The noun `domain`."""

    def __init__(
        self,
        tools: Tools,
        publisher: Publisher,
        checks: DomainChecks,
        rotation: Rotation,
        keys: DkimKeys,
        senders: Senders,
    ) -> None:
        super().__init__(tools)
        self._senders = senders
        self._publisher, self._checks, self._rotation, self._keys = publisher, checks, rotation, keys

    async def create(self, call: Call, request: DomainCreate) -> Done[DomainWhole]:
        """Add a domain: its zone is served at once, and looked for in the background until it is set up.

        Raises `PosternError`: `validation_failed` for what can be no mail domain, `conflict` when it is taken, gets
        its mail elsewhere, or is a CNAME.
        """
        name = mail_domain("name", request.name, self._settings.base_domain)
        await self._database.read(lambda conn: self._refuse(conn, name, request.tenant_id))
        warning: str | None = None
        made: tuple[MadeKey, ...] = ()
        if request.mode != "purchased":
            refused, warning = await self._checks.refusal(name)
            if refused:
                raise PosternError(Code.CONFLICT, refused)
            made = await self._keys.made()

        def change(tx: Tx) -> Change[DomainWhole]:
            self._refuse(tx.conn, name, request.tenant_id)
            waits = request.mode != "purchased"
            row = DomainRow(
                name=name,
                tenant_id=request.tenant_id,
                mode=request.mode,
                status="pending" if waits else "requested",
                status_ms=tx.now_ms,
                problem=warning,
                check_ms=tx.now_ms if waits else None,
                created_ms=tx.now_ms,
            )
            domains.add(tx, row)
            if waits:
                self._serve(tx, row, made)
            return Change(data=self._whole(tx.conn, _known(tx.conn, name)), target=name, tenant=row.tenant_id)

        return await self._published(await self._mutations.run(call, "domain:create", change), name)

    async def list(self, call: Call, query: TenantQuery) -> Listed[Domain]:
        before = self._cursors.before("domains", query)
        rows = await self._database.read(lambda conn: domains.listing(conn, query.tenant, before, query.limit + 1))
        return self._cursors.listed("domains", query, rows, lambda row: row.n, _shown)

    async def get(self, call: Call, name: str) -> DomainWhole:
        return await self._database.read(lambda conn: self._whole(conn, _known(conn, name)))

    async def verify(self, call: Call, name: str) -> Done[DomainWhole]:
        """Look at a domain now, and move it to the status that follows."""
        row = await self._database.read(lambda conn: _known(conn, name))
        looked = row.mode != "shared" and row.status != "requested"
        finding = await self._checks.finding(row) if looked else Finding(None, row.problem)

        def change(tx: Tx) -> Change[DomainWhole]:
            settled = self._checks.settle(tx, row.name, finding)
            if settled is None:
                raise not_found("domain")
            now, was = settled
            reason = changed(now, was) if was != now.status else None
            return Change(data=self._whole(tx.conn, now), target=now.name, tenant=now.tenant_id, reason=reason)

        return await self._mutations.run(call, "domain:verify", change)

    async def rotate_dkim(self, call: Call, name: str) -> Done[DomainWhole]:
        """Publish new keys, which sign in some hours. Raises `conflict` while a rotation is under way."""
        row = await self._database.read(lambda conn: _known(conn, name))
        made = await self._keys.made()

        def change(tx: Tx) -> Change[DomainWhole]:
            now = _known(tx.conn, row.name)
            turn = self._rotation.begin(tx, now, made)
            tx.on_commit(self._nudge)
            data = self._whole(tx.conn, _known(tx.conn, row.name))
            return Change(data=data, target=now.name, tenant=now.tenant_id, reason=turn)

        done = await self._mutations.run(call, "domain:rotate_dkim", change)
        return await self._published(done, self._publisher.builder.zone_of(row))

    async def advance(self, call: Call, name: str) -> Done[DomainWhole]:
        """Move a purchased domain on: it is registered, so it is served; it is live, so mail may come."""
        row = await self._database.read(lambda conn: _known(conn, name))
        made = await self._keys.made() if row.status == "requested" else ()

        def change(tx: Tx) -> Change[DomainWhole]:
            was = _known(tx.conn, row.name)
            status = {"requested": "registered", "registered": "live"}.get(was.status)
            if was.mode != "purchased" or status is None:
                raise PosternError(Code.CONFLICT, f"{was.name} is {was.mode} and {was.status}: nothing to move on.")
            now = replace(was, status=status, status_ms=tx.now_ms, check_ms=tx.now_ms)
            domains.settle(tx, now)
            if status == "registered":
                self._serve(tx, now, made or None)
            tx.on_commit(self._nudge)
            data = self._whole(tx.conn, _known(tx.conn, row.name))
            return Change(data=data, target=now.name, tenant=now.tenant_id, reason=f"{was.status} → {status}")

        return await self._published(await self._mutations.run(call, "domain:advance", change), row.name)

    async def delete(self, call: Call, name: str, query: DomainDeleteQuery) -> Done[Deleted]:
        """Remove a domain with its mailboxes; when there are some, `confirm` has to repeat its name."""

        def change(tx: Tx) -> Change[Deleted]:
            row = _known(tx.conn, name)
            if row.mode == "shared":
                raise PosternError(Code.CONFLICT, f"{row.name} is its tenant's own, and goes with it.")
            inboxes = domains.inboxes_on(tx.conn, row.name)
            if inboxes and query.confirm != row.name:
                raise invalid("confirm", f"repeat {row.name} to delete the mail in its {len(inboxes)} mailboxes")
            self._senders.leave(tx, call, row.tenant_id, domains.addresses_on(tx.conn, row.name))
            remove_inboxes_wholly(tx, self._bus, inboxes)
            domains.remove(tx, row.name)
            self._publisher.announce_keys(tx, row.name)
            return Change(data=Deleted(id=row.name), target=row.name, tenant=row.tenant_id)

        done = await self._mutations.run(call, "domain:delete", change)
        await self._publisher.published()
        await self._senders.left(call)
        return done

    def _refuse(self, conn: sqlite3.Connection, name: str, tenant_id: str) -> None:
        if tenants.get(conn, tenant_id) is None:
            raise invalid("tenant_id", "there is no such tenant; see `posternctl tenant list`")
        refuse_related(conn, name, tenant_id)

    def _serve(self, tx: Tx, row: DomainRow, made: tuple[MadeKey, ...] | None) -> None:
        """Give a domain its first keys and, where we are to answer for it, its zone."""
        if made is None:
            raise PosternError(Code.CONFLICT, f"{row.name} was moved on by somebody else. Look at it, and try again.")
        self._keys.add(tx, row, made, State.SIGNING)
        self._keys.schedule(tx, row)
        if row.mode in OURS_TO_ANSWER:
            self._publisher.add(tx, row.name, row.name)
        tx.on_commit(self._nudge)

    def _nudge(self) -> None:
        self._bus.publish(Event(TOPIC, "due"))

    async def _published(self, done: Done[DomainWhole], zone: str) -> Done[DomainWhole]:
        await self._publisher.published(zone)
        return done

    def _whole(self, conn: sqlite3.Connection, row: DomainRow) -> DomainWhole:
        keys = domains.keys(conn, row.name)
        return DomainWhole(
            **_shown(row).model_dump(),
            next=next_of(row, self._settings.nameserver_names),
            to_add=[*self._to_add(conn, row)],
            dkim=[
                DkimSelector(selector=one.selector, algorithm=one.algorithm, state=one.state, since=iso(one.state_ms))
                for one in keys
            ],
            dkim_next_at=iso_or_none(row.dkim_ms),
            mailboxes=domains.count_inboxes(conn, row.name),
        )

    def _to_add(self, conn: sqlite3.Connection, row: DomainRow) -> Sequence[DomainRecord]:
        """Return the records that somebody else has to add."""
        if row.mode in OURS_TO_ANSWER:
            return _records(self._publisher.builder.delegation(row.name), {})
        if row.mode == "manual":
            return _records(self._publisher.builder.mail_rrsets(conn, row.name), unpack(row.findings))
        return []


def _records(rrsets: list[RRset], findings: dict[str, tuple[str, list[str]]]) -> list[DomainRecord]:
    found = {shown(one, data): findings.get(shown(one, data)) for one in rrsets for data in one.data}
    return [
        DomainRecord(
            name=to_text(one.name).removesuffix("."),
            type=type_name(one.type),
            ttl=one.ttl,
            data=plain(one, data),
            status=(found[shown(one, data)] or ("unchecked", []))[0],  # type: ignore[arg-type]  # as `verdicts` has it
            found=(found[shown(one, data)] or ("unchecked", []))[1],
        )
        for one in rrsets
        for data in one.data
    ]


def _known(conn: sqlite3.Connection, name: str) -> DomainRow:
    row = domains.get(conn, normal_domain(name) or name)
    if row is None:
        raise not_found("domain")
    return row


def _shown(row: DomainRow) -> Domain:
    return Domain(
        id=row.name,
        name=row.name,
        tenant_id=row.tenant_id,
        mode=row.mode,
        status=row.status,
        problem=row.problem,
        checked_at=iso_or_none(row.checked_ms),
        created_at=iso(row.created_ms),
    )
