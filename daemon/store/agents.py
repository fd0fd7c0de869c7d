"""Agents and their keys, and the one look-up that tells whether a bearer may come in."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.database import Tx
from daemon.store.rows import insert, one, page


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    n: int | None = None
    id: str
    tenant_id: str
    enrollment_key_id: str
    handle: str
    disabled_ms: int | None = None
    created_ms: int
    hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentKeyRow:
    n: int | None = None
    id: str
    tenant_id: str
    agent_id: str
    enrollment_key_id: str
    digest: bytes
    scopes: str
    domains: str
    expires_ms: int
    revoked_ms: int | None = None
    created_ms: int


def add(tx: Tx, agent: AgentRow) -> None:
    insert(tx.conn, "agents", agent)


def get(conn: sqlite3.Connection, agent_id: str) -> AgentRow | None:
    return one(conn, AgentRow, "agents WHERE id = ?", agent_id)


def by_handle(conn: sqlite3.Connection, enrollment_key_id: str, handle: str) -> AgentRow | None:
    return one(conn, AgentRow, "agents WHERE enrollment_key_id = ? AND handle = ?", enrollment_key_id, handle)


def redeemed(conn: sqlite3.Connection, enrollment_key_id: str) -> bool:
    """Tell whether a key has brought in an agent, one that was bound to another key since included."""
    found = conn.execute(
        "SELECT 1 FROM agents WHERE enrollment_key_id = ?1"
        " UNION ALL SELECT 1 FROM agent_keys WHERE enrollment_key_id = ?1",
        (enrollment_key_id,),
    )
    return found.fetchone() is not None


def listing(conn: sqlite3.Connection, tenant_id: str | None, before_n: int | None, limit: int) -> list[AgentRow]:
    return page(conn, AgentRow, "agents", {"tenant_id": tenant_id, "hidden": 0}, before_n, limit)


def update(tx: Tx, agent: AgentRow) -> None:
    tx.conn.execute(
        "UPDATE agents SET disabled_ms = ?, enrollment_key_id = ? WHERE id = ?",
        (agent.disabled_ms, agent.enrollment_key_id, agent.id),
    )


def add_key(tx: Tx, key: AgentKeyRow) -> None:
    insert(tx.conn, "agent_keys", key)


def get_key(conn: sqlite3.Connection, key_id: str) -> AgentKeyRow | None:
    return one(conn, AgentKeyRow, "agent_keys WHERE id = ?", key_id)


def keys(conn: sqlite3.Connection, agent_id: str, before_n: int | None, limit: int) -> list[AgentKeyRow]:
    return page(conn, AgentKeyRow, "agent_keys", {"agent_id": agent_id}, before_n, limit)


def revoke_key(tx: Tx, key_id: str) -> None:
    tx.conn.execute("UPDATE agent_keys SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL", (tx.now_ms, key_id))


def purge_keys(tx: Tx, before_ms: int, most: int) -> int:
    """Forget up to `most` agent keys that expired before `before_ms`; return how many.

    The newest of each enrollment key stays: it tells that that key was redeemed, wherever its agent was bound to since.
    """
    gone = tx.conn.execute(
        "DELETE FROM agent_keys WHERE n IN (SELECT n FROM agent_keys AS k WHERE expires_ms < ? AND EXISTS"
        " (SELECT 1 FROM agent_keys WHERE enrollment_key_id = k.enrollment_key_id AND n > k.n) LIMIT ?)",
        (before_ms, most),
    )
    return gone.rowcount


def active(conn: sqlite3.Connection, agent_id: str) -> bool:
    """Tell whether an agent and its tenant are active."""
    found = conn.execute(
        "SELECT 1 FROM agents JOIN tenants ON tenants.id = agents.tenant_id"
        " WHERE agents.id = ? AND agents.disabled_ms IS NULL AND tenants.suspended_ms IS NULL",
        (agent_id,),
    )
    return found.fetchone() is not None


def in_force(conn: sqlite3.Connection, key_id: str) -> bool:
    """Tell whether a key is not revoked and its agent and its tenant are active. Expiry is the caller's to check."""
    found = conn.execute(
        "SELECT 1 FROM agent_keys JOIN agents ON agents.id = agent_keys.agent_id"
        " JOIN tenants ON tenants.id = agent_keys.tenant_id"
        " WHERE agent_keys.id = ? AND agent_keys.revoked_ms IS NULL AND agents.disabled_ms IS NULL"
        " AND tenants.suspended_ms IS NULL",
        (key_id,),
    )
    return found.fetchone() is not None
