"""What keeps two programs from answering each other for ever: how many answers one thread takes.

An answer is always somebody's explicit wish, so none is refused on its own account; a thread is full after so many, and
after very few when what is answered is automatic itself (RFC 3834).
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator

from daemon.clock import DAY_MS, HOUR_MS, SECOND_MS
from daemon.errors import Code, PosternError, invalid
from daemon.service.sending.rules import Verdict
from daemon.service.tools import Service
from daemon.store import messages, tenants
from daemon.store.database import Tx
from daemon.store.messages import MessageRow
from daemon.store.rows import unpack

RULE = "replies"


class ReplyBrake(Service):
    """Counts the mails that were sent in a thread."""

    def judge(self, conn: sqlite3.Connection, answered: MessageRow, now_ms: int) -> Verdict:
        """Say whether the thread takes an answer to this message now."""
        return Verdict(RULE, self._refusal(conn, answered, now_ms))

    def admit(self, tx: Tx, answered: MessageRow) -> None:
        """Raise `rate_limited` when the thread takes no answer to this message now."""
        refusal = self._refusal(tx.conn, answered, tx.now_ms)
        if refusal is not None:
            raise refusal

    def _refusal(self, conn: sqlite3.Connection, answered: MessageRow, now_ms: int) -> PosternError | None:
        for most, window_ms, told in self._limits(conn, answered):
            full_since_ms = messages.sent_in_thread(conn, answered.thread_id, now_ms - window_ms, most)
            if full_since_ms is not None:
                wait_seconds = math.ceil((full_since_ms + window_ms - now_ms) / SECOND_MS)
                message = f"{told} Wait as long as Retry-After says, or leave it at that."
                return PosternError(Code.RATE_LIMITED, message, retry_after_seconds=max(wait_seconds, 1))
        return None

    def _limits(self, conn: sqlite3.Connection, answered: MessageRow) -> Iterator[tuple[int, int, str]]:
        """Yield how many mails a thread takes in how many ms, and what to say beyond that."""
        tenant = tenants.get(conn, answered.tenant_id)
        own = {} if tenant is None else unpack(tenant.limits)
        named = [
            ("rate_replies_per_day", DAY_MS, "This thread has had {} answers in a day; two programs may be at it."),
            ("rate_replies_per_hour", HOUR_MS, "This thread has had {} answers in an hour; two programs may be at it."),
        ]
        if answered.auto_submitted:
            told = "This mail is automatic, and its thread has had {} answers in a day: nobody may be reading them."
            named.insert(0, ("rate_auto_replies_per_day", DAY_MS, told))
        for name, window_ms, told in named:
            most = int(own.get(name, getattr(self._settings, name)))
            if most:
                yield most, window_ms, told.format(most)


def refuse_unanswerable(message: MessageRow) -> None:
    """Raise `validation_failed` for a mail with an empty envelope sender: nobody is to answer it (RFC 5321, 4.5.5)."""
    if message.direction == "inbound" and not message.envelope_from:
        raise invalid("id", "this is a report without a sender to answer to; use send to write to somebody")
