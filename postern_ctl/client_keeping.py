"""Backups and the master keys, for operators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Literal, overload

from postern_ctl.answers import Answer, Listing
from postern_ctl.calls import Group

BACKUP_MAX_SECONDS = 3600.0


class Backups(Group):
    """Backups of the whole database."""

    def create(self, *, passphrase: str | None = None) -> Answer:
        """Back everything up, encrypted when there is a passphrase."""
        return self._do("backups.create", passphrase=passphrase, within_seconds=BACKUP_MAX_SECONDS)

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List backups, newest first."""
        return self._list("backups.list", limit=limit, cursor=cursor)

    def get(self, id: str) -> Answer:
        """Show one."""
        return self._do("backups.get", id)

    @overload
    def content(self, id: str, *, link: None = None) -> AbstractContextManager[Iterator[bytes]]: ...

    @overload
    def content(self, id: str, *, link: Literal[True]) -> Answer: ...

    def content(
        self, id: str, *, link: Literal[True] | None = None
    ) -> AbstractContextManager[Iterator[bytes]] | Answer:
        """Hand out one's bytes, piece by piece; with `link`, a one-time link to them."""
        if link:
            return self._do("backups.content", id, query={"link": True}, receipt=True)
        return self._transport.pieces(self.path("backups.content", (id,)))

    def delete(self, id: str) -> Answer:
        """Remove one."""
        return self._do("backups.delete", id)


class MasterKeys(Group):
    """The master keys, without their octets."""

    def get(self) -> Answer:
        """Show which there are."""
        return self._do("keyring.get")

    def rotate(self) -> Answer:
        """Make a new one, and seal everything anew under it."""
        return self._do("keyring.rotate", within_seconds=BACKUP_MAX_SECONDS)
