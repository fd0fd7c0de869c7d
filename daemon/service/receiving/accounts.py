"""Accounts at a receive backend where every mailbox has one: made before the mailbox, deleted after it.

What is about to be made outside is written down first, with the line of an intent. What came of it is another line
under the same request id: the mailbox's own, or that it was undone. An account whose mailbox did not come to be, or is
gone, is deleted by the worker, which tries until that is done, also over restarts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from daemon.api.common import Model
from daemon.audit import append
from daemon.backends.protocols import Account, AccountBackend, AccountTaken, ImapAccess, Unreachable
from daemon.errors import Code, PosternError, unavailable
from daemon.events import Event
from daemon.keys import Place
from daemon.service.context import SYSTEM, Call, Done, Source
from daemon.service.mutations import Intent, Once, entry
from daemon.service.receiving.operator_mail import OperatorMail
from daemon.service.tools import Tools
from daemon.service.worker import LOOK_EVERY_SECONDS, Worker
from daemon.store import accounts, inboxes, tenants
from daemon.store.accounts import AccountRow
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow

M = TypeVar("M", bound=Model)

ACCOUNTS = "accounts"  # the topic of what is to be deleted
MADE_AT_ONCE_MAX = 100
CREATE = "inbox:create"
TAKEN = "This address is taken or was used before. Choose another username."


class Accounts(Worker):
    """Keeps the backend's accounts in step with the mailboxes; without such a backend it has nothing to do."""

    log = logging.getLogger("postern.accounts")

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.backend: AccountBackend | None = None
        self._making: set[asyncio.Task[object]] = set()
        self._operator = OperatorMail(tools)
        self._answered_for: tuple[int, int] | None = None  # the domains whose operator's addresses are at the backend
        self._closing = asyncio.Lock()  # each account is deleted by one at a time

    async def use(self, backend: AccountBackend) -> None:
        """Make accounts at this backend from now on. What a killed daemon was about to make is undone."""

        def undo(tx: Tx) -> None:
            for row in accounts.in_state(tx.conn, "making"):
                if inboxes.find(tx.conn, row.id) is not None:
                    accounts.remove(tx, row.id)  # the mailbox was there before: it gets its account again
                    continue
                call = Call(principal=SYSTEM, request_id=row.request_id, source=Source.SYSTEM)
                self._undo(tx, call, row.tenant_id, row.id, Code.BACKEND_UNAVAILABLE)

        await self._database.write(undo)
        self.backend = backend

    async def run(self, backend: AccountBackend) -> None:
        """Work until the daemon stops."""
        await self.look_on((ACCOUNTS,), lambda: self.step(backend))

    async def step(self, backend: AccountBackend) -> float:
        """Delete the accounts that are to go, and make those that mailboxes lack; return when to look again."""
        try:
            await self._close_all(backend)
            mark = await self._database.read(tenants.domains_mark)
            addresses = {} if mark == self._answered_for else await self._database.write(self._operator.everywhere)
            for inbox in await self._database.read(partial(accounts.without, limit=MADE_AT_ONCE_MAX)):
                await self._adopt(backend, inbox)
            if await self._answer_for_operators(backend, addresses):
                self._answered_for = mark
        except Unreachable as problem:
            self.log.warning("accounts have to wait", extra={"reason": str(problem)})
        return LOOK_EVERY_SECONDS

    async def around(
        self,
        call: Call,
        inbox_id: str,
        chosen: Callable[[Tx], tuple[str, str]],
        make: Callable[[str, Callable[[Tx], None]], Awaitable[Done[M]]],
        once: Once[M] | None,
    ) -> Done[M]:
        """Make an account, then its mailbox. A caller that goes away stops neither.

        `chosen` checks that the mailbox may be made and returns tenant and address; `make` gets the address, and what
        makes the account live in the mailbox's transaction. Raises what they raise, and `backend_unavailable`.
        """
        task = asyncio.create_task(self._around(call, inbox_id, chosen, make, once))
        self._making.add(task)
        task.add_done_callback(self._making.discard)
        return await asyncio.shield(task)

    async def _around(
        self,
        call: Call,
        inbox_id: str,
        chosen: Callable[[Tx], tuple[str, str]],
        make: Callable[[str, Callable[[Tx], None]], Awaitable[Done[M]]],
        once: Once[M] | None,
    ) -> Done[M]:
        backend, password = self.backend, self._ids.secret()
        assert backend is not None  # noqa: S101  for the type checker
        reserved: list[AccountRow] = []

        def reserve(tx: Tx) -> Intent:
            tenant_id, address = chosen(tx)
            if accounts.holder(tx.conn, address) is not None:
                raise PosternError(Code.ADDRESS_TAKEN, TAKEN)
            reserved.append(self._reserved(tx, inbox_id, tenant_id, address, password, call.request_id))
            return Intent(target=inbox_id, tenant=tenant_id, value=address)

        earlier = await self._mutations.intend(call, CREATE, reserve, once=once)
        if earlier is not None:
            return earlier
        [row] = reserved
        try:
            remote_id = await self._made(backend, row, password)
            done = await make(row.address, partial(self._live, row=row, remote_id=remote_id))
        except BaseException as problem:
            code = problem.code if isinstance(problem, PosternError) else Code.INTERNAL_ERROR
            await self._database.write(lambda tx: self._undo(tx, call, row.tenant_id, inbox_id, code))
            raise
        if done.replayed:  # the same request, twice at the same time: the other one made it
            code = Code.IDEMPOTENCY_CONFLICT
            await self._database.write(lambda tx: self._undo(tx, call, row.tenant_id, inbox_id, code))
        return done

    async def _made(self, backend: AccountBackend, row: AccountRow, password: str) -> str:
        """Make an account, after those that had its address before are gone, and return its remote id."""
        try:
            await self._close_all(backend, row.address)
            return await backend.create_account(_account(row), password)
        except AccountTaken:
            raise PosternError(Code.ADDRESS_TAKEN, TAKEN) from None
        except Unreachable as problem:
            self.log.warning("an account could not be made", extra={"reason": str(problem)})
            raise unavailable("The mail server that mailboxes are made at does not answer. Try again later.") from None

    async def _adopt(self, backend: AccountBackend, inbox: InboxRow) -> None:
        """Make the account of a mailbox that was there before this backend was."""
        password, request_id = self._ids.secret(), self._ids.new("req")
        row = await self._database.write(
            lambda tx: self._reserved(tx, inbox.id, inbox.tenant_id, inbox.address, password, request_id)
        )
        try:
            remote_id = await backend.create_account(_account(row), password)
        except (AccountTaken, Unreachable) as problem:
            await self._database.write(lambda tx: accounts.remove(tx, inbox.id))
            if isinstance(problem, Unreachable):
                raise
            self.log.warning("a mailbox gets no mail: its address is taken at the backend", extra={"inbox": inbox.id})
        else:
            await self._database.write(partial(self._live, row=row, remote_id=remote_id))

    async def _answer_for_operators(self, backend: AccountBackend, addresses: Mapping[str, Sequence[str]]) -> bool:
        """Have the operator's mail come into the accounts of its mailboxes (RFC 2142); tell whether all are there."""
        for inbox_id, wanted in addresses.items():
            row = await self._database.read(partial(accounts.get, inbox_id=inbox_id))
            if row is None or row.state != "live":
                return False
            for address in wanted:
                try:
                    await backend.also_for(_account(row), address)
                except AccountTaken:
                    self.log.warning("an operator's address is taken at the backend", extra={"inbox": inbox_id})
        return True

    async def _close_all(self, backend: AccountBackend, address: str | None = None) -> None:
        """Delete the accounts that are to go, or those of one address."""
        for known in await self._to_close(address):
            async with self._closing:
                if known in await self._to_close(address):  # nobody else has deleted it meanwhile
                    backend.unwatch(known.id)
                    await backend.delete_account(_account(known))
                    await self._database.write(partial(accounts.remove, inbox_id=known.id))

    async def _to_close(self, address: str | None) -> list[AccountRow]:
        rows = await self._database.read(lambda conn: accounts.in_state(conn, "closing"))
        return [row for row in rows if address in (None, row.address)]

    def _reserved(
        self, tx: Tx, inbox_id: str, tenant_id: str, address: str, password: str, request_id: str
    ) -> AccountRow:
        row = AccountRow(
            id=inbox_id,
            tenant_id=tenant_id,
            address=address,
            remote_id="",
            password=self._keyring.seal(_place(tenant_id, inbox_id), password.encode()),
            state="making",
            request_id=request_id,
            created_ms=tx.now_ms,
        )
        accounts.add(tx, row)
        return row

    def _live(self, tx: Tx, row: AccountRow, remote_id: str) -> None:
        accounts.live(tx, row.id, remote_id)
        if self.backend is not None:
            tx.on_commit(partial(self.backend.watch, Account(row.id, row.address, remote_id)))

    def _undo(self, tx: Tx, call: Call, tenant_id: str, inbox_id: str, code: Code) -> None:
        """Have an account that nobody wants any more deleted, with a line."""
        accounts.close(tx, inbox_id)
        append(tx, entry(call, CREATE, tenant_id, inbox_id, refused=code.value))
        tx.on_commit(self.look_soon)

    def look_soon(self) -> None:
        self._bus.publish(Event(ACCOUNTS, "look"))

    def access(self, tx: Tx, inbox_id: str) -> tuple[ImapAccess, str] | None:
        """Return how a mail program reads a mailbox, with the password; None: it cannot."""
        row = accounts.get(tx.conn, inbox_id)
        found = None if row is None or self.backend is None else self.backend.imap_access(_account(row))
        if row is None or found is None:
            return None
        return found, self._keyring.unseal(_place(row.tenant_id, inbox_id), row.password).decode()


def _account(row: AccountRow) -> Account:
    return Account(row.id, row.address, row.remote_id)


def _place(tenant_id: str, inbox_id: str) -> Place:
    """Return where the password of an account lives."""
    return Place(tenant_id, "accounts", inbox_id, "password")
