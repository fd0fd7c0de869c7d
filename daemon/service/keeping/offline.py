"""What is done with no daemon running: a backup verified or restored, the master keys kept for bad days."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon import archive
from daemon.api.backups import BackupVerification
from daemon.archive import ArchiveError, Header
from daemon.audit import verify
from daemon.keys import Keyring, KeyringError, key_file, load_keyring, put_key_file
from daemon.service.keeping.backups import KIND
from daemon.store import keyring as keyring_table
from daemon.store import zones
from daemon.store.database import connect_read_only, damage

RECOVERY_KIND = "recovery"
RECOVERY_MAX_BYTES = 64 * 1024


def verify_backup(path: Path, passphrase: str | None, home: Path) -> BackupVerification:
    """Restore a backup into a temporary place, and check file, database and audit chain.

    Signatures of the audit log are checked where `home` has the master key. Raises `ArchiveError` and `OSError` when it
    cannot be read at all.
    """
    head = _backup(path)
    with _unpacked(path, head, passphrase, None) as database:
        return _verified(database, head, home)


def restore_backup(path: Path, passphrase: str | None, home: Path, database: Path) -> BackupVerification:
    """Put the database of a backup where there is none, after it was checked. Raises `ArchiveError` and `OSError`."""
    if database.exists():
        raise ArchiveError(f"{database} is there already. Name an empty --data-dir, or move that file away first.")
    head = _backup(path)
    with _unpacked(path, head, passphrase, home) as unpacked:
        found = _verified(unpacked, head, home)
        if found.ok:
            zones.note_restored(unpacked)
            with unpacked.open("rb") as written:
                os.fsync(written.fileno())
            unpacked.rename(database)
    return found


def write_recovery(home: Path, target: Path, passphrase: str) -> None:
    """Write the master keys to a new file under a passphrase. Raises `ArchiveError` and `OSError`."""
    source = key_file(home)
    if not source.exists():
        raise ArchiveError(f"There is no master key in {home}. It is made when the daemon starts for the first time.")
    with archive.new_file(target) as out:
        archive.write(out, RECOVERY_KIND, {}, [source.read_bytes()], passphrase)
        out.flush()
        os.fsync(out.fileno())


def recover_keys(path: Path, passphrase: str, home: Path) -> Path:
    """Put the master keys of a recovery file where there are none. Raises `ArchiveError` and `OSError`."""
    if archive.check(path).kind != RECOVERY_KIND:
        raise ArchiveError(f"{path.name} is no recovery file.")
    content = bytearray()
    with path.open("rb") as source:
        for piece in archive.read(source, passphrase):
            content += piece
            if len(content) > RECOVERY_MAX_BYTES:
                raise ArchiveError(f"{path.name} is no recovery file.")
    try:
        return put_key_file(home, bytes(content))
    except KeyringError as problem:
        raise ArchiveError(str(problem)) from None


def _backup(path: Path) -> Header:
    head = archive.check(path)
    if head.kind != KIND:
        raise ArchiveError(f"{path.name} is no backup, but a {head.kind} file.")
    return head


@contextmanager
def _unpacked(path: Path, head: Header, passphrase: str | None, beside: Path | None) -> Iterator[Path]:
    """Unpack into a private place that is gone afterwards; `beside` a data directory, so that it can be moved there."""
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=beside) as place:
        target, digest = Path(place) / "postern.db", hashlib.sha256()
        with path.open("rb") as source, archive.new_file(target) as out:
            for piece in archive.read(source, passphrase):
                digest.update(piece)
                out.write(piece)
        if digest.hexdigest() != head.meta.get("database_sha256"):
            raise ArchiveError(f"{path.name} does not hold the database that it says it does. Use another copy.")
        yield target


def _verified(database: Path, head: Header, home: Path) -> BackupVerification:
    problem, lines, audit_head, signed = None, 0, None, False
    conn = connect_read_only(database)
    try:
        problem = damage(conn)
        if problem is None:
            keyring = _keys(conn, home)
            verdict = verify(conn, keyring)
            lines, audit_head, signed = verdict.lines, verdict.head, keyring is not None
            if not verdict.ok:
                problem = f"the audit chain is broken at line {verdict.first_bad_seq}: {verdict.reason}"
            elif (lines, audit_head) != (head.meta["audit_seq"], head.meta["audit_head"] or audit_head):
                problem = "the audit log does not end where the backup says it does"
    except sqlite3.DatabaseError as fault:
        problem = f"the database is damaged: {fault}"
    finally:
        conn.close()
    return BackupVerification(
        ok=problem is None,
        id=head.meta["id"],
        created_at=head.meta["created_at"],
        encrypted=head.encrypted,
        problem=problem,
        audit_lines=lines,
        audit_head=audit_head,
        signatures_checked=signed,
        tenants=head.meta["tenants"],
        mailboxes=head.meta["mailboxes"],
        messages=head.meta["messages"],
    )


def _keys(conn: sqlite3.Connection, home: Path) -> Keyring | None:
    """Return the master keys of a data directory if they are this database's."""
    if not key_file(home).exists():
        return None
    try:
        return load_keyring(home, keyring_table.check_values(conn))
    except KeyringError:
        return None
