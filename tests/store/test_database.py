from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import ManualClock
from daemon.errors import Code, PosternError
from daemon.store import keyring
from daemon.store.database import Database, Tx


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "postern.db", ManualClock())
    opened.open()
    yield opened
    await opened.close()


def adding(key_id: str, *, fails: bool = False) -> Callable[[Tx], str]:
    def change(tx: Tx) -> str:
        keyring.add(tx, key_id, "check")
        if fails:
            raise ValueError(key_id)
        return key_id

    return change


async def known(database: Database) -> set[str]:
    return set(await database.read(keyring.check_values))


async def queue(database: Database, *changes: Callable[[Tx], Any]) -> tuple[list[asyncio.Task[Any]], threading.Event]:
    """Queue changes behind one that holds the writer up until the event is set, so that they are one batch."""
    let_go = threading.Event()

    def hold(tx: Tx) -> None:
        assert let_go.wait(20)

    tasks = [asyncio.ensure_future(database.write(change)) for change in (hold, *changes)]
    await asyncio.wait(tasks, timeout=0)
    return tasks[1:], let_go


async def test_a_result_comes_back_once_it_is_committed(database: Database) -> None:
    assert await database.write(adding("a")) == "a"
    assert await known(database) == {"a"}


async def test_a_failing_mutation_undoes_only_itself(database: Database) -> None:
    tasks, let_go = await queue(database, *(adding(str(n), fails=n % 2 == 1) for n in range(10)))
    let_go.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == [str(n) for n in range(10)]
    assert [isinstance(outcome, ValueError) for outcome in outcomes] == [False, True] * 5
    assert await known(database) == {"0", "2", "4", "6", "8"}


async def test_what_came_together_is_committed_together(database: Database) -> None:
    statements: list[str] = []

    def trace(tx: Tx) -> None:
        tx.conn.set_trace_callback(statements.append)

    tasks, let_go = await queue(database, trace, *(adding(str(n)) for n in range(20)))
    let_go.set()
    await asyncio.gather(*tasks)
    assert statements.count("COMMIT") == 1


async def test_a_mutation_sees_what_was_committed_before_it(database: Database) -> None:
    tasks = [asyncio.ensure_future(database.write(adding(str(n)))) for n in range(50)]
    counts = [asyncio.ensure_future(database.write(lambda tx: len(keyring.check_values(tx.conn)))) for _ in range(3)]
    await asyncio.gather(*tasks)
    assert await asyncio.gather(*counts) == [50] * 3


async def test_a_callback_runs_after_the_commit_and_before_the_caller_is_answered(database: Database) -> None:
    order = []

    def told() -> None:
        with closing(sqlite3.connect(database.path)) as conn:
            (count,) = conn.execute("SELECT count(*) FROM keyring").fetchone()
        order.append(f"told, with {count} committed")

    def change(tx: Tx) -> None:
        keyring.add(tx, "a", "check")
        tx.on_commit(told)

    await database.write(change)
    order.append("answered")
    assert order == ["told, with 1 committed", "answered"]


async def test_a_callback_runs_although_the_caller_went_away(database: Database) -> None:
    told = asyncio.Event()

    def change(tx: Tx) -> None:
        keyring.add(tx, "a", "check")
        tx.on_commit(told.set)

    (caller,), let_go = await queue(database, change)
    caller.cancel()
    let_go.set()
    await asyncio.wait_for(told.wait(), 20)
    assert caller.cancelled()
    assert await known(database) == {"a"}


async def test_a_callback_of_a_failed_mutation_does_not_run(database: Database) -> None:
    def change(tx: Tx) -> None:
        tx.on_commit(lambda: pytest.fail("nothing was committed"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(change)
    await database.write(adding("a"))


def fail() -> None:
    raise RuntimeError("a bug in a callback")


async def test_a_callback_that_fails_harms_nobody_else(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    def change(tx: Tx) -> str:
        tx.on_commit(fail)
        return "done"

    tasks, let_go = await queue(database, change, adding("a"))
    let_go.set()
    assert await asyncio.wait_for(asyncio.gather(*tasks), 20) == ["done", "a"]
    assert "after-commit callback failed" in caplog.text


async def test_reads_cannot_write(database: Database) -> None:
    def sneak(conn: sqlite3.Connection) -> None:
        conn.execute("DELETE FROM keyring")

    with pytest.raises(PosternError) as refused:
        await database.read(sneak)
    assert refused.value.code is Code.BACKEND_UNAVAILABLE


async def test_a_storage_fault_is_told_as_unavailable_and_passes(database: Database) -> None:
    pages = await database.write(lambda tx: int(tx.conn.execute("PRAGMA page_count").fetchone()[0]))
    await database.write(lambda tx: tx.conn.execute(f"PRAGMA max_page_count={pages + 4}").fetchone()[0])
    changes = [adding(f"{number:08}" + "x" * 1_000) for number in range(1_000)]

    async def one_after_the_other() -> None:
        for change in changes:
            await database.write(change)

    with pytest.raises(PosternError) as refused:
        await one_after_the_other()
    assert refused.value.code is Code.BACKEND_UNAVAILABLE
    assert refused.value.retry_after_seconds
    kept = await known(database)
    assert kept, "reads go on"
    await database.write(lambda tx: tx.conn.execute("PRAGMA max_page_count=1000000").fetchone()[0])
    await database.write(adding("after"))
    assert await known(database) == kept | {"after"}
    ((check,),) = await database.read(lambda conn: conn.execute("PRAGMA integrity_check").fetchall())
    assert check == "ok"


async def test_what_is_queued_is_finished_before_closing_and_nothing_after(tmp_path: Path) -> None:
    database = Database(tmp_path / "postern.db", ManualClock())
    database.open()
    tasks, let_go = await queue(database, *(adding(str(n)) for n in range(5)))
    ending = asyncio.ensure_future(database.close())
    await asyncio.wait([ending], timeout=0)
    with pytest.raises(PosternError) as refused:
        await database.write(adding("late"))
    assert refused.value.code is Code.BACKEND_UNAVAILABLE
    let_go.set()
    await ending
    assert await asyncio.gather(*tasks) == ["0", "1", "2", "3", "4"]
    files = sorted(tmp_path.iterdir())  # noqa: ASYNC240  a directory of one file
    with closing(sqlite3.connect(database.path)) as conn:
        assert len(conn.execute("SELECT key_id FROM keyring").fetchall()) == 5
    assert [path.name for path in files] == ["postern.db"], "the write-ahead log was folded into the file"


async def test_the_file_is_durable_private_and_forgets(database: Database) -> None:
    def pragmas(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        return [tx.conn.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(pragmas) == ["wal", 2, 1, 1]
    assert database.path.stat().st_mode & 0o777 == 0o600
