"""Full text search: words into an FTS5 expression, and the messages that match, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields

from daemon.store.inboxes import IN_OPEN_INBOX
from daemon.store.messages import MessageRow

FOUND, FOUND_END = "\x02", "\x03"  # around a match in an excerpt; no text that is stored holds either
EXCERPT_TOKENS = 32
_ANYWHERE = "{sender subject visible}"
_COLUMNS = ", ".join(f"m.{item.name}" for item in fields(MessageRow))


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase, perhaps only its beginning, perhaps in one column only."""

    text: str
    prefix: bool = False
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for, and in whose mail: a tenant's, an agent's, a mailbox's (None: anybody's)."""

    terms: Sequence[Term]
    has_attachment: bool = False
    after_ms: int | None = None
    before_ms: int | None = None
    tenant_id: str | None = None
    agent_id: str | None = None
    inbox_id: str | None = None


def owner_word(identifier: str) -> str:
    """Return an id as one word of the index."""
    return identifier.replace("_", "")


def owners(*identifiers: str) -> str:
    """Return what is indexed of a message's owners, so that a search never walks through other people's mail."""
    return " ".join(map(owner_word, identifiers))


def find(conn: sqlite3.Connection, asked: Asked, before_n: int | None, limit: int) -> list[tuple[MessageRow, str]]:
    """Return up to `limit` messages before `before_n` with an excerpt around the match ("" when no word was asked for).

    The order is the rowid's, which the index yields by itself; a rank would have to be computed for every match.
    """
    match = expression(asked)
    conditions = ["m.n < :before_n", f"m.{IN_OPEN_INBOX}"]
    if asked.tenant_id is not None:
        conditions.append("m.tenant_id = :tenant_id")
    if asked.agent_id is not None:
        conditions.append("m.inbox_id IN (SELECT id FROM inboxes WHERE agent_id = :agent_id)")
    if asked.inbox_id is not None:
        conditions.append("m.inbox_id = :inbox_id")
    if asked.has_attachment:
        conditions.append("m.has_attachment = 1")
    if asked.after_ms is not None:
        conditions.append("m.received_ms >= :after_ms")
    if asked.before_ms is not None:
        conditions.append("m.received_ms < :before_ms")
    source, excerpt, order = "messages m", "''", "m.n"
    if match:
        source, order = "messages_fts CROSS JOIN messages m ON m.n = messages_fts.rowid", "messages_fts.rowid"
        conditions += ["messages_fts MATCH :match", "messages_fts.rowid < :before_n"]
    if asked.terms:
        excerpt = f"snippet(messages_fts, 2, '{FOUND}', '{FOUND_END}', '…', {EXCERPT_TOKENS})"
    values = {
        "match": match,
        "before_n": (1 << 62) if before_n is None else before_n,
        "tenant_id": asked.tenant_id,
        "agent_id": asked.agent_id,
        "inbox_id": asked.inbox_id,
        "after_ms": asked.after_ms,
        "before_ms": asked.before_ms,
        "limit": limit,
    }
    found = conn.execute(
        f"SELECT {_COLUMNS}, {excerpt} AS excerpt FROM {source}"  # noqa: S608  nothing of the caller's but values
        f" WHERE {' AND '.join(conditions)} ORDER BY {order} DESC LIMIT :limit",
        values,
    )
    rows = [dict(row) for row in found]
    return [(MessageRow(**{item.name: row[item.name] for item in fields(MessageRow)}), row["excerpt"]) for row in rows]


def expression(asked: Asked) -> str:
    """Return the FTS5 expression: all terms, and the narrowest owner. Every text is a string of the expression's."""
    owner = asked.inbox_id or asked.agent_id or asked.tenant_id
    parts = [] if owner is None else [f"owners : {_string(owner_word(owner))}"]
    parts += [f"{term.column or _ANYWHERE} : {_string(term.text)}{'*' * term.prefix}" for term in asked.terms]
    return " AND ".join(parts)


def _string(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
