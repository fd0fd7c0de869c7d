"""The tables of domains, their DKIM keys, and the zones that are served."""

from __future__ import annotations

# `check_ms` and `dkim_ms` say when something is next to be done for a domain; NULL: nothing is, until somebody asks.
DOMAINS = (
    """CREATE TABLE domains_now (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL REFERENCES tenants(id),
        mode TEXT NOT NULL,
        status TEXT NOT NULL,
        status_ms INTEGER NOT NULL,
        problem TEXT,
        findings TEXT NOT NULL DEFAULT '{}',
        checked_ms INTEGER,
        check_ms INTEGER,
        dkim_ms INTEGER,
        created_ms INTEGER NOT NULL)""",
    """INSERT INTO domains_now (name, tenant_id, mode, status, status_ms, created_ms)
        SELECT name, tenant_id, mode, status, created_ms, created_ms FROM domains ORDER BY rowid""",
    "DROP TABLE domains",
    "ALTER TABLE domains_now RENAME TO domains",
    "CREATE INDEX domains_tenant ON domains(tenant_id, n)",
    "CREATE INDEX domains_check ON domains(check_ms) WHERE check_ms IS NOT NULL",
    "CREATE INDEX domains_dkim ON domains(dkim_ms) WHERE dkim_ms IS NOT NULL",
    "CREATE INDEX inboxes_domain ON inboxes(domain)",
    # The keys of one turn are made and rotated together. A key that signs no more has no private half.
    """CREATE TABLE dkim_keys (
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT NOT NULL,
        domain TEXT NOT NULL REFERENCES domains(name) ON DELETE CASCADE,
        selector TEXT NOT NULL,
        turn TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        public_key TEXT NOT NULL,
        sealed BLOB,
        state TEXT NOT NULL,
        state_ms INTEGER NOT NULL,
        PRIMARY KEY (domain, selector)) WITHOUT ROWID""",
    # What a send backend asks to be published for a domain, so that it may send for it.
    """CREATE TABLE extra_records (
        domain TEXT NOT NULL REFERENCES domains(name) ON DELETE CASCADE,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (domain, source, name, type, data)) WITHOUT ROWID""",
)

# What a zone says is made of the rows and of the settings whenever it is asked for; `made_of` names those settings.
ZONES = (
    """CREATE TABLE zones (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        domain TEXT UNIQUE REFERENCES domains(name) ON DELETE CASCADE,
        serial INTEGER NOT NULL,
        made_of TEXT NOT NULL,
        updated_ms INTEGER NOT NULL)""",
    # Records that operators added: owner and data as they are on the wire.
    """CREATE TABLE zone_records (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        zone TEXT NOT NULL REFERENCES zones(name) ON DELETE CASCADE,
        name BLOB NOT NULL,
        type INTEGER NOT NULL,
        ttl INTEGER NOT NULL,
        data BLOB NOT NULL,
        UNIQUE (zone, name, type, data))""",
    """CREATE TABLE secondaries (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        tenant_id TEXT,
        zone TEXT NOT NULL REFERENCES zones(name) ON DELETE CASCADE,
        name TEXT NOT NULL,
        host TEXT NOT NULL,
        port INTEGER NOT NULL,
        key_name TEXT NOT NULL UNIQUE,
        sealed BLOB NOT NULL,
        created_ms INTEGER NOT NULL,
        UNIQUE (zone, name))""",
)
