"""Bytes for their owner, and for whoever holds a one-time link to them: messages, attachments, backups."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.api.common import LinkRef
from daemon.errors import not_found, unavailable
from daemon.mail.bounded import WorkerError, attachment_bounded
from daemon.service.context import Blob, Call, Done
from daemon.service.keeping import backups
from daemon.service.link_tokens import Purpose
from daemon.service.mailboxes.message_rows import owned_message
from daemon.service.mutations import Change
from daemon.service.tools import Service
from daemon.store import audit, messages
from daemon.store.database import Tx
from daemon.store.messages import MessageRow


@dataclass(frozen=True, slots=True)
class Target:
    """A message as it arrived, one of its attachments, or a backup; its text is what a link's row names."""

    message_id: str
    index: int | None = None
    backup_id: str | None = None

    def __str__(self) -> str:
        if self.backup_id is not None:
            return f"{backups.DIRECTORY}/{self.backup_id}"
        return f"{self.message_id}/raw" if self.index is None else f"{self.message_id}/attachments/{self.index}"

    @classmethod
    def read(cls, text: str) -> Target:
        """Read what `str` wrote."""
        message_id, _, what = text.partition("/")
        if message_id == backups.DIRECTORY:
            return cls("", backup_id=what)
        return cls(message_id, None if what == "raw" else int(what.rpartition("/")[2]))


class Downloads(Service):
    """Hands out bytes. Who may have them was asked before."""

    async def blob(self, target: Target) -> Blob:
        """Return the bytes. Raises `not_found` when there are none, `backend_unavailable` when they cannot be read."""
        if target.backup_id is not None:
            return backups.blob(backups.found(self._settings.home, target.backup_id))
        row, content = await self._database.read(lambda conn: messages.with_raw(conn, target.message_id))
        if row is None or content is None:
            raise not_found("message")
        if target.index is None:
            return Blob(content, "message/rfc822", f"{row.id}.eml", str(target))
        try:
            attachment, content = await attachment_bounded(content, target.index)
        except IndexError:
            raise not_found("attachment") from None
        except WorkerError as error:
            raise unavailable(
                f"The attachment could not be read: it {error}. The raw message is always there."
            ) from None
        return Blob(content, attachment.content_type, attachment.filename, str(target))

    def is_there(self, conn: sqlite3.Connection, target: Target) -> bool:
        """Tell whether there is still something to hand out."""
        if target.backup_id is None:
            return messages.get(conn, target.message_id) is not None
        return backups.is_there(self._settings.home, target.backup_id)

    async def link(self, call: Call, target: Target) -> Done[LinkRef]:
        """Make a one-time link to the bytes. Raises what `blob` raises: there is no link to what is not there."""
        await self.blob(target)

        def change(tx: Tx) -> Change[LinkRef]:
            row: MessageRow = owned_message(tx.conn, call.principal, target.message_id)
            last = audit.head(tx.conn)
            own_seq = 1 if last is None else last.seq + 1  # the line of this very change is the next one
            made = self._mutations.issue(tx, call, own_seq, row.tenant_id, str(target), purpose=Purpose.DOWNLOAD)
            return Change(data=made, target=made.id, tenant=row.tenant_id, link=made)

        return await self._mutations.run(call, "link:create", change)
