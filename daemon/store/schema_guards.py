"""The tables of who gets in, and what is automatic."""

from __future__ import annotations

# An entry without a mailbox is its tenant's, for all of its mailboxes. Hidden are the agent and the key that own the
# mailbox of `postmaster@` and `abuse@`: nobody holds them.
GUARDS = (
    "ALTER TABLE messages ADD COLUMN auto_submitted INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE agents ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE enrollment_keys ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE list_entries (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        inbox_id TEXT REFERENCES inboxes(id),
        list TEXT NOT NULL,
        entry TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX list_entries_owner ON list_entries(tenant_id, coalesce(inbox_id, ''), list, entry)",
    "CREATE INDEX list_entries_inbox ON list_entries(inbox_id)",
    "CREATE INDEX messages_sent ON messages(thread_id, received_ms) WHERE direction = 'outbound'",
)
