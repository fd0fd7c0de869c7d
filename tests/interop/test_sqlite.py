from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.conftest import Place
from tests.support import mail

pytestmark = pytest.mark.interop
Run = Callable[..., subprocess.CompletedProcess[str]]


def sqlite3(run: Run, database: Path, statement: str) -> str:
    """Return what sqlite3's own command line prints."""
    done = run("sqlite3", "-bail", "-cmd", ".timeout 5000", database, statement)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_live_database_and_its_search_index_are_sound(run: Run, place: Place) -> None:
    for number in range(3):
        place.daemon.deliver(place.address, mail(place.address, text=f"A heron stood in field {number}.\n"))
    database = place.daemon.database
    assert sqlite3(run, database, "PRAGMA integrity_check") == "ok"
    assert sqlite3(run, database, "PRAGMA journal_mode") == "wal"
    assert sqlite3(run, database, "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)") == ""
    assert sqlite3(run, database, "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'heron'") == "3"


def test_a_deleted_message_is_no_longer_in_the_search_index(run: Run, place: Place) -> None:
    place.daemon.deliver(place.address, mail(place.address, text="A bittern boomed.\n"))
    found = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'bittern'"
    assert sqlite3(run, place.daemon.database, found) == "1"
    [message] = place.messages()
    assert place.daemon.call("DELETE", f"/v1/messages/{message['id']}", key=place.key).status == 200
    assert sqlite3(run, place.daemon.database, found) == "0"


def test_a_copy_made_by_sqlite_of_the_live_database_is_whole(run: Run, place: Place, tmp_path: Path) -> None:
    place.daemon.deliver(place.address)
    copy = tmp_path / "copy.db"
    sqlite3(run, place.daemon.database, f".backup {copy}")
    assert sqlite3(run, copy, "PRAGMA integrity_check") == "ok"
    address = f"SELECT count(*) FROM inboxes WHERE address = '{place.address}'"
    assert sqlite3(run, copy, address) == "1"


def test_the_audit_log_refuses_sqlites_hand(run: Run, place: Place) -> None:
    for statement in ("DELETE FROM audit", "UPDATE audit SET line = ''"):
        done = run("sqlite3", "-cmd", ".timeout 5000", place.daemon.database, statement)
        assert "the audit log only grows" in done.stderr
