"""The tables of the sending rules: what was counted, who is not written to, whose sending is stopped.

A day is a number of days since the Unix epoch, UTC. Addresses of correspondents stand in their normal form.
"""

from __future__ import annotations

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
