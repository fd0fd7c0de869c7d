"""Mail domains, their DKIM keys, and what send backends want published for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, many, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    n: int | None = None
    name: str
    tenant_id: str
    mode: str
    status: str
    status_ms: int
    problem: str | None = None
    findings: str = "{}"
    checked_ms: int | None = None
    check_ms: int | None = None
    dkim_ms: int | None = None
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimRow:
    """One key; `sealed` is its private half, None once it signs no more."""

    id: str
    tenant_id: str
    domain: str
    selector: str
    turn: str
    algorithm: str
    public_key: str
    sealed: bytes | None
    state: str
    state_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRow:
    """A record that `source` asks for: name below the domain, type, data as text."""

    domain: str
    source: str
    name: str
    type: str
    data: str


def add(tx: Tx, domain: DomainRow) -> None:
    insert(tx.conn, "domains", domain)


def get(conn: sqlite3.Connection, name: str) -> DomainRow | None:
    return one(conn, DomainRow, "domains WHERE name = ?", name)


def is_served(conn: sqlite3.Connection, name: str) -> bool:
    """Tell whether mail for a domain comes here: it does, or did until its delegation was lost."""
    return (
        conn.execute("SELECT 1 FROM domains WHERE name = ? AND status IN ('live', 'degraded')", (name,)).fetchone()
        is not None
    )


def of_tenant(conn: sqlite3.Connection, tenant_id: str) -> list[DomainRow]:
    """Return a tenant's domains, its shared subdomain first."""
    return many(conn, DomainRow, "domains WHERE tenant_id = ? ORDER BY mode != 'shared', name", tenant_id)


def shared(conn: sqlite3.Connection) -> list[DomainRow]:
    """Return the shared subdomains of all tenants."""
    return many(conn, DomainRow, "domains WHERE mode = 'shared' ORDER BY name")


def listing(conn: sqlite3.Connection, tenant_id: str | None, before_n: int | None, limit: int) -> list[DomainRow]:
    return page(conn, DomainRow, "domains", {"tenant_id": tenant_id}, before_n, limit)


def related(conn: sqlite3.Connection, names: Sequence[str], below: str) -> list[DomainRow]:
    """Return the domains that are one of `names`, or below a name."""
    marks = ", ".join("?" * len(names))
    tail = f"domains WHERE name IN ({marks}) OR substr(name, -length(?)) = ? ORDER BY name"
    return many(conn, DomainRow, tail, *names, "." + below, "." + below)


def settle(tx: Tx, row: DomainRow) -> None:
    """Write what became of a domain: its status, and what the last look at it found."""
    tx.conn.execute(
        "UPDATE domains SET status = ?, status_ms = ?, problem = ?, findings = ?, checked_ms = ?, check_ms = ?"
        " WHERE name = ?",
        (row.status, row.status_ms, row.problem, row.findings, row.checked_ms, row.check_ms, row.name),
    )


def to_check(conn: sqlite3.Connection, now_ms: int, limit: int) -> list[DomainRow]:
    """Return domains whose check is due, the longest due first."""
    return many(conn, DomainRow, "domains WHERE check_ms <= ? ORDER BY check_ms LIMIT ?", now_ms, limit)


def to_rotate(conn: sqlite3.Connection, now_ms: int, limit: int) -> list[DomainRow]:
    """Return domains of which a key is due for its next state, the longest due first."""
    return many(conn, DomainRow, "domains WHERE dkim_ms <= ? ORDER BY dkim_ms LIMIT ?", now_ms, limit)


def next_due_ms(conn: sqlite3.Connection) -> int | None:
    """Return when the next check or rotation is due."""
    (due,) = conn.execute(
        "SELECT min(due) FROM (SELECT min(check_ms) AS due FROM domains WHERE check_ms IS NOT NULL"
        " UNION ALL SELECT min(dkim_ms) FROM domains WHERE dkim_ms IS NOT NULL)"
    ).fetchone()
    return None if due is None else int(due)


def set_dkim_ms(tx: Tx, name: str, due_ms: int | None) -> None:
    tx.conn.execute("UPDATE domains SET dkim_ms = ? WHERE name = ?", (due_ms, name))


def count_inboxes(conn: sqlite3.Connection, name: str) -> int:
    """Return how many mailboxes are on a domain."""
    return int(conn.execute("SELECT count(*) FROM inboxes WHERE domain = ?", (name,)).fetchone()[0])


def inboxes_on(conn: sqlite3.Connection, name: str) -> list[str]:
    """Return the ids of the mailboxes on a domain."""
    return [row[0] for row in conn.execute("SELECT id FROM inboxes WHERE domain = ?", (name,))]


def addresses_on(conn: sqlite3.Connection, name: str) -> list[str]:
    """Return the addresses of the mailboxes on a domain."""
    return [row[0] for row in conn.execute("SELECT address FROM inboxes WHERE domain = ?", (name,))]


def remove(tx: Tx, name: str) -> None:
    """Delete a domain, whose mailboxes must be gone, with its keys and its zone."""
    tx.conn.execute("DELETE FROM domains WHERE name = ?", (name,))


def keys(conn: sqlite3.Connection, domain: str) -> list[DkimRow]:
    """Return a domain's keys, RSA first within each turn."""
    return many(conn, DkimRow, "dkim_keys WHERE domain = ? ORDER BY state_ms, turn, algorithm DESC", domain)


def keys_of_shared(conn: sqlite3.Connection) -> list[DkimRow]:
    """Return the keys of all shared subdomains."""
    tail = "dkim_keys WHERE domain IN (SELECT name FROM domains WHERE mode = 'shared') ORDER BY domain, selector"
    return many(conn, DkimRow, tail)


def add_key(tx: Tx, key: DkimRow) -> None:
    insert(tx.conn, "dkim_keys", key)


def set_turn_state(tx: Tx, domain: str, turn: str, state: str) -> None:
    """Move a turn's keys to another state."""
    tx.conn.execute(
        "UPDATE dkim_keys SET state = ?, state_ms = ? WHERE domain = ? AND turn = ?", (state, tx.now_ms, domain, turn)
    )


def erase_turn(tx: Tx, domain: str, turn: str) -> None:
    """Forget the private halves of a turn's keys."""
    tx.conn.execute("UPDATE dkim_keys SET sealed = NULL WHERE domain = ? AND turn = ?", (domain, turn))


def remove_turn(tx: Tx, domain: str, turn: str) -> None:
    tx.conn.execute("DELETE FROM dkim_keys WHERE domain = ? AND turn = ?", (domain, turn))


def extras(conn: sqlite3.Connection, domain: str) -> list[ExtraRow]:
    return many(conn, ExtraRow, "extra_records WHERE domain = ? ORDER BY source, name, type, data", domain)


def extras_of_shared(conn: sqlite3.Connection) -> list[ExtraRow]:
    tail = "extra_records WHERE domain IN (SELECT name FROM domains WHERE mode = 'shared') ORDER BY domain, name, data"
    return many(conn, ExtraRow, tail)


def set_extras(tx: Tx, domain: str, source: str, rows: Sequence[ExtraRow]) -> None:
    """Have these be all that a source asks for."""
    tx.conn.execute("DELETE FROM extra_records WHERE domain = ? AND source = ?", (domain, source))
    for row in rows:
        insert(tx.conn, "extra_records", row)
