"""The tables of webhooks and their deliveries."""

from __future__ import annotations

# A delivery has `next_ms` while something is left to do for it. What it tells is read from the message when it is sent.
WEBHOOKS = (
    """CREATE TABLE webhooks (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        agent_id TEXT NOT NULL REFERENCES agents(id),
        inbox_id TEXT REFERENCES inboxes(id),
        url TEXT NOT NULL,
        target TEXT NOT NULL,
        events TEXT NOT NULL,
        secret BLOB NOT NULL,
        old_secret BLOB,
        old_until_ms INTEGER,
        after_n INTEGER NOT NULL,
        failing_ms INTEGER,
        disabled_ms INTEGER,
        disabled_reason TEXT,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX webhooks_agent ON webhooks(agent_id, n)",
    "CREATE INDEX webhooks_tenant ON webhooks(tenant_id, n)",
    "CREATE INDEX webhooks_inbox ON webhooks(inbox_id)",
    """CREATE TABLE deliveries (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL,
        webhook_id TEXT NOT NULL REFERENCES webhooks(id),
        event_n INTEGER,
        kind TEXT NOT NULL,
        inbox_id TEXT,
        subject_id TEXT,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        began_ms INTEGER,
        last_ms INTEGER,
        next_ms INTEGER,
        response_status INTEGER,
        error TEXT,
        created_ms INTEGER NOT NULL,
        UNIQUE (webhook_id, event_n))""",
    "CREATE INDEX deliveries_webhook ON deliveries(webhook_id, n)",
    "CREATE INDEX deliveries_webhook_due ON deliveries(webhook_id, next_ms) WHERE next_ms IS NOT NULL",
    "CREATE INDEX deliveries_due ON deliveries(next_ms) WHERE next_ms IS NOT NULL",
    "CREATE INDEX deliveries_created ON deliveries(created_ms)",
    "CREATE TABLE webhooks_cursor (n INTEGER NOT NULL)",
    # Of what happened before there were webhooks nobody is told.
    "INSERT INTO webhooks_cursor SELECT coalesce(max(n), 0) FROM events",
)
