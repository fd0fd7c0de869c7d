"""From the store to the name server: what changed in a transaction is pushed after its commit, and acknowledged.

A zone is read and pushed under its lock, so the last push of a zone is of its last state. A change announced while one
waits for the lock needs no push of its own.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from functools import partial
from weakref import WeakValueDictionary

from daemon.audit import append
from daemon.backends.protocols import Feed, NotPublished, ZoneServer
from daemon.clock import HOUR_MS, SECOND_MS
from daemon.keys import Place
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.domains.building import ZoneBuilder
from daemon.service.mutations import entry
from daemon.service.tools import Service, Tools
from daemon.store import domains, zones
from daemon.store.database import Tx
from daemon.store.domains import ExtraRow
from daemon.store.zones import SecondaryRow, ZoneRow
from zones.fields import BadRecord
from zones.mailzone import Extra
from zones.name import BadName
from zones.packed import pack
from zones.serial import after, is_newer
from zones.zone import BadZone

READ_AT_ONCE_ZONES = 200
RESTORED_AHEAD_MS = HOUR_MS  # many changes within a second put a serial ahead of the clock: this far, at the most

log = logging.getLogger("postern.zones")


class Publisher(Service):
    """Has the name server answer from what is committed."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.builder = ZoneBuilder(tools.settings)
        self._server: ZoneServer | None = None
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._waiting: set[str] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._keys_changed, self._keys_lock = False, asyncio.Lock()

    async def prepare(self) -> None:
        """Have our own zone, and raise the serial of each zone that was last made of other settings.

        What comes out of a backup is raised beyond all that its secondaries may have seen of it since.
        """

        def change(tx: Tx) -> None:
            for row in zones.every(tx.conn):
                if row.domain is None and row.name != self.builder.base:
                    zones.remove(tx, row.name)
                elif row.made_of != self.builder.made_of:
                    ahead_ms = RESTORED_AHEAD_MS if row.made_of == zones.RESTORED else 0
                    serial = next_serial(row.serial, tx.now_ms + ahead_ms)
                    zones.set_serial(tx, row.name, serial, self.builder.made_of)
            if zones.get(tx.conn, self.builder.base) is None:
                self.add(tx, self.builder.base, None)

        await self._database.write(change)

    async def attach(self, server: ZoneServer) -> None:
        """Publish to this server from now on."""
        await self._set_keys(server)
        self._server = server

    def detach(self) -> None:
        """Publish to nobody any more."""
        self._server = None

    async def source(self) -> AsyncIterator[Feed]:
        """Yield every zone as it is now."""
        names = await self._database.read(zones.names)
        for at in range(0, len(names), READ_AT_ONCE_ZONES):
            some = names[at : at + READ_AT_ONCE_ZONES]
            for feed in await self._database.read(lambda conn: [self._feed(conn, name) for name in some]):  # noqa: B023  read at once
                if feed is not None:
                    yield feed

    def add(self, tx: Tx, name: str, domain: str | None) -> None:
        """Serve a zone from this transaction's commit on."""
        row = ZoneRow(
            name=name,
            domain=domain,
            serial=next_serial(0, tx.now_ms),
            made_of=self.builder.made_of,
            updated_ms=tx.now_ms,
        )
        zones.add(tx, row)
        tx.on_commit(partial(self._begin, name))

    def announce(self, tx: Tx, *names: str) -> None:
        """Raise the serials of zones that this transaction changes, or removes; they are pushed after its commit."""
        for name in names:
            row = zones.get(tx.conn, name)
            if row is not None:
                zones.set_serial(tx, name, next_serial(row.serial, tx.now_ms), self.builder.made_of)
            tx.on_commit(partial(self._begin, name))

    async def set_extra_records(self, domain: str, source: str, extras: Sequence[Extra]) -> None:
        """Have these be the records that a send backend, `source`, wants published for a domain, and no others.

        Returns when they are answered. Raises `BadZone`, `BadRecord` or `BadName` for what cannot stand there.
        """
        rows = [ExtraRow(domain=domain, source=source, name=one.name, type=one.type, data=one.data) for one in extras]

        def change(tx: Tx) -> None:
            row = domains.get(tx.conn, domain)
            if row is None or [one for one in domains.extras(tx.conn, domain) if one.source == source] == rows:
                return
            domains.set_extras(tx, domain, source, rows)
            zone = zones.get(tx.conn, self.builder.zone_of(row))
            if zone is not None:
                self.builder.zone(tx.conn, zone)  # raises what undoes this
                self.announce(tx, zone.name)
            call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
            append(tx, entry(call, "domain:set_extra_records", row.tenant_id, f"{domain} {source}"))

        await self._database.write(change)
        await self.published()

    def announce_keys(self, tx: Tx, name: str) -> None:
        """Push the keys of secondaries, and who may have a zone."""

        def begin() -> None:
            self._keys_changed = True
            self._begin(name)

        tx.on_commit(begin)

    async def published(self, *names: str) -> None:
        """Return when what was announced of these zones, or of any, is what is answered."""
        tasks = [task for task, name in self._under_way.items() if not names or name in names]
        if tasks:
            await asyncio.wait(tasks)

    def _begin(self, name: str) -> None:
        if self._server is None or name in self._waiting:
            return
        self._waiting.add(name)
        task = asyncio.create_task(self._push(self._server, name))
        self._under_way[task] = name
        task.add_done_callback(self._under_way.pop)

    async def _push(self, server: ZoneServer, name: str) -> None:
        lock = self._locks.setdefault(name, asyncio.Lock())
        try:
            async with lock:
                self._waiting.discard(name)
                await self._push_keys(server)
                feed = await self._database.read(lambda conn: self._feed(conn, name))
                await (server.remove(f"{name}.") if feed is None else server.publish(feed))
        except NotPublished as problem:
            log.warning("a change of a zone is not answered yet", extra={"zone": name, "why": str(problem)})
        except Exception:  # the store has it, and the next feed takes it along
            log.exception("a zone could not be published", extra={"zone": name})

    async def _push_keys(self, server: ZoneServer) -> None:
        """Push the keys, if they have changed; return when they are known."""
        async with self._keys_lock:
            if self._keys_changed:
                self._keys_changed = False
                await self._set_keys(server)

    async def _set_keys(self, server: ZoneServer) -> None:
        rows = await self._database.read(zones.all_secondaries)
        await server.set_keys({f"{row.key_name}.": self.tsig_secret(row) for row in rows})

    def tsig_secret(self, row: SecondaryRow) -> str:
        """Return the key that a secondary shares with us, in base64."""
        return self._keyring.unseal(tsig_place(row.id), row.sealed).decode()

    def _feed(self, conn: sqlite3.Connection, name: str) -> Feed | None:
        row = zones.get(conn, name)
        if row is None:
            return None
        try:
            packed = pack(self.builder.zone(conn, row))
        except (BadZone, BadRecord, BadName):
            log.exception("a zone cannot be made, and is not served", extra={"zone": name})
            return None
        others = zones.secondaries(conn, name)
        return Feed(
            packed,
            f"{name}.",
            allow=[{"key": f"{one.key_name}.", "networks": [one.host]} for one in others],
            notify=[{"host": one.host, "port": one.port, "key": f"{one.key_name}."} for one in others],
        )


def next_serial(last: int, now_ms: int) -> int:
    """Return the serial that comes after: the time in seconds, if that is newer (RFC 1982)."""
    now = now_ms // SECOND_MS % 2**32
    return now if is_newer(now, last) or last == 0 else after(last)


def tsig_place(secondary_id: str) -> Place:
    """Return where a secondary's key lives."""
    return Place("", "secondaries", secondary_id, "sealed")
