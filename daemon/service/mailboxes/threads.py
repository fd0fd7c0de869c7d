"""Threads: where a message belongs, and the conversations of a mailbox."""

from __future__ import annotations

import sqlite3

from daemon.api.common import PageQuery
from daemon.api.threads import Thread, ThreadWhole
from daemon.clock import DAY_MS, iso
from daemon.errors import not_found
from daemon.ids import Ids
from daemon.mail.model import ParsedMail
from daemon.mail.thread import SUBJECT_WINDOW_DAYS, clues, people
from daemon.service.context import Call, Listed
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mailboxes.message_rows import owns, summary
from daemon.service.tools import Service
from daemon.store import messages, threads
from daemon.store.database import Tx
from daemon.store.messages import MessageRow
from daemon.store.threads import ThreadPlace, ThreadRow

_MESSAGES_MAX = 1 << 31  # a position is two numbers of messages in one


class Threads(Service):
    """The noun `thread`."""

    async def list(self, call: Call, address: str, query: PageQuery) -> Listed[Thread]:
        """List a mailbox's threads, newest activity first. What comes in meanwhile moves nothing on later pages."""

        def look(conn: sqlite3.Connection) -> tuple[str, int, list[tuple[ThreadPlace, list[str]]]]:
            inbox = owned_inbox(conn, call.principal, address)
            position = self._cursors.before(f"threads of {inbox.id}", query)
            newest = threads.newest(conn, inbox.id)
            upto, before = (newest, newest + 1) if position is None else divmod(position, _MESSAGES_MAX)
            rows = threads.listing(conn, inbox.id, upto, before, query.limit + 1)
            return inbox.id, upto, [(row, threads.writers(conn, row.id)) for row in rows]

        inbox_id, upto, rows = await self._database.read(look)
        return self._cursors.listed(
            f"threads of {inbox_id}",
            query,
            rows,
            lambda found: upto * _MESSAGES_MAX + found[0].at,
            lambda found: _shown(*found),
        )

    async def get(self, call: Call, thread: str, query: PageQuery) -> ThreadWhole:
        """Show a thread and a page of its messages, oldest first."""
        what = f"messages of {thread}"

        def look(conn: sqlite3.Connection) -> tuple[ThreadRow, list[str], list[MessageRow]]:
            row = threads.get(conn, thread)
            if row is None or not owns(conn, call.principal, row.inbox_id):
                raise not_found("thread")
            after = self._cursors.before(what, query) or 0
            return row, threads.writers(conn, row.id), messages.of_thread(conn, row.id, after, query.limit + 1)

        row, writers, rows = await self._database.read(look)
        page = self._cursors.listed(what, query, rows, lambda message: message.n, summary)
        return ThreadWhole(**_shown(row, writers).model_dump(), messages=page.data, next_cursor=page.next_cursor)


def place(
    tx: Tx, ids: Ids, inbox_id: str, mail: ParsedMail, envelope_from: str, known: str | None = None
) -> tuple[str, str | None]:
    """Return the thread that a mail belongs to, a new one if need be, and the key under which its subject is found.

    `known` is its thread where somebody knows better than the mail tells.
    """
    found = clues(mail, envelope_from)
    thread_id = known or threads.by_mention(tx.conn, inbox_id, found.identifiers)
    if thread_id is None and found.is_reply and found.subject_key is not None:
        since_ms = tx.now_ms - SUBJECT_WINDOW_DAYS * DAY_MS
        thread_id = threads.by_subject(tx.conn, inbox_id, found.subject_key, since_ms)
    if thread_id is None:
        thread_id = ids.new("thread")
        threads.add(tx, ThreadRow(id=thread_id, inbox_id=inbox_id, subject=mail.subject, created_ms=tx.now_ms))
    threads.mention(tx, inbox_id, thread_id, found.identifiers)
    return thread_id, found.subject_key


def _shown(row: ThreadRow, writers: list[str]) -> Thread:
    return Thread(
        id=row.id,
        subject=row.subject,
        participants=list(people(writers)),
        message_count=row.message_count,
        last_message_at=iso(row.last_ms),
        unread=row.unread_count > 0,
    )
