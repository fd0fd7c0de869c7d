"""What is past its time, or being taken away, is found without looking at the rest."""

from __future__ import annotations

# A closed mailbox or tenant is deleted for everybody, and is a row only while mail is left of it.
REMOVAL = (
    "CREATE INDEX agent_keys_expires ON agent_keys(expires_ms)",
    "CREATE INDEX inboxes_closed ON inboxes(id) WHERE status = 'closed'",
    "ALTER TABLE tenants ADD COLUMN closed INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX tenants_closed ON tenants(id) WHERE closed = 1",
)
