"""The schema as ordered migrations, applied by sqlite-utils, each in a transaction of its own.

Columns ending in `_ms` are instants (see `daemon.clock`); a NULL one has not happened. Lists and objects are JSON text,
packed by `rows.pack`. Listable tables have `n`, which only grows, as the order of creation and the cursor.
"""

from __future__ import annotations

import sqlite_utils
from sqlite_utils import Migrations

from daemon.store.schema_domains import DOMAINS, ZONES
from daemon.store.schema_guards import GUARDS
from daemon.store.schema_receiving import RECEIVING
from daemon.store.schema_removal import REMOVAL
from daemon.store.schema_search import SEARCH, seems_to_have_attachment
from daemon.store.schema_sending import OUTBOX, SENDING_RULES
from daemon.store.schema_webhooks import WEBHOOKS

migrations = Migrations("postern")

_FIRST_LIGHT = (
    """CREATE TABLE keyring (
        key_id TEXT PRIMARY KEY,
        check_value TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    """CREATE TABLE tenants (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        label TEXT NOT NULL UNIQUE,
        limits TEXT NOT NULL,
        suspended_ms INTEGER,
        created_ms INTEGER NOT NULL)""",
    """CREATE TABLE domains (
        name TEXT PRIMARY KEY,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        mode TEXT NOT NULL,
        status TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX domains_tenant ON domains(tenant_id)",
    """CREATE TABLE enrollment_keys (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        label TEXT NOT NULL,
        digest BLOB NOT NULL,
        scopes TEXT NOT NULL,
        domains TEXT NOT NULL,
        max_mailboxes INTEGER NOT NULL,
        used_count INTEGER NOT NULL DEFAULT 0 CHECK (used_count BETWEEN 0 AND max_mailboxes),
        reusable INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        revoked_ms INTEGER,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX enrollment_keys_tenant ON enrollment_keys(tenant_id)",
    """CREATE TABLE agents (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        enrollment_key_id TEXT NOT NULL REFERENCES enrollment_keys(id),
        handle TEXT NOT NULL,
        disabled_ms INTEGER,
        created_ms INTEGER NOT NULL,
        UNIQUE (enrollment_key_id, handle))""",
    "CREATE INDEX agents_tenant ON agents(tenant_id)",
    """CREATE TABLE agent_keys (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        agent_id TEXT NOT NULL REFERENCES agents(id),
        enrollment_key_id TEXT NOT NULL REFERENCES enrollment_keys(id),
        digest BLOB NOT NULL,
        scopes TEXT NOT NULL,
        domains TEXT NOT NULL,
        expires_ms INTEGER NOT NULL,
        revoked_ms INTEGER,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX agent_keys_agent ON agent_keys(agent_id)",
    "CREATE INDEX agent_keys_enrollment_key ON agent_keys(enrollment_key_id)",
    """CREATE TABLE operators (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        digest BLOB NOT NULL,
        expires_ms INTEGER,
        revoked_ms INTEGER,
        created_ms INTEGER NOT NULL)""",
    """CREATE TABLE inboxes (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        agent_id TEXT NOT NULL REFERENCES agents(id),
        enrollment_key_id TEXT NOT NULL REFERENCES enrollment_keys(id),
        address TEXT NOT NULL UNIQUE,
        domain TEXT NOT NULL,
        display_name TEXT,
        status TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX inboxes_agent ON inboxes(agent_id, n)",
    "CREATE INDEX inboxes_tenant ON inboxes(tenant_id, n)",
    # An address that was deleted: nobody but the tenant it belonged to may have it again.
    """CREATE TABLE tombstones (
        address TEXT PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        deleted_ms INTEGER NOT NULL)""",
    """CREATE TABLE raws (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        size_bytes INTEGER NOT NULL,
        deflated BLOB NOT NULL)""",
    """CREATE TABLE threads (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        inbox_id TEXT NOT NULL REFERENCES inboxes(id),
        subject TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX threads_inbox ON threads(inbox_id, n)",
    """CREATE TABLE messages (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        inbox_id TEXT NOT NULL REFERENCES inboxes(id),
        thread_id TEXT NOT NULL REFERENCES threads(id),
        raw_id INTEGER NOT NULL REFERENCES raws(id),
        direction TEXT NOT NULL,
        status TEXT NOT NULL,
        message_id TEXT,
        sender TEXT NOT NULL,
        recipients TEXT NOT NULL,
        copies TEXT NOT NULL,
        subject TEXT NOT NULL,
        snippet TEXT NOT NULL,
        visible TEXT NOT NULL,
        authentication TEXT NOT NULL,
        envelope_from TEXT NOT NULL,
        envelope_to TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        problem TEXT,
        unread INTEGER NOT NULL,
        received_ms INTEGER NOT NULL)""",
    "CREATE INDEX messages_inbox ON messages(inbox_id, n)",
    "CREATE INDEX messages_thread ON messages(thread_id, n)",
    "CREATE INDEX messages_message_id ON messages(inbox_id, message_id)",
    "CREATE INDEX messages_raw ON messages(raw_id)",
    "CREATE INDEX messages_received ON messages(tenant_id, received_ms)",
    """CREATE TABLE events (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant_id TEXT NOT NULL,
        inbox_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX events_created ON events(created_ms)",
    """CREATE TABLE idempotency (
        principal TEXT NOT NULL,
        operation TEXT NOT NULL,
        key TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        answer TEXT NOT NULL,
        audit_seq INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (principal, operation, key))""",
    "CREATE INDEX idempotency_subject ON idempotency(subject_id)",
    """CREATE TABLE links (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT,
        purpose TEXT NOT NULL,
        target TEXT,
        audit_seq INTEGER NOT NULL,
        issuer TEXT NOT NULL,
        issuer_key_id TEXT,
        sealed BLOB,
        expires_ms INTEGER NOT NULL,
        used_ms INTEGER,
        revoked_ms INTEGER,
        created_ms INTEGER NOT NULL)""",
    "CREATE INDEX links_tenant ON links(tenant_id, n)",
    "CREATE INDEX links_sealed ON links(expires_ms) WHERE sealed IS NOT NULL",
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        prev TEXT NOT NULL,
        hash TEXT NOT NULL)""",
    # A line that somebody mangled must not make the index, and so the reading of all others, fail.
    "CREATE INDEX audit_tenant ON audit(CASE WHEN json_valid(line) THEN line ->> '$.tenant' END, seq)",
    "CREATE INDEX audit_action ON audit(CASE WHEN json_valid(line) THEN line ->> '$.action' END, seq)",
    "CREATE INDEX audit_value ON audit(CASE WHEN json_valid(line) THEN line ->> '$.value' END, seq)",
    """CREATE TABLE audit_checkpoints (
        id INTEGER PRIMARY KEY,
        size INTEGER NOT NULL,
        head TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        key_id TEXT NOT NULL,
        public_key TEXT NOT NULL,
        signature TEXT NOT NULL)""",
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"""
        for table in ("audit", "audit_checkpoints")
        for verb in ("UPDATE", "DELETE")
    ),
)


# A wait that outlives its connection, and the codes that were given to one claimer alone.
_DURABLE_WAITS = (
    """CREATE TABLE waits (
        principal TEXT NOT NULL,
        wait_id TEXT NOT NULL,
        inbox_id TEXT NOT NULL REFERENCES inboxes(id),
        request TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        message_id TEXT,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (principal, wait_id))""",
    "CREATE INDEX waits_inbox ON waits(inbox_id)",
    "CREATE INDEX waits_created ON waits(created_ms)",
    """CREATE TABLE claims (
        message_id TEXT PRIMARY KEY,
        claimer TEXT NOT NULL,
        claimed_ms INTEGER NOT NULL)""",
)

# Whatever writes messages, their thread's counts and its last message follow. A mention is a Message-ID that a message
# bears or answers: also one that never came here, or comes later.
_THREADS = (
    *(
        f"ALTER TABLE threads ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"
        for name in ("message_count", "unread_count", "last_n", "last_ms")
    ),
    "ALTER TABLE messages ADD COLUMN subject_key TEXT",
    "CREATE INDEX messages_subject ON messages(inbox_id, subject_key, n) WHERE subject_key IS NOT NULL",
    """UPDATE threads SET message_count = had.messages, unread_count = had.unread, last_n = had.last_n,
            last_ms = (SELECT received_ms FROM messages WHERE n = had.last_n)
        FROM (SELECT thread_id, count(*) AS messages, sum(unread) AS unread, max(n) AS last_n
            FROM messages GROUP BY thread_id) AS had
        WHERE had.thread_id = threads.id""",
    "DROP INDEX threads_inbox",
    "CREATE INDEX threads_active ON threads(inbox_id, last_n)",
    """CREATE TABLE thread_mentions (
        inbox_id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE,
        PRIMARY KEY (inbox_id, message_id)) WITHOUT ROWID""",
    "CREATE INDEX thread_mentions_thread ON thread_mentions(thread_id)",
    """INSERT OR IGNORE INTO thread_mentions
        SELECT inbox_id, message_id, thread_id FROM messages WHERE message_id IS NOT NULL ORDER BY n""",
    """CREATE TRIGGER threads_grow AFTER INSERT ON messages BEGIN
        UPDATE threads SET message_count = message_count + 1, unread_count = unread_count + new.unread,
            last_n = new.n, last_ms = new.received_ms WHERE id = new.thread_id;
        END""",
    """CREATE TRIGGER threads_read AFTER UPDATE OF unread ON messages BEGIN
        UPDATE threads SET unread_count = unread_count - old.unread + new.unread WHERE id = new.thread_id;
        END""",
    """CREATE TRIGGER threads_shrink AFTER DELETE ON messages BEGIN
        UPDATE threads SET message_count = message_count - 1, unread_count = unread_count - old.unread,
            last_n = coalesce((SELECT max(n) FROM messages WHERE thread_id = old.thread_id), 0)
            WHERE id = old.thread_id;
        UPDATE threads SET last_ms = coalesce((SELECT received_ms FROM messages WHERE n = threads.last_n), 0)
            WHERE id = old.thread_id;
        END""",
)


@migrations()
def m001_first_light(db: sqlite_utils.Database) -> None:
    """Tenants, keys, mailboxes, messages, links and the audit log."""
    for statement in _FIRST_LIGHT:
        db.execute(statement)
    messages = db.table("messages")
    messages.enable_fts(["sender", "subject", "visible"], create_triggers=True)
    # These columns never change, while `unread` does: re-indexing on every update would be work for nothing.
    db.execute("DROP TRIGGER messages_au")


@migrations()
def m002_durable_waits(db: sqlite_utils.Database) -> None:
    """Waits by the caller's own id, and claims."""
    for statement in _DURABLE_WAITS:
        db.execute(statement)


@migrations()
def m003_threads(db: sqlite_utils.Database) -> None:
    """Threads by their last activity, with what is counted of them and what was mentioned in them."""
    for statement in _THREADS:
        db.execute(statement)


@migrations()
def m004_webhooks(db: sqlite_utils.Database) -> None:
    """Webhooks, their deliveries, and how far events were handed out to them."""
    for statement in WEBHOOKS:
        db.execute(statement)


@migrations()
def m005_search(db: sqlite_utils.Database) -> None:
    """Whose a message is goes into the index, so that no search walks through other people's mail; attachments told."""
    for statement in SEARCH:
        db.execute(statement)
    db.register_function(seems_to_have_attachment, name="_seems_to_have_attachment", deterministic=True)
    db.execute(
        "UPDATE messages SET has_attachment = 1 WHERE raw_id IN"
        " (SELECT id FROM raws WHERE _seems_to_have_attachment(deflated))"
    )
    messages = db.table("messages")
    messages.disable_fts()
    messages.enable_fts(["sender", "subject", "visible", "owners"], create_triggers=True)
    db.execute("DROP TRIGGER messages_au")  # as in m001


@migrations()
def m006_outbox(db: sqlite_utils.Database) -> None:
    """Mail that is sent: what is to be done for it, and what became of each recipient."""
    for statement in OUTBOX:
        db.execute(statement)


@migrations()
def m007_sending_rules(db: sqlite_utils.Database) -> None:
    """What the sending rules count and remember."""
    for statement in SENDING_RULES:
        db.execute(statement)


@migrations()
def m008_guards(db: sqlite_utils.Database) -> None:
    """Whom mail is taken from, what is automatic, and the operator's own mailbox."""
    for statement in GUARDS:
        db.execute(statement)


@migrations()
def m009_domains(db: sqlite_utils.Database) -> None:
    """Domains in their modes and states, with the keys that their mail is signed with."""
    for statement in DOMAINS:
        db.execute(statement)


@migrations()
def m010_zones(db: sqlite_utils.Database) -> None:
    """The zones that are served, what operators added to them, and who else serves them."""
    for statement in ZONES:
        db.execute(statement)


@migrations()
def m011_removal(db: sqlite_utils.Database) -> None:
    """What is to be removed: found at once, and closed while anything is left of it."""
    for statement in REMOVAL:
        db.execute(statement)


@migrations()
def m015_receiving(db: sqlite_utils.Database) -> None:
    """Mail that is fetched from other servers: how far, what it came from, and the accounts there."""
    for statement in RECEIVING:
        db.execute(statement)
