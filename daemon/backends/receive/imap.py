"""Mail from an IMAP account that gets all mail (RFC 9051), handed to the mailboxes that it is for.

Each folder has a connection that idles on the event loop (RFC 2177); what blocks runs in a few threads. After every
wake-up and every reconnection the folder is selected anew: its UIDNEXT and UIDVALIDITY say what there is to fetch, so
nothing depends on which notices came.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from daemon.backends.protocols import Fetched, Ledger, Origin, Unreachable
from daemon.backends.receive.backoff import Backoff
from daemon.backends.receive.envelope import envelope
from daemon.errors import PosternError
from daemon.settings import HostPort

THREADS = 8
CONNECT_TIMEOUT_SECONDS = 10
COMMAND_TIMEOUT_SECONDS = 60
IDLE_RENEWED_SECONDS = 20 * 60  # RFC 2177: a server may end it after 30 minutes
SIZES_AT_ONCE = 500
TOO_LARGE = "mails_too_large"
_SIZE, _FLAGS, _BODY = b"RFC822.SIZE", b"FLAGS", b"BODY[]"
_FAULTS = (IMAPClientError, OSError, ssl.SSLError, EOFError)

T = TypeVar("T")
log = logging.getLogger("postern.imap")


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where the account is. `tls` encrypts: from the start when `tls_at_once`, else by STARTTLS; None: nothing does."""

    at: HostPort
    tls: ssl.SSLContext | None
    tls_at_once: bool
    user: str
    password: str

    def connect(self) -> IMAPClient:
        """Log in. Blocks; raises `OSError` or `IMAPClientError`."""
        client = IMAPClient(
            self.at.host,
            self.at.port,
            ssl=self.tls_at_once,
            ssl_context=self.tls,
            timeout=SocketTimeout(CONNECT_TIMEOUT_SECONDS, COMMAND_TIMEOUT_SECONDS),
        )
        try:
            if self.tls is not None and not self.tls_at_once:
                client.starttls(self.tls)
            client.login(self.user, self.password)
        except BaseException:
            _drop(client)
            raise
        return client

    def source(self, folder: str) -> str:
        """Return the name of a folder for ever."""
        return f"imap:{self.user}@{self.at}/{folder}"


class ImapBackend:
    """Watches the folders, and tells the server what was read and deleted here."""

    def __init__(self, server: ImapServer, folders: tuple[str, ...], ledger: Ledger, message_max_bytes: int) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="imap")
        self._watchers = {
            server.source(folder): _Watcher(server, folder, ledger, message_max_bytes, self._pool) for folder in folders
        }
        self._tasks: list[asyncio.Task[None]] = []
        self._telling = asyncio.Lock()
        self._teller: IMAPClient | None = None

    @property
    def trouble(self) -> str | None:
        """Say why no mail comes in now, if none does."""
        return next((one.trouble for one in self._watchers.values() if one.trouble), None)

    async def start(self) -> dict[str, str]:
        """Watch from now on; a server that is away is waited for."""
        self._tasks = [asyncio.create_task(watcher.run()) for watcher in self._watchers.values()]
        return {}

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._teller is not None:
            _drop(self._teller)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def check(self) -> None:
        """Log in and select the folders. Raises `Unreachable`."""

        def look() -> None:
            client = self._server.connect()
            for watcher in self._watchers.values():
                client.select_folder(watcher.folder, readonly=True)
            client.logout()

        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, look)
        except _FAULTS as problem:
            raise Unreachable(_said(self._server, problem)) from None

    async def push(self, origin: Origin, unread: bool | None) -> None:
        watcher = self._watchers.get(origin.source)
        if watcher is None or watcher.validity not in (None, origin.validity):
            return  # that folder is not watched any more, or the message is not in it any more
        async with self._telling:
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(self._pool, self._tell, watcher.folder, origin, unread)
            except _FAULTS as problem:
                raise Unreachable(_said(self._server, problem)) from None

    def _tell(self, folder: str, origin: Origin, unread: bool | None) -> None:
        """Tell on the connection that is kept for it, or on a new one when that has ended."""
        if self._teller is not None:
            try:
                _mark(self._teller, folder, origin, unread)
            except _FAULTS:
                _drop(self._teller)
                self._teller = None
            else:
                return
        self._teller = self._server.connect()
        _mark(self._teller, folder, origin, unread)


class _Watcher:
    """One folder."""

    def __init__(
        self, server: ImapServer, folder: str, ledger: Ledger, message_max_bytes: int, pool: ThreadPoolExecutor
    ) -> None:
        self.folder = folder
        self.validity: int | None = None
        self.trouble: str | None = None
        self._server = server
        self._source = server.source(folder)
        self._ledger = ledger
        self._message_max_bytes = message_max_bytes
        self._pool = pool

    async def run(self) -> None:
        """Fetch until cancelled."""
        backoff = Backoff()
        while True:
            client: IMAPClient | None = None
            try:
                client = await self._blocking(self._server.connect)
                while True:
                    await self._fetch_all(client)
                    backoff.succeeded()
                    self.trouble = None
                    await self._idle(client)
            except (*_FAULTS, PosternError) as problem:
                if self.trouble is None:
                    log.warning("no mail comes in", extra={"reason": _said(self._server, problem)})
                self.trouble = _said(self._server, problem)
            except Exception:  # whatever a server may answer: the others, and the next try, are not to suffer
                log.exception("fetching failed", extra={"folder": self.folder})
                self.trouble = "fetching failed"
            finally:
                if client is not None:
                    _drop(client)
            await asyncio.sleep(backoff.failed(random.random()))  # noqa: S311  spreads load, guards nothing

    async def _fetch_all(self, client: IMAPClient) -> None:
        """Fetch until there is nothing that was not dealt with.

        A folder is selected again and again, not searched: a notice of new mail may hide in the answer to any other
        command, and IDLE does not repeat it.
        """
        looked_to = 0
        while True:
            selected = await self._blocking(lambda: client.select_folder(self.folder))
            validity, next_uid = int(selected[b"UIDVALIDITY"]), int(selected.get(b"UIDNEXT", 0))
            cursor = await self._ledger.cursor(self._source)
            after = cursor.uid if cursor is not None and cursor.validity == validity else 0
            if next_uid and next_uid <= max(after + 1, looked_to):
                self.validity = validity
                return
            uids: list[int] = await self._blocking(partial(client.search, ["UID", f"{after + 1}:*"]))
            new = sorted(uid for uid in uids if uid > after)  # "n:*" has the last message always
            for start in range(0, len(new), SIZES_AT_ONCE):
                await self._fetch(client, validity, new[start : start + SIZES_AT_ONCE])
            if not new and not next_uid:
                self.validity = validity
                return
            looked_to = next_uid

    async def _fetch(self, client: IMAPClient, validity: int, uids: list[int]) -> None:
        known: dict[int, dict[bytes, Any]] = await self._blocking(lambda: client.fetch(uids, [_SIZE, _FLAGS]))
        for uid in uids:
            told, origin = known.get(uid), Origin(self._source, validity, uid)
            if told is None:
                continue  # deleted meanwhile
            if told[_SIZE] > self._message_max_bytes:
                log.warning("a mail is left on the server: it is too large", extra={"uid": uid, "bytes": told[_SIZE]})
                await self._ledger.passed_over(origin, TOO_LARGE)
                continue
            answer = await self._blocking(partial(client.fetch, [uid], ["BODY.PEEK[]"]))
            raw = answer.get(uid, {}).get(_BODY)
            if raw is not None:
                sender, groups = envelope(raw)
                unread = SEEN not in told[_FLAGS]
                await self._ledger.fetched(Fetched(origin, sender, groups, raw, unread))

    async def _idle(self, client: IMAPClient) -> None:
        """Wait until there is something new, or the connection has ended."""
        await self._blocking(client.idle)
        if not await self._blocking(lambda: client.idle_check(timeout=0)):
            await _readable(client, IDLE_RENEWED_SECONDS)
        await self._blocking(client.idle_done)  # raises when the server is gone

    async def _blocking(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


async def _readable(client: IMAPClient, timeout_seconds: float) -> None:
    """Wait until the socket has something to read, without a thread, at most so long."""
    loop = asyncio.get_running_loop()
    woken, number = asyncio.Event(), client.socket().fileno()
    loop.add_reader(number, woken.set)
    try:
        async with asyncio.timeout(timeout_seconds):
            await woken.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(number)


def _mark(client: IMAPClient, folder: str, origin: Origin, unread: bool | None) -> None:
    selected = client.select_folder(folder)
    if int(selected[b"UIDVALIDITY"]) != origin.validity:
        raise IMAPClientError("the folder has a new UIDVALIDITY, and was not looked through yet")
    if unread is None:
        client.delete_messages([origin.uid], silent=True)
        if client.has_capability("UIDPLUS"):  # else it would take what others have marked with it (RFC 4315)
            client.expunge([origin.uid])
    elif unread:
        client.remove_flags([origin.uid], [SEEN], silent=True)
    else:
        client.add_flags([origin.uid], [SEEN], silent=True)


def _drop(client: IMAPClient) -> None:
    """Close a connection without a word."""
    with contextlib.suppress(*_FAULTS):
        client.shutdown()


def _said(server: ImapServer, problem: BaseException) -> str:
    return f"IMAP at {server.at}: {str(problem) or type(problem).__name__}"
