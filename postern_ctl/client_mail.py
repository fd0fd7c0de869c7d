"""The part of the client that reads mail."""

from __future__ import annotations

from typing import Literal, overload

from postern_ctl.answers import Answer, Listing
from postern_ctl.calls import Group


class Messages(Group):
    """Messages of mailboxes."""

    def list(
        self,
        addr: str,
        *,
        direction: str | None = None,
        unread_only: bool | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Listing:
        """List a mailbox's messages, newest first, `limit` to a page."""
        return self._list(
            "messages.list", addr, direction=direction, unread_only=unread_only, limit=limit, cursor=cursor
        )

    def get(self, id: str, *, mark_read: bool | None = None) -> Answer:
        """Show a message with its text and what was extracted."""
        return self._do("messages.get", id, query={"mark_read": mark_read})

    @overload
    def raw(self, id: str, *, link: None = None) -> bytes: ...

    @overload
    def raw(self, id: str, *, link: Literal[True]) -> Answer: ...

    def raw(self, id: str, *, link: Literal[True] | None = None) -> bytes | Answer:
        """Return a message byte for byte as it arrived; with `link`, a one-time link to that."""
        return self._bytes("messages.raw", id, link=link)

    @overload
    def attachment(self, id: str, n: int, *, link: None = None) -> bytes: ...

    @overload
    def attachment(self, id: str, n: int, *, link: Literal[True]) -> Answer: ...

    def attachment(self, id: str, n: int, *, link: Literal[True] | None = None) -> bytes | Answer:
        """Return an attachment decoded, `n` being its `index` in the message; with `link`, a one-time link to that."""
        return self._bytes("messages.attachment", id, n, link=link)

    def update(self, id: str, *, unread: bool) -> Answer:
        """Mark a message read or unread."""
        return self._do("messages.update", id, unread=unread)

    def delete(self, id: str) -> Answer:
        """Delete a message for good, raw bytes too."""
        return self._do("messages.delete", id)

    def _bytes(self, name: str, /, *path: object, link: Literal[True] | None) -> bytes | Answer:
        if link:
            return self._do(name, *path, query={"link": True}, receipt=True)
        return self._transport.request("GET", self.path(name, path)).body


class Threads(Group):
    """Conversations in mailboxes."""

    def list(self, addr: str, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List a mailbox's threads, newest activity first, `limit` to a page."""
        return self._list("threads.list", addr, limit=limit, cursor=cursor)

    def get(self, id: str, *, limit: int | None = None, cursor: str | None = None) -> Answer:
        """Show a thread with a page of its messages, oldest first; `next_cursor` leads on."""
        return self._do("threads.get", id, query={"limit": limit, "cursor": cursor})


class Search(Group):
    """Full text search."""

    def find(
        self,
        *,
        q: str,
        inbox: str | None = None,
        tenant: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Listing:
        """List messages that match, newest first: words, "phrases", prefix*, from:, subject:, has:attachment, before:,
        after:."""
        return self._list("search.find", q=q, inbox=inbox, tenant=tenant, limit=limit, cursor=cursor)


class Lists(Group):
    """Whom mail is taken from; `list` is allow or block."""

    def list(
        self,
        list: str,
        *,
        tenant: str | None = None,
        inbox: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Listing:
        """List the entries of a mailbox; for operators of a tenant with its mailboxes, too, or all."""
        return self._list("lists.list", list, tenant=tenant, inbox=inbox, limit=limit, cursor=cursor)

    def put(self, list: str, *, entry: str, tenant: str | None = None, inbox: str | None = None) -> Answer:
        """Allow or block an address, or a domain and all below it (`@example.com`)."""
        return self._do("lists.put", list, entry=entry, tenant=tenant, inbox=inbox)

    def delete(self, list: str, *, entry: str, tenant: str | None = None, inbox: str | None = None) -> Answer:
        """Take an entry off the list."""
        return self._do("lists.delete", list, query={"entry": entry, "tenant": tenant, "inbox": inbox})
