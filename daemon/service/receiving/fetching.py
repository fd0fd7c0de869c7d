"""What a backend that fetches mail keeps account with: each mail stored once, with how far its folder was fetched."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from daemon.audit import append
from daemon.backends.protocols import Account, Arrival, Fetched, Origin, Refused
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.mailboxes.messages import Incoming, Messages
from daemon.service.meters import timed
from daemon.service.mutations import entry
from daemon.service.receiving.reception import Reception
from daemon.service.tools import Service, Tools
from daemon.store import accounts, messages, origins
from daemon.store.database import Tx
from daemon.store.origins import OriginRow

FOR_NOBODY_HERE = "mails_for_nobody_here"
HASH_INLINE_MAX_BYTES = 256 * 1024


class Fetching(Service):
    """The ledger of the backend that is in use."""

    def __init__(self, tools: Tools, reception: Reception, messages: Messages) -> None:
        super().__init__(tools)
        self._reception = reception
        self._messages = messages

    async def accounts(self) -> Sequence[Account]:
        rows = await self._database.read(lambda conn: accounts.in_state(conn, "live"))
        return [Account(row.id, row.address, row.remote_id) for row in rows]

    async def cursor(self, source: str) -> Origin | None:
        at = await self._database.read(lambda conn: origins.cursor(conn, source))
        return None if at is None else Origin(source, *at)

    async def fetched(self, mail: Fetched) -> int:
        """Store a mail, its origin and the cursor in one transaction, unless that was done before."""
        with timed(self._meters.received_seconds):
            judged = await self._messages.judged(Arrival(mail.envelope_from), mail.raw)
            incoming, digest = replace(judged, unread=mail.unread), await _digest(mail.raw)
            kept = await self._database.write(lambda tx: self._keep(tx, mail, incoming, digest))
        if kept is None:
            self._count(FOR_NOBODY_HERE)
        return kept or 0

    def _keep(self, tx: Tx, mail: Fetched, incoming: Incoming, digest: bytes) -> int | None:
        """Return for how many mailboxes a mail was stored now; None: there is none for it."""
        at = mail.origin
        if not origins.move_cursor(tx, at.source, at.validity, at.uid):
            return 0
        if origins.rebind(tx, at.source, at.validity, at.uid, digest):
            return 0
        recipients = {mail.inbox_id: _given(mail)} if mail.inbox_id else self._recipients(tx, mail.addresses)
        row = OriginRow(source=at.source, validity=at.validity, uid=at.uid, digest=digest, unread=int(mail.unread))
        origin_n = origins.add(tx, row)
        try:
            taken = self._messages.keep(tx, incoming, recipients, origin_n)
        except Refused:
            taken = frozenset()
        if not taken:
            origins.forget(tx, origin_n)
        return len(taken) or None

    def _recipients(self, tx: Tx, groups: Sequence[Sequence[str]]) -> dict[str, str]:
        for group in groups:
            found: dict[str, str] = {}
            for address in group:
                destination = self._reception.known(tx.conn, address)
                if destination is not None:
                    found.setdefault(destination, address)
            if found:
                return found
        return {}

    async def passed_over(self, origin: Origin, why: str) -> None:
        await self._database.write(lambda tx: origins.move_cursor(tx, origin.source, origin.validity, origin.uid))
        self._count(why)

    async def mirror(self, source: str, validity: int, unread: Mapping[int, bool | None], *, whole: bool) -> None:
        """What was changed here and is not told there yet stays as it is here."""

        def change(tx: Tx) -> None:
            for row in origins.of(tx.conn, source, validity):
                if row.stale or row.n is None:
                    continue
                marked = unread.get(row.uid, None if whole else bool(row.unread))
                if marked is None:
                    self._remove(tx, row.n)
                elif marked is not bool(row.unread):
                    origins.marked(tx, row.n, int(marked))

        await self._database.write(change)

    def _remove(self, tx: Tx, origin_n: int) -> None:
        """Delete what was deleted on the server; whoever did that is known there alone."""
        call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
        for message_id, tenant_id in origins.messages_of(tx.conn, origin_n):
            messages.remove(tx, message_id)
            told = entry(call, "message:delete", tenant_id, message_id)
            append(tx, replace(told, reason="deleted at the receive backend"))
            tx.on_commit(lambda gone=message_id: self._mails.forget(gone))  # type: ignore[misc]
        origins.forget(tx, origin_n)


def _given(mail: Fetched) -> str:
    return next((address for group in mail.addresses for address in group), "")


async def _digest(raw: bytes) -> bytes:
    if len(raw) <= HASH_INLINE_MAX_BYTES:
        return hashlib.sha256(raw).digest()
    return await asyncio.to_thread(lambda: hashlib.sha256(raw).digest())
