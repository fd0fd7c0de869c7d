"""The tables of mail that is sent, as the migrations of `daemon.store.schema` make them."""

from __future__ import annotations

# One row for each mail that was sent. `next_ms` is when something is to be done for it, NULL when nothing is: it is in
# hand, settled, or waits for a way out. What became of a recipient stands in `outbox_recipients`; in
# `local_deliveries`, that a hand-over was made to a mailbox here, so that its repetition makes no second one.
OUTBOX = (
    """CREATE TABLE outbox (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL UNIQUE REFERENCES messages(id) ON DELETE CASCADE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        inbox_id TEXT NOT NULL REFERENCES inboxes(id),
        agent_id TEXT NOT NULL,
        operation_id TEXT NOT NULL UNIQUE,
        envelope_from TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_ms INTEGER,
        handing_ms INTEGER,
        provider_id TEXT,
        error TEXT,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX outbox_due ON outbox(tenant_id, next_ms) WHERE next_ms IS NOT NULL",
    "CREATE INDEX outbox_next ON outbox(next_ms) WHERE next_ms IS NOT NULL",
    "CREATE INDEX outbox_state ON outbox(state, created_ms)",
    "CREATE INDEX outbox_inbox ON outbox(inbox_id)",
    """CREATE TABLE outbox_recipients (
        message_id TEXT NOT NULL REFERENCES outbox(message_id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        address TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        detail TEXT,
        updated_ms INTEGER NOT NULL,
        PRIMARY KEY (message_id, place),
        UNIQUE (message_id, address)) WITHOUT ROWID""",
    """CREATE TABLE local_deliveries (
        operation_id TEXT NOT NULL REFERENCES outbox(operation_id) ON DELETE CASCADE,
        address TEXT NOT NULL,
        PRIMARY KEY (operation_id, address)) WITHOUT ROWID""",
    "CREATE INDEX idempotency_sending ON idempotency(created_ms) WHERE operation LIKE 'messages.%'",
)
