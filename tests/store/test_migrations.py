"""Data that an older version wrote, after it was brought up to date."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlite_utils

from daemon.store.schema import migrations
from daemon.store.search import Asked, Term, find

ATTACHED = b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n%PDF'
MESSAGES = (  # thread, Message-ID, unread, raw
    ("thread_a", "<1@x>", 0, b"Subject: one\r\n\r\nhello"),
    ("thread_b", None, 1, b"Subject: two\r\n\r\nhello"),
    ("thread_a", "<3@x>", 1, ATTACHED),
)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A store from before there were threads to list, with three messages, brought up to date."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    db = sqlite_utils.Database(conn)
    migrations.apply(db, stop_before="m003_threads")
    conn.execute("INSERT INTO tenants (id, name, label, limits, created_ms) VALUES ('cus_a', 'A', 'a', '{}', 0)")
    conn.execute(
        "INSERT INTO inboxes (id, tenant_id, agent_id, enrollment_key_id, address, domain, status, created_ms)"
        " VALUES ('inbox_a', 'cus_a', 'agent_a', 'key', 'a@x.test', 'x.test', 'live', 0)"
    )
    conn.execute("INSERT INTO domains VALUES ('a.x.test', 'cus_a', 'shared', 'live', 7)")
    for thread in ("thread_a", "thread_b"):
        conn.execute("INSERT INTO threads (id, inbox_id, subject, created_ms) VALUES (?, 'inbox_a', 's', 0)", (thread,))
    for number, (thread, message_id, unread, raw) in enumerate(MESSAGES, 1):
        conn.execute("INSERT INTO raws (id, size_bytes, deflated) VALUES (?, 1, ?)", (number, zlib.compress(raw)))
        conn.execute(
            "INSERT INTO messages (id, tenant_id, inbox_id, thread_id, raw_id, direction, status, message_id, sender,"
            " recipients, copies, subject, snippet, visible, authentication, envelope_from, envelope_to, size_bytes,"
            " unread, received_ms) VALUES (?, 'cus_a', 'inbox_a', ?, ?, 'inbound', 'received', ?, 'ann@x.test', '[]',"
            " '[]', 's', '', 'some words', '{}', '', '', 1, ?, ?)",
            (f"msg_{number}", thread, number, message_id, unread, number * 1_000),
        )
    migrations.apply(db)
    yield conn
    conn.close()


def test_threads_know_their_messages(conn: sqlite3.Connection) -> None:
    rows = conn.execute("SELECT id, message_count, unread_count, last_n, last_ms FROM threads ORDER BY id")
    assert [tuple(row) for row in rows] == [("thread_a", 2, 1, 3, 3_000), ("thread_b", 1, 1, 2, 2_000)]
    rows = conn.execute("SELECT message_id, thread_id FROM thread_mentions ORDER BY message_id")
    assert [tuple(row) for row in rows] == [("<1@x>", "thread_a"), ("<3@x>", "thread_a")]


def test_old_mail_is_found_by_its_owner_and_its_attachment(conn: sqlite3.Connection) -> None:
    def ids(**asked: object) -> list[str]:
        return [row.id for row, _ in find(conn, Asked(**{"terms": [Term("words")], **asked}), None, 10)]  # type: ignore[arg-type]  # the keywords are Asked's own

    assert ids(agent_id="agent_a") == ids(inbox_id="inbox_a") == ids(tenant_id="cus_a") == ["msg_3", "msg_2", "msg_1"]
    assert ids(agent_id="agent_b") == []
    assert ids(agent_id="agent_a", has_attachment=True) == ["msg_3"]
    assert find(conn, Asked(terms=[], has_attachment=True), None, 10)[0][0].id == "msg_3"


def test_old_domains_are_what_they_were_and_go_with_their_tenant(conn: sqlite3.Connection) -> None:
    [row] = conn.execute("SELECT name, tenant_id, mode, status, status_ms, check_ms, created_ms FROM domains")
    assert tuple(row) == ("a.x.test", "cus_a", "shared", "live", 7, None, 7)
    conn.execute("PRAGMA foreign_keys=ON")
    conn.execute(
        "INSERT INTO dkim_keys (id, tenant_id, domain, selector, turn, algorithm, public_key, state, state_ms)"
        " VALUES ('dkim_1', 'cus_a', 'a.x.test', 's', 't', 'rsa', 'p', 'signing', 0)"
    )
    conn.execute("DELETE FROM domains WHERE tenant_id = 'cus_a'")
    assert conn.execute("SELECT count(*) FROM dkim_keys").fetchone()[0] == 0


def test_what_is_deleted_leaves_the_index(conn: sqlite3.Connection) -> None:
    conn.execute("DELETE FROM messages WHERE id = 'msg_3'")
    assert [row.id for row, _ in find(conn, Asked(terms=[Term("words")]), None, 10)] == ["msg_2", "msg_1"]
    conn.execute("INSERT INTO messages_fts(messages_fts) VALUES ('integrity-check')")
    assert tuple(conn.execute("SELECT message_count, last_n FROM threads WHERE id = 'thread_a'").fetchone()) == (1, 1)


@pytest.mark.parametrize(
    "owner", [Asked(terms=[]), Asked(terms=[], agent_id="agent_a"), Asked(terms=[], inbox_id="inbox_a")]
)
@pytest.mark.parametrize("terms", [[], [Term("words")]])
def test_no_search_sorts(conn: sqlite3.Connection, owner: Asked, terms: list[Term]) -> None:
    """Newest first comes from the index: a sort would read every match before it showed one."""
    asked: list[str] = []
    conn.set_trace_callback(asked.append)
    find(conn, replace(owner, terms=terms), None, 10)
    conn.set_trace_callback(None)
    statement = next(one for one in asked if one.startswith("SELECT m."))
    plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_old_mail_counts_as_a_persons_and_an_entry_is_there_once(conn: sqlite3.Connection) -> None:
    assert {tuple(row) for row in conn.execute("SELECT auto_submitted FROM messages")} == {(0,)}
    conn.execute(
        "INSERT INTO list_entries (tenant_id, inbox_id, list, entry, created_ms)"
        " VALUES ('cus_a', NULL, 'block', '@x.test', 0)"
    )
    with pytest.raises(sqlite3.IntegrityError):  # NULL equals nothing, but an entry of all mailboxes is there once
        conn.execute(
            "INSERT INTO list_entries (tenant_id, inbox_id, list, entry, created_ms)"
            " VALUES ('cus_a', NULL, 'block', '@x.test', 0)"
        )
