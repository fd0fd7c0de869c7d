"""The part of the client that reads mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, overload

from postern_ctl.answers import Answer, Document, Listing
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

    def text(self, id: str, *, offset: int | None = None, max_chars: int | None = None) -> Answer:
        """Show what a reader of a message sees; `next_offset` leads to the next part."""
        return self._do("messages.text", id, query={"offset": offset, "max_chars": max_chars})

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

    def send(
        self,
        addr: str,
        *,
        to: str | Sequence[str],
        subject: str,
        text: str | None = None,
        html: str | None = None,
        cc: str | Sequence[str] | None = None,
        bcc: str | Sequence[str] | None = None,
        reply_to: str | Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
        attachments: Sequence[Document] | None = None,
        subscribed: bool | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Send a mail from a mailbox. It is taken for good: repeat with the same `idempotency_key` and it goes once.

        An attachment is `{filename, content, content_type?, content_id?, inline?}`, its content base64; `attachment`
        in `postern_ctl.files` makes one of a file. With `dry_run` nothing is sent, and `data` tells which rule says no.
        """
        return self._do(
            "messages.send",
            addr,
            to=to,
            cc=cc,
            bcc=bcc,
            subject=subject,
            text=text,
            html=html,
            reply_to=reply_to,
            headers=headers,
            attachments=attachments,
            subscribed=subscribed,
            dry_run=dry_run,
            idempotency_key=idempotency_key,
        )

    def reply(
        self,
        id: str,
        *,
        text: str | None = None,
        html: str | None = None,
        reply_all: bool | None = None,
        attachments: Sequence[Document] | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Answer a message, in its thread; `reply_all` answers everybody that it names."""
        return self._do(
            "messages.reply",
            id,
            text=text,
            html=html,
            reply_all=reply_all,
            attachments=attachments,
            dry_run=dry_run,
            idempotency_key=idempotency_key,
        )

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
