"""What search needs to know of each message."""

from __future__ import annotations

import re
import zlib

# `owners` holds the ids of tenant, agent and mailbox, each as one word (see `daemon.store.search`).
SEARCH = (
    "ALTER TABLE messages ADD COLUMN has_attachment INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN owners TEXT NOT NULL DEFAULT ''",
    """UPDATE messages SET owners = (
        SELECT replace(inboxes.tenant_id, '_', '') || ' ' || replace(agent_id, '_', '') || ' ' || replace(id, '_', '')
        FROM inboxes WHERE inboxes.id = messages.inbox_id)""",
)


def seems_to_have_attachment(deflated: bytes) -> bool:
    """Tell whether a message as it is stored seems to bring a file."""
    return re.search(rb"(?im)^content-disposition:\s*attachment", zlib.decompress(deflated)) is not None
