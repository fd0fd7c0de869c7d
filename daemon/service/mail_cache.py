"""Parsed mails by message id, a few of them, so that a mail many wait for is parsed and read once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import TypeVar

from daemon.errors import not_found
from daemon.mail.bounded import extract_bounded, parse_bounded
from daemon.mail.extract import Extracted
from daemon.mail.model import ParsedMail
from daemon.store import messages
from daemon.store.database import Database
from daemon.store.messages import MessageRow

T = TypeVar("T")

KEPT_MAILS = 64
KEPT_MAIL_MAX_BYTES = 512 * 1024


class MailCache:
    """The mails that were touched last, parsed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parsed: OrderedDict[str, asyncio.Future[ParsedMail]] = OrderedDict()
        self._extracted: OrderedDict[str, asyncio.Future[Extracted]] = OrderedDict()
        self._arrived: OrderedDict[str, asyncio.Future[MessageRow | None]] = OrderedDict()

    def prime(self, message_id: str, parsed: ParsedMail, size_bytes: int) -> None:
        """Keep a mail that was just parsed: most are asked for at once."""
        if size_bytes <= KEPT_MAIL_MAX_BYTES:
            ready: asyncio.Future[ParsedMail] = asyncio.get_running_loop().create_future()
            ready.set_result(parsed)
            _keep(self._parsed, message_id, ready)

    async def arrived(self, message_id: str) -> MessageRow | None:
        """Return the row of a message that just came, read once for all who were woken by it; None when it is gone."""
        return await _shared(
            self._arrived, message_id, lambda: self._database.read(lambda conn: messages.get(conn, message_id))
        )

    async def parsed(self, message: MessageRow) -> ParsedMail:
        """Return a message parsed; those who ask at the same time share the work."""
        result = await _shared(self._parsed, message.id, lambda: self._parse(message))
        if message.size_bytes > KEPT_MAIL_MAX_BYTES:
            self._parsed.pop(message.id, None)
        return result

    async def extracted(self, message: MessageRow) -> Extracted:
        """Return what a message holds; the work is shared, too."""
        return await _shared(self._extracted, message.id, lambda: self._extract(message))

    def forget(self, message_id: str) -> None:
        """Drop a message that was deleted."""
        self._parsed.pop(message_id, None)
        self._extracted.pop(message_id, None)
        self._arrived.pop(message_id, None)

    async def _parse(self, message: MessageRow) -> ParsedMail:
        content = await self._database.read(lambda conn: messages.raw(conn, message.raw_id))
        if content is None:
            raise not_found("message")
        return await parse_bounded(content)

    async def _extract(self, message: MessageRow) -> Extracted:
        return await extract_bounded(await self.parsed(message))


async def _shared(
    cache: OrderedDict[str, asyncio.Future[T]], key: str, work: Callable[[], Coroutine[None, None, T]]
) -> T:
    """Return what `work` did for whoever asked first. One who goes away does not end it for the others."""
    task = cache.get(key)
    if task is None or (task.done() and (task.cancelled() or task.exception())):
        task = asyncio.ensure_future(work())
        _keep(cache, key, task)
    return await asyncio.shield(task)


def _keep(cache: OrderedDict[str, T], key: str, value: T) -> None:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > KEPT_MAILS:
        cache.popitem(last=False)
