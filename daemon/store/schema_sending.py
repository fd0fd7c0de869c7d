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

# A day is a number of days since the Unix epoch, UTC. Addresses of correspondents stand in their normal form.
SENDING_RULES = (
    # The subject is a mailbox, an agent or a tenant: the cap, the karma and the brake each count for one of them.
    """CREATE TABLE send_days (
        subject TEXT NOT NULL,
        day INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        sent INTEGER NOT NULL DEFAULT 0,
        replied INTEGER NOT NULL DEFAULT 0,
        bounced INTEGER NOT NULL DEFAULT 0,
        complained INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (subject, day)) WITHOUT ROWID""",
    "CREATE INDEX send_days_day ON send_days(day)",
    "CREATE INDEX send_days_tenant ON send_days(tenant_id)",
    # What became of each address that was written to: each answer, bounce and complaint counts once.
    """CREATE TABLE sent_addresses (
        message_id TEXT NOT NULL,
        address TEXT NOT NULL,
        tenant_id TEXT NOT NULL,
        replied_ms INTEGER,
        bounced_ms INTEGER,
        complained_ms INTEGER,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (message_id, address)) WITHOUT ROWID""",
    "CREATE INDEX sent_addresses_created ON sent_addresses(created_ms)",
    "CREATE INDEX sent_addresses_tenant ON sent_addresses(tenant_id)",
    """CREATE TABLE suppressions (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        address TEXT NOT NULL,
        reason TEXT NOT NULL,
        unsubscribed_ms INTEGER,
        message_id TEXT,
        created_ms INTEGER NOT NULL,
        UNIQUE (tenant_id, address))""",
    "CREATE INDEX suppressions_tenant ON suppressions(tenant_id, n)",
    """CREATE TABLE unsubscribe_tokens (
        id TEXT PRIMARY KEY,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        address TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        UNIQUE (tenant_id, address))""",
    # There is a row for a tenant whose sending is stopped, until it is lifted.
    """CREATE TABLE send_brakes (
        tenant_id TEXT PRIMARY KEY REFERENCES tenants(id),
        sent INTEGER NOT NULL,
        complained INTEGER NOT NULL,
        stopped_ms INTEGER NOT NULL)""",
)
