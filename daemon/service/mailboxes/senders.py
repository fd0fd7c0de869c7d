"""Mailboxes whose provider has to know each sender: registered before a mailbox is there, removed after it is gone.

What is done at the provider cannot be in a transaction of ours. So its intent is a line of the audit log before, and
what came of it a line after; an intent without its end tells of a crash, and of a sender that may be left behind.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from daemon.api.inboxes import InboxCreated
from daemon.audit import append, keyed_hash
from daemon.backends.protocols import SenderRefused, SenderRegistry
from daemon.errors import PosternError, unavailable
from daemon.service.context import Call, Done
from daemon.service.mutations import Once, entry
from daemon.service.tools import Service, Tools
from daemon.store import idempotency, inboxes
from daemon.store.database import Tx

REASON_MAX_CHARS = 300

log = logging.getLogger("postern.senders")


@dataclass(frozen=True, slots=True)
class Planned:
    """Where a mailbox is to be."""

    tenant_id: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


Make = Callable[[Planned | None], Awaitable[Done[InboxCreated]]]


class Senders(Service):
    """What the making and the deleting of mailboxes do at the provider: nothing, where it need not know."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.registry: SenderRegistry | None = None  # the root sets it
        self._leaving: dict[asyncio.Task[None], str] = {}  # for whose request

    async def made(
        self,
        call: Call,
        plan: Callable[[sqlite3.Connection], Planned],
        make: Make,
        once: Once[InboxCreated] | None,
    ) -> Done[InboxCreated]:
        """Make a mailbox, its sender first; when it comes to nothing, so does the sender.

        Raises what `make` does, and `backend_unavailable` when the provider takes no such sender.
        """
        if self.registry is None:
            return await make(None)
        return await asyncio.shield(
            self._with_sender(call, self.registry, plan, make, once)
        )  # also for a caller who left

    async def _with_sender(
        self,
        call: Call,
        registry: SenderRegistry,
        plan: Callable[[sqlite3.Connection], Planned],
        make: Make,
        once: Once[InboxCreated] | None,
    ) -> Done[InboxCreated]:
        def look(conn: sqlite3.Connection) -> Planned | None:
            if once is not None and idempotency.find(conn, call.principal.id, once.operation, once.key) is not None:
                return None
            try:
                return plan(conn)
            except PosternError:
                return None  # `make` says it again, and writes the line of the refusal

        planned = await self._database.read(look)
        if planned is None:
            return await make(None)
        await self._register(call, registry, planned)
        try:
            done = await make(planned)
        except BaseException:
            await self.withdraw(call, planned.tenant_id, planned.address)
            raise
        if done.replayed:  # the same request, asked twice at once
            await self.withdraw(call, planned.tenant_id, planned.address)
        return done

    def refuse_unregistered(self) -> None:
        """Raise `backend_unavailable` for a mailbox whose sender was not registered before."""
        if self.registry is not None:
            raise unavailable("The mailbox could not be registered as a sender just now. Try again.")

    async def withdraw(self, call: Call, tenant_id: str, address: str) -> None:
        """Remove the sender of a mailbox that is not there. If the provider refuses, a line and the log tell of it."""
        if self.registry is None:
            return
        if await self._database.read(lambda conn: inboxes.by_address(conn, address)) is not None:
            return
        await self._line(call, tenant_id, address, "sender:remove", "intent")
        try:
            await self.registry.remove(address)
        except SenderRefused as refusal:
            log.warning("a sender was left behind", extra={"reason": str(refusal)})
            await self._line(call, tenant_id, address, "sender:remove", "failed", str(refusal))
        else:
            await self._line(call, tenant_id, address, "sender:remove", "ok")

    def leave(self, tx: Tx, call: Call, tenant_id: str, addresses: Sequence[str]) -> None:
        """After this transaction, which deletes mailboxes, remove their senders; also for a caller who left."""

        def begin() -> None:
            task = asyncio.create_task(self._withdraw_all(call, tenant_id, addresses))
            self._leaving[task] = call.request_id
            task.add_done_callback(self._leaving.pop)

        if self.registry is not None:
            tx.on_commit(begin)

    async def left(self, call: Call) -> None:
        """Return when the senders that a request took away are removed."""
        for task in [task for task, request_id in self._leaving.items() if request_id == call.request_id]:
            await asyncio.shield(task)

    async def _withdraw_all(self, call: Call, tenant_id: str, addresses: Sequence[str]) -> None:
        for address in addresses:
            await self.withdraw(call, tenant_id, address)

    async def _register(self, call: Call, registry: SenderRegistry, planned: Planned) -> None:
        place = call, planned.tenant_id, planned.address, "sender:register"
        await self._line(*place, "intent")
        try:
            await registry.register(planned.address)
        except SenderRefused as refusal:
            await self._line(*place, "failed", str(refusal))
            raise unavailable(f"There is no mailbox: its sender could not be registered ({refusal}).") from None
        await self._line(*place, "ok")

    async def _line(
        self, call: Call, tenant_id: str, address: str, effect: str, outcome: str, reason: str | None = None
    ) -> None:
        plain = entry(call, effect, tenant_id, None, value=keyed_hash(self._keyring, address))
        line = replace(plain, outcome=outcome, reason=reason[:REASON_MAX_CHARS] if reason else None)
        await self._database.write(lambda tx: append(tx, line))
