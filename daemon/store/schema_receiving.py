"""What was fetched from other people's servers, and the accounts there."""

from __future__ import annotations

# `source` is a folder of another server, `validity` and `uid` are IMAP's. An origin is stale while its message is there
# another than here: whatever writes messages, the triggers say so. It outlives its messages until they are deleted
# there, too.
RECEIVING = (
    """CREATE TABLE cursors (
        source TEXT PRIMARY KEY,
        validity INTEGER NOT NULL,
        uid INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE origins (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        validity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        digest BLOB NOT NULL,
        unread INTEGER NOT NULL,
        stale INTEGER NOT NULL DEFAULT 0,
        UNIQUE (source, validity, uid))""",
    "CREATE INDEX origins_digest ON origins(source, digest)",
    "CREATE INDEX origins_stale ON origins(n) WHERE stale = 1",
    "ALTER TABLE messages ADD COLUMN origin_n INTEGER",
    "CREATE INDEX messages_origin ON messages(origin_n) WHERE origin_n IS NOT NULL",
    """CREATE TRIGGER origins_read AFTER UPDATE OF unread ON messages WHEN new.origin_n IS NOT NULL BEGIN
        UPDATE origins SET stale = unread <> (SELECT max(unread) FROM messages WHERE origin_n = new.origin_n)
            WHERE n = new.origin_n;
        END""",
    """CREATE TRIGGER origins_gone AFTER DELETE ON messages WHEN old.origin_n IS NOT NULL BEGIN
        UPDATE origins SET stale = coalesce(
            unread <> (SELECT max(unread) FROM messages WHERE origin_n = old.origin_n), 1) WHERE n = old.origin_n;
        END""",
    # An account has its mailbox's id. It is `making` until the mailbox is there, `live` with it, and `closing` until it
    # is gone at the backend.
    """CREATE TABLE accounts (
        id TEXT PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        address TEXT NOT NULL,
        remote_id TEXT NOT NULL,
        password BLOB NOT NULL,
        state TEXT NOT NULL,
        request_id TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX accounts_address ON accounts(address) WHERE state <> 'closing'",
    "CREATE INDEX accounts_state ON accounts(state)",
)
