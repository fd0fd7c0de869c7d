"""Mailboxes as accounts of a WildDuck server: made and deleted by its API, watched by its streams of changes.

A stream is opened before the folder is looked through, and again whenever it ends, so nothing falls between; its
notices only say that there is something. A message is known by its UID; the folder's id stands for UIDVALIDITY.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import aclosing
from typing import Any

from daemon.backends.protocols import Account, AccountTaken, Fetched, ImapAccess, Ledger, Origin, Unreachable
from daemon.backends.receive.backoff import Backoff
from daemon.backends.receive.envelope import envelope
from daemon.backends.receive.wildduck_api import PAGE_MESSAGES, Answered, WildDuckApi
from daemon.errors import PosternError
from daemon.settings import HostPort

TOO_LARGE = "mails_too_large"
NEW_AT_ONCE = 20
_GONE = {"MessageNotFound", "UserNotFound", "NoSuchMailbox", "404"}

log = logging.getLogger("postern.wildduck")


class WildDuckBackend:
    """Every mailbox is an account; each account that is watched has one stream."""

    def __init__(
        self,
        api: WildDuckApi,
        ledger: Ledger,
        *,
        message_max_bytes: int,
        imap: HostPort | None,
        imap_security: str,
    ) -> None:
        self._api = api
        self._ledger = ledger
        self._message_max_bytes = message_max_bytes
        self._imap = imap
        self._imap_security = imap_security
        self._watched: dict[str, tuple[_Watcher, asyncio.Task[None]]] = {}

    @property
    def trouble(self) -> str | None:
        """Say why no mail comes in now; one account that is not well is in the log."""
        troubles = [watcher.trouble for watcher, _ in self._watched.values()]
        return troubles[0] if troubles and all(troubles) else None

    async def start(self) -> dict[str, str]:
        """Watch every account from now on; a server that is away is waited for."""
        for account in await self._ledger.accounts():
            self.watch(account)
        return {}

    async def stop(self) -> None:
        tasks = [task for _, task in self._watched.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._api.close()

    async def check(self) -> None:
        """Ask something that only the token's holder may. Raises `Unreachable`."""
        try:
            await self._api.ask("GET", "/users", limit=1)
        except Answered as error:
            raise self._refused(error) from None

    def watch(self, account: Account) -> None:
        if account.inbox_id not in self._watched:
            watcher = _Watcher(self._api, self._ledger, account, self._message_max_bytes)
            self._watched[account.inbox_id] = watcher, asyncio.create_task(watcher.run())

    def unwatch(self, inbox_id: str) -> None:
        watched = self._watched.pop(inbox_id, None)
        if watched is not None:
            watched[1].cancel()

    async def create_account(self, account: Account, password: str) -> str:
        """Make an account. One that was made before, and whose answer was lost, gets the new password."""
        wanted = {"username": _username(account), "password": password, "address": account.address}
        try:
            return str((await self._api.ask("POST", "/users", wanted))["id"])
        except Answered as error:
            if error.code == "AddressExistsError":
                raise AccountTaken from None
            if error.code != "UserExistsError":
                raise self._refused(error) from None
        found = await self._found(account)
        if found is None:
            raise Unreachable(f"WildDuck at {self._api.url} is not of one mind about {wanted['username']}")
        try:
            await self._api.ask("PUT", f"/users/{found}", {"password": password})
        except Answered as error:
            raise self._refused(error) from None
        return found

    async def also_for(self, account: Account, address: str) -> None:
        try:
            await self._api.ask("POST", f"/users/{account.remote_id}/addresses", {"address": address})
        except Answered as error:
            if error.code != "AddressExistsError":
                raise self._refused(error) from None
        else:
            return
        try:
            found = await self._api.ask("GET", f"/addresses/resolve/{address}")
        except Answered as error:
            raise self._refused(error) from None
        if found.get("user") != account.remote_id:
            raise AccountTaken

    async def delete_account(self, account: Account) -> None:
        found = await self._found(account)
        if found is None:
            return
        try:
            await self._api.ask("DELETE", f"/users/{found}")
        except Answered as error:
            if error.code not in _GONE:
                raise self._refused(error) from None

    def imap_access(self, account: Account) -> ImapAccess | None:
        if self._imap is None:
            return None
        return ImapAccess(self._imap.host, self._imap.port, self._imap_security, _username(account))

    async def push(self, origin: Origin, unread: bool | None) -> None:
        watched = self._watched.get(origin.source)
        if watched is None:
            return  # its account is gone, and the message with it
        await watched[0].push(origin, unread)

    async def _found(self, account: Account) -> str | None:
        try:
            return str((await self._api.ask("GET", f"/users/resolve/{_username(account)}"))["id"])
        except Answered as error:
            if error.code in _GONE:
                return None
            raise self._refused(error) from None

    def _refused(self, error: Answered) -> Unreachable:
        return Unreachable(f"WildDuck at {self._api.url} answers {error.code}: {error}")


class _Watcher:
    """The INBOX of one account."""

    def __init__(self, api: WildDuckApi, ledger: Ledger, account: Account, message_max_bytes: int) -> None:
        self.trouble: str | None = None
        self._api = api
        self._ledger = ledger
        self._account = account
        self._message_max_bytes = message_max_bytes
        self._folder = ""
        self._last_uid = 0

    async def run(self) -> None:
        """Fetch until cancelled."""
        backoff = Backoff()
        while True:
            try:
                async with aclosing(self._api.updates(self._account.remote_id)) as changes:
                    async for change in changes:
                        if change is None:
                            await self._reconcile()
                            backoff.succeeded()
                            self.trouble = None
                        else:
                            await self._follow(change)
            except (Answered, Unreachable, PosternError) as problem:
                if self.trouble is None:
                    log.warning("no mail comes in", extra={"inbox": self._account.inbox_id, "reason": str(problem)})
                self.trouble = str(problem)
            except Exception:  # whatever it may answer: other mailboxes, and the next try, are not to suffer
                log.exception("fetching failed", extra={"inbox": self._account.inbox_id})
                self.trouble = "fetching failed"
            await asyncio.sleep(backoff.failed(random.random()))  # noqa: S311  spreads load, guards nothing

    async def push(self, origin: Origin, unread: bool | None) -> None:
        """Tell what was read or deleted here."""
        if not self._folder:
            raise Unreachable("the mailbox was not looked through yet")
        if origin.validity != self._validity:
            return
        path = f"{self._path}/{origin.uid}"
        try:
            if unread is None:
                await self._api.ask("DELETE", path)
            else:
                await self._api.ask("PUT", path, {"seen": not unread})
        except Answered as error:
            if error.code not in _GONE:
                raise Unreachable(f"WildDuck at {self._api.url} answers {error.code}: {error}") from None

    @property
    def _validity(self) -> int:
        return int(self._folder[:8], 16)  # of its id: when it was made

    @property
    def _path(self) -> str:
        return f"/users/{self._account.remote_id}/mailboxes/{self._folder}/messages"

    async def _reconcile(self) -> None:
        """Look through the whole folder: what came, what was read, and what is gone."""
        folders = (await self._api.ask("GET", f"/users/{self._account.remote_id}/mailboxes"))["results"]
        self._folder = next(str(one["id"]) for one in folders if one["path"] == "INBOX")
        cursor = await self._ledger.cursor(self._account.inbox_id)
        same = cursor is not None and cursor.validity == self._validity
        self._last_uid = cursor.uid if cursor is not None and same else 0
        told: dict[int, dict[str, Any]] = {}
        page: object = None
        while True:
            query = {"limit": PAGE_MESSAGES} | ({"next": page} if page else {})
            answer = await self._api.ask("GET", self._path, None, **query)
            told |= {int(one["id"]): one for one in answer["results"]}
            page = answer.get("nextCursor")
            if not page:
                break
        await self._fetch(told)
        unread: dict[int, bool | None] = {uid: not one["seen"] for uid, one in told.items()}
        await self._ledger.mirror(self._account.inbox_id, self._validity, unread, whole=True)

    async def _follow(self, change: dict[str, Any]) -> None:
        if change.get("mailbox") != self._folder:
            return
        command, uid = change.get("command"), change.get("uid")
        if command in ("EXISTS", "COUNTERS"):
            # Counters are told when all that was known was told: what came while it was being told is found now.
            await self._fetch_new()
        elif command == "EXPUNGE" and isinstance(uid, int):
            await self._ledger.mirror(self._account.inbox_id, self._validity, {uid: None}, whole=False)
        elif command == "FETCH" and isinstance(uid, int) and isinstance(change.get("flags"), list):
            unread = "\\Seen" not in change["flags"]
            await self._ledger.mirror(self._account.inbox_id, self._validity, {uid: unread}, whole=False)

    async def _fetch_new(self) -> None:
        """Fetch what is newer than all that was dealt with, newest pages first."""
        told: dict[int, dict[str, Any]] = {}
        page: object = None
        while True:
            query = {"limit": NEW_AT_ONCE} | ({"next": page} if page else {})
            answer = await self._api.ask("GET", self._path, None, **query)
            told |= {int(one["id"]): one for one in answer["results"]}
            page = answer.get("nextCursor")
            if not page or not told or min(told) <= self._last_uid:
                break
        await self._fetch(told)

    async def _fetch(self, told: dict[int, dict[str, Any]]) -> None:
        """Fetch, in the order of their UIDs, those of the listed messages that were not dealt with."""
        for uid in sorted(uid for uid in told if uid > self._last_uid):
            origin = Origin(self._account.inbox_id, self._validity, uid)
            await self._fetch_one(origin, told[uid])
            self._last_uid = uid

    async def _fetch_one(self, origin: Origin, told: dict[str, Any]) -> None:
        user, most = self._account.remote_id, self._message_max_bytes
        try:
            large = int(told["size"]) > most
            raw = None if large else await self._api.raw(user, self._folder, origin.uid, most)
        except Answered:
            large, raw = True, None
        if raw is None:
            if large:
                log.warning("a mail is left on the server: it is too large", extra={"uid": origin.uid})
            await self._ledger.passed_over(origin, TOO_LARGE if large else "mails_gone_before_fetched")
            return
        sender, groups = envelope(raw)
        mail = Fetched(
            origin,
            sender,
            groups or ((self._account.address,),),
            raw,
            unread=not told["seen"],
            inbox_id=self._account.inbox_id,
        )
        await self._ledger.fetched(mail)


def _username(account: Account) -> str:
    """Return the account's name, which says whose it is and is never used again."""
    return "postern-" + account.inbox_id.removeprefix("inbox_")
