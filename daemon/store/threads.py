"""Threads. Counts and the last message are kept by triggers on the messages' table, so they hold whoever writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.inboxes import IN_OPEN_INBOX
from daemon.store.rows import insert, many, one, unpack

PEOPLE_LOOK_MESSAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    id: str
    inbox_id: str
    subject: str
    message_count: int = 0
    unread_count: int = 0
    last_n: int = 0
    last_ms: int = 0
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPlace(ThreadRow):
    """A thread in a list: `at` is the number of its last message when the list was begun."""

    at: int


def add(tx: Tx, thread: ThreadRow) -> None:
    insert(tx.conn, "threads", thread)


def get(conn: sqlite3.Connection, thread_id: str) -> ThreadRow | None:
    return one(conn, ThreadRow, f"threads WHERE id = ? AND {IN_OPEN_INBOX}", thread_id)


def mention(tx: Tx, inbox_id: str, thread_id: str, identifiers: Sequence[str]) -> None:
    """Note that messages with these Message-IDs, here or not, belong to a thread; who was first stays."""
    tx.conn.executemany(
        "INSERT OR IGNORE INTO thread_mentions (inbox_id, message_id, thread_id) VALUES (?, ?, ?)",
        [(inbox_id, identifier, thread_id) for identifier in identifiers],
    )


def by_mention(conn: sqlite3.Connection, inbox_id: str, identifiers: Sequence[str]) -> str | None:
    """Return the mailbox's thread of the first of these Message-IDs that any message there mentioned."""
    marks = ", ".join("?" * len(identifiers))
    found = conn.execute(
        f"SELECT message_id, thread_id FROM thread_mentions WHERE inbox_id = ? AND message_id IN ({marks})",  # noqa: S608  marks only
        (inbox_id, *identifiers),
    )
    known = {row["message_id"]: str(row["thread_id"]) for row in found}
    return next((known[identifier] for identifier in identifiers if identifier in known), None)


def by_subject(conn: sqlite3.Connection, inbox_id: str, subject_key: str, since_ms: int) -> str | None:
    """Return the thread of a mailbox's newest message with this subject and these people, if it is recent."""
    row = conn.execute(
        "SELECT thread_id, received_ms FROM messages WHERE inbox_id = ? AND subject_key = ? ORDER BY n DESC LIMIT 1",
        (inbox_id, subject_key),
    ).fetchone()
    return None if row is None or row["received_ms"] < since_ms else str(row["thread_id"])


def newest(conn: sqlite3.Connection, inbox_id: str) -> int:
    """Return the number of a mailbox's last message."""
    return int(conn.execute("SELECT max(last_n) FROM threads WHERE inbox_id = ?", (inbox_id,)).fetchone()[0] or 0)


def listing(conn: sqlite3.Connection, inbox_id: str, upto_n: int, before_n: int, limit: int) -> list[ThreadPlace]:
    """Return threads as they stood when `upto_n` was the last message, newest activity first.

    One that moved to the front since then is still shown where it was.
    """
    resting = many(
        conn,
        ThreadPlace,
        "(SELECT *, last_n AS at FROM threads WHERE inbox_id = ? AND last_n <= ? AND last_n < ?)"
        " ORDER BY at DESC LIMIT ?",
        *(inbox_id, upto_n, before_n, limit),
    )
    moved = many(
        conn,
        ThreadPlace,
        "(SELECT *, (SELECT max(m.n) FROM messages m WHERE m.thread_id = threads.id AND m.n <= ?2) AS at"
        " FROM threads WHERE inbox_id = ?1 AND last_n > ?2) WHERE at < ?3 ORDER BY at DESC LIMIT ?4",
        *(inbox_id, upto_n, before_n, limit),
    )
    return sorted((*resting, *moved), key=lambda row: -row.at)[:limit]


def writers(conn: sqlite3.Connection, thread_id: str) -> list[str]:
    """Return who wrote and got the newest `PEOPLE_LOOK_MESSAGES` of a thread, the oldest of them first."""
    found = conn.execute(
        "SELECT sender, recipients, copies FROM messages WHERE thread_id = ? ORDER BY n DESC LIMIT ?",
        (thread_id, PEOPLE_LOOK_MESSAGES),
    ).fetchall()
    return [
        name for row in reversed(found) for name in (row["sender"], *unpack(row["recipients"]), *unpack(row["copies"]))
    ]


def remove_empty(tx: Tx, thread_id: str) -> None:
    """Delete a thread, and what was mentioned in it, when its last message is gone."""
    tx.conn.execute("DELETE FROM threads WHERE id = ? AND message_count = 0", (thread_id,))
