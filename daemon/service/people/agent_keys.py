"""Agent keys: minted from an enrollment key, never beyond it."""

from __future__ import annotations

from daemon.api.agents import AgentKey
from daemon.clock import iso
from daemon.ids import Ids
from daemon.keys import Key, KeyKind, key_prefix, mint
from daemon.store import agents
from daemon.store.agents import AgentKeyRow, AgentRow
from daemon.store.database import Tx
from daemon.store.enrollment import EnrollmentKeyRow
from daemon.store.rows import unpack


def mint_agent_key(
    tx: Tx, ids: Ids, agent: AgentRow, source: EnrollmentKeyRow, expires_ms: int
) -> tuple[Key, AgentKeyRow]:
    """Mint a key for an agent with the scopes and domains of `source`, expiring no later than it."""
    key = mint(KeyKind.AGENT, ids)
    row = AgentKeyRow(
        id=key.id,
        tenant_id=agent.tenant_id,
        agent_id=agent.id,
        enrollment_key_id=source.id,
        digest=key.digest,
        scopes=source.scopes,
        domains=source.domains,
        expires_ms=min(expires_ms, source.expires_ms),
        created_ms=tx.now_ms,
    )
    agents.add_key(tx, row)
    return key, row


def shown_key(row: AgentKeyRow) -> AgentKey:
    """Return a key as it is told, without its digest."""
    return AgentKey(
        id=row.id,
        agent_id=row.agent_id,
        prefix=key_prefix(KeyKind.AGENT, row.id),
        scopes=unpack(row.scopes),
        allowed_domains=unpack(row.domains),
        enrollment_key_id=row.enrollment_key_id,
        expires_at=iso(row.expires_ms),
        revoked=row.revoked_ms is not None,
        created_at=iso(row.created_ms),
    )
