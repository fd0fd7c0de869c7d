"""Search over the mail of an agent, or for operators of everybody."""

from __future__ import annotations

import sqlite3

from daemon.api.messages import MessageSummary
from daemon.api.search import SearchQuery
from daemon.service.context import Call, Listed
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mailboxes.message_rows import summary
from daemon.service.mailboxes.search_words import excerpt_line, read_words
from daemon.service.tools import Service
from daemon.store import search
from daemon.store.messages import MessageRow
from daemon.store.search import Asked


class Search(Service):
    """The noun `search`."""

    async def find(self, call: Call, query: SearchQuery) -> Listed[MessageSummary]:
        """List the messages that match, newest first, each with the match in its snippet. Nothing typed is an error.

        Raises `PosternError`: `not_found` for a mailbox that is not the caller's, `bad_request` for a bad cursor.
        """
        words, own = read_words(query.q), not call.principal.is_operator
        tenant = call.principal.tenant_id if own else query.tenant
        agent = call.principal.agent_id if own else None
        what = f"search of {agent} in {tenant}"

        def look(conn: sqlite3.Connection) -> list[tuple[MessageRow, str]]:
            inbox = None if query.inbox is None else owned_inbox(conn, call.principal, query.inbox)
            before = self._cursors.before(what, query)
            if words.is_nothing:
                return []
            asked = Asked(
                terms=words.terms,
                has_attachment=words.has_attachment,
                after_ms=words.after_ms,
                before_ms=words.before_ms,
                tenant_id=tenant,
                agent_id=agent,
                inbox_id=None if inbox is None else inbox.id,
            )
            return search.find(conn, asked, before, query.limit + 1)

        rows = await self._database.read(look)
        return self._cursors.listed(
            what, query, rows, lambda found: found[0].n, lambda found: summary(found[0], excerpt_line(found[1]) or None)
        )
