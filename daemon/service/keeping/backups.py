"""Backups: the whole database as it was at one moment, in one checked file. The master key is never in it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from daemon import __version__, archive
from daemon.api.backups import Backup, BackupCreate
from daemon.api.common import Deleted, LinkRef, PageQuery
from daemon.api.messages import DownloadQuery
from daemon.archive import ArchiveError
from daemon.clock import iso
from daemon.errors import PosternError, not_found, unavailable
from daemon.service.context import Blob, Call, Done, Listed
from daemon.service.link_tokens import Purpose
from daemon.service.mutations import Change
from daemon.service.tools import Service, Tools
from daemon.store import audit, stats
from daemon.store.database import Tx, connect_read_only, copy_database

DIRECTORY = "backups"
SUFFIX = ".postern-backup"
KIND = "backup"
PARTIAL = ".partial"
COPY = ".copy"
ID_PREFIX = "backup"
MEDIA_TYPE = "application/octet-stream"
PIECE_BYTES = 1024 * 1024
_ID = re.compile(rf"{ID_PREFIX}_[a-z2-7]{{24}}")


class Backups(Service):
    """The noun `backup`. What there is stands in the files themselves; no row tells of them."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._one_at_a_time = asyncio.Lock()

    async def create(self, call: Call, request: BackupCreate) -> Done[Backup]:
        """Write a backup of what is committed now, beside everything that goes on. Raises `backend_unavailable`.

        The copy is taken in one read transaction, so it holds every mutation acknowledged before, and none in part.
        """
        backup_id = self._ids.new(ID_PREFIX)
        async with self._one_at_a_time:
            try:
                made = await asyncio.to_thread(self._write, backup_id, request.passphrase)
            except (OSError, sqlite3.Error) as problem:
                told = getattr(problem, "strerror", None) or str(problem)
                raise unavailable(
                    f"The backup could not be written ({told}). Check the disk of {self._place}."
                ) from None

        def change(tx: Tx) -> Change[Backup]:
            link = self._link(tx, call, backup_id) if call.wants_receipt else None
            return Change(data=made, target=backup_id, tenant=None, link=link)

        try:
            return await self._mutations.run(call, "backup:create", change)
        except PosternError:
            (self._place / f"{backup_id}{SUFFIX}").unlink(missing_ok=True)  # no backup without its line
            raise

    async def list(self, call: Call, query: PageQuery) -> Listed[Backup]:
        """List what is there, the newest first."""
        before = self._cursors.before("backups", query)
        found = await asyncio.to_thread(lambda: sorted(self._all(), key=lambda one: one[0], reverse=True))
        rows = [one for one in found if before is None or one[0] < before][: query.limit + 1]
        return self._cursors.listed("backups", query, rows, lambda row: row[0], lambda row: row[1])

    async def get(self, call: Call, backup: str) -> Backup:
        """Show one. Raises `not_found`."""
        return await asyncio.to_thread(lambda: _shown(self.path(backup)))

    async def content(self, call: Call, backup: str, query: DownloadQuery) -> Blob | Done[LinkRef]:
        """Hand one out, or make a one-time link to it. Raises `not_found`."""
        path = self.path(backup)
        if not query.link:
            return blob(path)

        def change(tx: Tx) -> Change[LinkRef]:
            made = self._link(tx, call, backup)
            return Change(data=made, target=made.id, tenant=None, link=made)

        return await self._mutations.run(call, "link:create", change)

    async def delete(self, call: Call, backup: str) -> Done[Deleted]:
        """Remove one."""
        path = self.path(backup)

        def change(tx: Tx) -> Change[Deleted]:
            tx.on_commit(lambda: path.unlink(missing_ok=True))
            return Change(data=Deleted(id=backup), target=backup, tenant=None)

        return await self._mutations.run(call, "backup:delete", change)

    def path(self, backup: str) -> Path:
        """Return where a backup is. Raises `not_found`."""
        return found(self._settings.home, backup)

    def _link(self, tx: Tx, call: Call, backup: str) -> LinkRef:
        last = audit.head(tx.conn)
        own_seq = 1 if last is None else last.seq + 1  # the line of this very change is the next one
        return self._mutations.issue(tx, call, own_seq, None, f"{DIRECTORY}/{backup}", purpose=Purpose.DOWNLOAD)

    @property
    def _place(self) -> Path:
        return self._settings.home / DIRECTORY

    def _all(self) -> Iterator[tuple[int, Backup]]:
        """Yield every backup that can be read, and for each the moment by which it is ordered."""
        for path in self._place.glob(f"*{SUFFIX}") if self._place.is_dir() else ():
            with suppress(OSError, ArchiveError, KeyError, PosternError):
                yield path.stat().st_mtime_ns, _shown(path)

    def _write(self, backup_id: str, passphrase: str | None) -> Backup:
        place = self._place
        place.mkdir(mode=0o700, exist_ok=True)
        for left in (*place.glob(f"*{PARTIAL}"), *place.glob(f"*{COPY}*")):  # by a run that was cut short
            left.unlink(missing_ok=True)
        copy, partial = place / f"{backup_id}{COPY}", place / f"{backup_id}{PARTIAL}"
        final = place / f"{backup_id}{SUFFIX}"
        try:
            needed = 2 * self._database.path.stat().st_size
            if shutil.disk_usage(place).free < needed:
                raise OSError(None, f"it needs {needed} bytes free")
            copy_database(self._database.path, copy)
            meta = {"id": backup_id, "created_at": iso(self._clock.now_ms()), **described(copy)}
            with archive.new_file(partial) as target:
                archive.write(target, KIND, meta, _pieces(copy), passphrase)
                target.flush()
                os.fsync(target.fileno())
            partial.rename(final)
            _sync_directory(place)
        finally:
            copy.unlink(missing_ok=True)
            partial.unlink(missing_ok=True)
        return _shown(final)


def found(home: Path, backup: str) -> Path:
    """Return where a backup of a data directory is. Raises `not_found`; an id names nothing outside its directory."""
    if not is_there(home, backup):
        raise not_found("backup")
    return _path(home, backup)


def is_there(home: Path, backup: str) -> bool:
    """Tell whether a data directory has a backup."""
    return _ID.fullmatch(backup) is not None and _path(home, backup).is_file()


def _path(home: Path, backup: str) -> Path:
    return home / DIRECTORY / f"{backup}{SUFFIX}"


def blob(path: Path) -> Blob:
    """Return a backup as it is handed out."""
    return Blob(path, MEDIA_TYPE, path.name, path.name)


def described(database: Path) -> dict[str, Any]:
    """Return what an archive says of the database in it."""
    conn = connect_read_only(database)
    try:
        head = audit.head(conn)
        counts = stats.counts(conn)
    finally:
        conn.close()
    digest = hashlib.sha256()
    for piece in _pieces(database):
        digest.update(piece)
    return {
        "version": __version__,
        "database_bytes": database.stat().st_size,
        "database_sha256": digest.hexdigest(),
        "audit_seq": 0 if head is None else head.seq,
        "audit_head": None if head is None else head.hash,
        "tenants": counts["tenants"],
        "mailboxes": counts["inboxes"],
        "messages": counts["messages"],
    }


def _shown(path: Path) -> Backup:
    with path.open("rb") as source:
        head = archive.header(source)
    return Backup(
        id=head.meta["id"],
        created_at=head.meta["created_at"],
        file=str(path),
        size_bytes=path.stat().st_size,
        encrypted=head.encrypted,
        audit_seq=head.meta["audit_seq"],
        version=head.meta["version"],
        tenants=head.meta["tenants"],
        mailboxes=head.meta["mailboxes"],
        messages=head.meta["messages"],
    )


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        yield from iter(lambda: _read(source), b"")


def _read(source: IO[bytes]) -> bytes:
    return source.read(PIECE_BYTES)


def _sync_directory(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
