"""One SQLite file: a writer thread with group commit, and read-only connections.

A mutation is a function of a `Tx`. The writer takes what is queued, opens one transaction, runs each mutation in a
savepoint of its own, commits once (WAL, `synchronous=FULL`) and then tells the event loop: first the callbacks that the
mutations asked for, then their callers. A caller that went away changes nothing about that, so nothing is ever
committed without being published.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils

from daemon.clock import Clock
from daemon.errors import unavailable
from daemon.store.schema import migrations

T = TypeVar("T")

BATCH_MAX_MUTATIONS = 256
READER_THREADS = 2
BUSY_TIMEOUT_MS = 5_000
CACHE_KIB = 16_384
FTS_SECURE_DELETE_SINCE = (3, 42, 0)  # before it, words of deleted mail stay in the index until it is merged
_STORAGE_FAULTS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}


log = logging.getLogger("postern.store")


@dataclass(slots=True)
class Tx:
    """One mutation in progress: the connection, its instant, and what to do once it is durable."""

    conn: sqlite3.Connection
    now_ms: int
    after_commit: list[Callable[[], None]] = field(default_factory=list)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` run on the event loop after the commit, before the caller is answered."""
        self.after_commit.append(callback)


@dataclass(slots=True)
class _Job:
    change: Callable[[Tx], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    after_commit: list[Callable[[], None]] = field(default_factory=list)


class Database:
    """The store's engine. Use from one event loop."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="store-read")
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._closed = False
        self.committed: Callable[[], None] = lambda: None  # called on the event loop after each commit
        self._loop: asyncio.AbstractEventLoop
        self._conn: sqlite3.Connection
        self._writer: threading.Thread

    def open(self) -> None:
        """Create the file (0600) if need be, migrate it and start the writer. Call on the event loop."""
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._loop = asyncio.get_running_loop()
        conn = self._conn = _connect(self.path)
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA secure_delete=ON")
        migrations.apply(sqlite_utils.Database(conn))
        if sqlite3.sqlite_version_info >= FTS_SECURE_DELETE_SINCE:
            conn.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('secure-delete', 1)")
        self._writer = threading.Thread(target=self._write_loop, args=(conn,), name="store-write", daemon=True)
        self._writer.start()

    async def close(self) -> None:
        """Finish what is queued, then close every connection."""
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        # The writer's comes last: a read-only connection could not take the write-ahead log away with it.
        for conn in (*self._read_connections, self._conn):
            conn.close()

    async def write(self, change: Callable[[Tx], T]) -> T:
        """Run `change` in the next transaction and return its result once that is on disk.

        Whatever `change` raises undoes only itself and is raised here. Raises `PosternError` (`backend_unavailable`)
        when the disk is full or failing.
        """
        if self._closed:
            raise unavailable("The daemon is stopping. Try again in a moment.", 1)
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Job(change, future))
        return await future

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` on a read-only connection, against what is committed now."""
        return await self._loop.run_in_executor(self._readers, self._read, query)

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = self._local.conn = connect_read_only(self.path)
            self._read_connections.append(conn)
        try:
            return query(conn)
        except sqlite3.Error as fault:
            raise _translated(fault) from fault

    def _write_loop(self, conn: sqlite3.Connection) -> None:
        open_ = True
        while open_:
            job = self._queue.get()
            batch: list[_Job] = []
            while job is not None:
                batch.append(job)
                if len(batch) == BATCH_MAX_MUTATIONS:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            else:
                open_ = False
            if batch:
                self._commit(conn, batch)
                self._loop.call_soon_threadsafe(self._settle, batch)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _settle(self, batch: list[_Job]) -> None:
        self.committed()
        _settle(batch)

    def _commit(self, conn: sqlite3.Connection, batch: list[_Job]) -> None:
        try:
            conn.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._run(conn, job)
            conn.execute("COMMIT")
        except BaseException as fault:  # noqa: BLE001  the writer must outlive it and every caller must hear of it
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            for job in batch:
                job.error = _translated(fault)

    def _run(self, conn: sqlite3.Connection, job: _Job) -> None:
        tx = Tx(conn, self._clock.now_ms())
        conn.execute("SAVEPOINT mutation")
        try:
            job.result = job.change(tx)
            job.after_commit = tx.after_commit
        except BaseException as error:  # whatever it is belongs to the caller, not to this thread
            if not conn.in_transaction:
                # SQLite gave up the whole transaction, as it may on a full disk: the batch is lost, and says so.
                raise
            conn.execute("ROLLBACK TO mutation")
            job.error = _translated(error) if isinstance(error, sqlite3.Error) else error
        conn.execute("RELEASE mutation")


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open the file for reading only."""
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    return _prepared(conn)


def copy_database(path: Path, target: Path) -> None:
    """Write what is committed now to a new file, while the writer goes on. Raises `OSError` and `sqlite3.Error`.

    It is one read transaction, so nothing is in the copy in part; pages are copied as they are.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    source, copy = connect_read_only(path), sqlite3.connect(target, isolation_level=None)
    try:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    finally:
        source.close()
        copy.close()


def damage(conn: sqlite3.Connection) -> str | None:
    """Look through the whole file; return what is wrong with it, if anything."""
    found = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        return f"the database is damaged: {found}"
    if conn.execute("PRAGMA foreign_key_check").fetchone() is not None:
        return "the database refers to rows that are not there"
    return None


def _connect(path: Path) -> sqlite3.Connection:
    return _prepared(sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def _prepared(conn: sqlite3.Connection) -> sqlite3.Connection:
    conn.row_factory = sqlite3.Row
    conn.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    conn.execute("PRAGMA foreign_keys=ON")
    conn.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return conn


def _settle(batch: list[_Job]) -> None:
    for job in batch:
        if job.error is None:
            for callback in job.after_commit:
                try:
                    callback()
                except Exception:  # what is committed stays so, and everybody else is still told
                    log.exception("after-commit callback failed")
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)


def _translated(fault: BaseException) -> BaseException:
    primary = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if primary in _STORAGE_FAULTS:
        return unavailable("The store cannot be written or read now: check the disk's space and health.")
    return fault
