"""Taking a mailbox down, whoever asked for it: the mailbox's owner or the end of its tenant."""

from __future__ import annotations

from daemon.store import accounts, idempotency, inboxes, lists, messages, origins, sends, waits, webhooks
from daemon.store.database import Tx

REMOVAL_STEP_MESSAGES = 500


def remove_inbox_wholly(tx: Tx, inbox_id: str) -> None:
    """Delete every message, then the mailbox; its address is buried and its idempotency key is free again."""
    accounts.close(tx, inbox_id)
    origins.forget_source(tx, inbox_id)  # its account goes as a whole
    while ids := messages.some_ids(tx.conn, inbox_id, REMOVAL_STEP_MESSAGES):
        for message_id in ids:
            messages.remove(tx, message_id)
    idempotency.forget_subject(tx, inbox_id)
    waits.remove_of_inbox(tx, inbox_id)
    webhooks.remove_of_inbox(tx, inbox_id)
    lists.remove_of_inbox(tx, inbox_id)
    sends.remove_of_inbox(tx, inbox_id)
    inboxes.remove(tx, inbox_id)
