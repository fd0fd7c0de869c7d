"""Taking a mailbox down, whoever asked for it: its owner, or the end of its domain or its tenant.

It is gone for everybody in the transaction that deletes it, however much mail it holds. Of that mail only the first
goes in this transaction; the rest follows in small ones, so the writer is never held up. Those write no line and need
no memory but the rows that are left, so after a crash they just go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial

from daemon.events import Bus, Event
from daemon.service.worker import LOOK_EVERY_SECONDS, Worker
from daemon.store import (
    accounts,
    idempotency,
    inboxes,
    lists,
    messages,
    origins,
    outbox,
    sends,
    tenants,
    waits,
    webhooks,
)
from daemon.store.database import Tx

REMOVAL = "removal"  # the topic of what is left to be removed
STEP_MESSAGES = 200


def remove_inboxes_wholly(tx: Tx, bus: Bus, inbox_ids: Iterable[str]) -> None:
    """Delete mailboxes with their mail; each address is buried and its idempotency key is free again."""
    left = STEP_MESSAGES
    for inbox_id in inbox_ids:
        accounts.close(tx, inbox_id)
        origins.forget_source(tx, inbox_id)  # its account goes as a whole
        outbox.cancel(tx, inbox_id)
        idempotency.forget_subject(tx, inbox_id)
        waits.remove_of_inbox(tx, inbox_id)
        webhooks.remove_of_inbox(tx, inbox_id)
        lists.remove_of_inbox(tx, inbox_id)
        sends.remove_of_inbox(tx, inbox_id)
        inboxes.close(tx, inbox_id)
        left -= _remove_some(tx, inbox_id, left)
        tx.on_commit(partial(bus.publish, Event(inbox_id, "inbox.deleted")))
    tx.on_commit(partial(bus.publish, Event(REMOVAL, "look")))


class Removal(Worker):
    """Removes what is left of closed mailboxes, and then of closed tenants."""

    log = logging.getLogger("postern.removal")

    async def run(self) -> None:
        """Work until the daemon stops."""
        await self.look_on((REMOVAL,), self.step)

    async def step(self) -> float:
        """Remove all that is left; return when to look again, if nobody nudges earlier."""
        while await self._database.write(_remove_next):
            pass
        return LOOK_EVERY_SECONDS


def _remove_next(tx: Tx) -> bool:
    """Remove the next few messages, or an emptied tenant; tell whether there was anything to remove."""
    inbox_id = inboxes.one_closed(tx.conn)
    if inbox_id is not None:
        _remove_some(tx, inbox_id, STEP_MESSAGES)
        return True
    tenant_id = tenants.one_closed(tx.conn)
    if tenant_id is not None:
        tenants.remove(tx, tenant_id)
    return tenant_id is not None


def _remove_some(tx: Tx, inbox_id: str, most: int) -> int:
    """Remove up to `most` messages of a closed mailbox, and it with the last of them; return how many they were."""
    ids = messages.some_ids(tx.conn, inbox_id, most)
    for message_id in ids:
        messages.remove(tx, message_id)
    if len(ids) < most:
        inboxes.remove(tx, inbox_id)
    return len(ids)
