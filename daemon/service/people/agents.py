"""Agents as operators see them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from daemon.api.agents import Agent, AgentKey, AgentKeyMint, AgentKeyMinted, AgentUpdate
from daemon.api.common import PageQuery, TenantQuery
from daemon.clock import iso, parse_iso
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.events import Event
from daemon.service.context import Call, Done, Listed
from daemon.service.mutations import Change
from daemon.service.people.agent_keys import mint_agent_key, shown_key
from daemon.service.sending.allowance import karma_of
from daemon.service.sending.reputation import factor
from daemon.service.tools import Service
from daemon.store import agents, enrollment
from daemon.store.agents import AgentKeyRow, AgentRow
from daemon.store.database import Tx


class Agents(Service):
    """The noun `agent`."""

    async def list(self, call: Call, query: TenantQuery) -> Listed[Agent]:
        before, now_ms = self._cursors.before("agents", query), self._clock.now_ms()

        def look(conn: sqlite3.Connection) -> list[tuple[AgentRow, Agent]]:
            rows = agents.listing(conn, query.tenant, before, query.limit + 1)
            return [(row, _shown(conn, row, now_ms)) for row in rows]

        rows = await self._database.read(look)
        return self._cursors.listed("agents", query, rows, lambda pair: pair[0].n, lambda pair: pair[1])

    async def get(self, call: Call, agent: str) -> Agent:
        now_ms = self._clock.now_ms()
        return await self._database.read(lambda conn: _shown(conn, _known(conn, agent), now_ms))

    async def update(self, call: Call, agent: str, request: AgentUpdate) -> Done[Agent]:
        """Disable, enable, or bind to another enrollment key. Disabling ends the agent's waits at once."""

        def change(tx: Tx) -> Change[Agent]:
            row = _known(tx.conn, agent)
            if request.disabled is not None:
                row = replace(row, disabled_ms=(row.disabled_ms or tx.now_ms) if request.disabled else None)
            if request.enrollment_key_id is not None:
                row = _rebound(tx.conn, row, request.enrollment_key_id)
            agents.update(tx, row)
            tx.on_commit(lambda: self._bus.publish(Event(agent, "access.changed")))
            return Change(data=_shown(tx.conn, row, tx.now_ms), target=agent, tenant=row.tenant_id)

        return await self._mutations.run(call, "agent:update", change)

    async def list_keys(self, call: Call, agent: str, query: PageQuery) -> Listed[AgentKey]:
        what = f"agent keys of {agent}"
        before = self._cursors.before(what, query)

        def look(conn: sqlite3.Connection) -> list[AgentKeyRow]:
            return agents.keys(conn, _known(conn, agent).id, before, query.limit + 1)

        return self._cursors.listed(what, query, await self._database.read(look), lambda row: row.n, shown_key)

    async def mint_key(self, call: Call, agent: str, request: AgentKeyMint) -> Done[AgentKeyMinted]:
        """Mint a further key from the enrollment key that the agent is bound to."""

        def change(tx: Tx) -> Change[AgentKeyMinted]:
            row = _known(tx.conn, agent)
            source = enrollment.get(tx.conn, row.enrollment_key_id)
            if source is None or source.revoked_ms is not None or source.expires_ms <= tx.now_ms:
                raise PosternError(
                    Code.CONFLICT,
                    "The agent's enrollment key is no longer in force. Rebind the agent to another first.",
                )
            expires_ms = (
                parse_iso(request.expires_at) if request.expires_at else tx.now_ms + self._settings.agent_key_ttl_ms
            )
            if expires_ms <= tx.now_ms:
                raise invalid("expires_at", "give a time to come")
            minted, key = mint_agent_key(tx, self._ids, row, source, expires_ms)
            data = AgentKeyMinted(**shown_key(key).model_dump(), agent_key=minted.text)
            return Change(data=data, target=minted.id, tenant=row.tenant_id, secret=minted.text)

        return await self._mutations.run(call, "agent_key:mint", change)

    async def revoke_key(self, call: Call, key: str) -> Done[AgentKey]:
        """Revoke one key; its running waits end at once, no other key is touched."""

        def change(tx: Tx) -> Change[AgentKey]:
            agents.revoke_key(tx, key)
            row = agents.get_key(tx.conn, key)
            if row is None:
                raise not_found("agent key")
            tx.on_commit(lambda: self._bus.publish(Event(key, "access.changed")))
            return Change(data=shown_key(row), target=key, tenant=row.tenant_id)

        return await self._mutations.run(call, "agent_key:revoke", change)


def _known(conn: sqlite3.Connection, agent_id: str) -> AgentRow:
    row = agents.get(conn, agent_id)
    if row is None:
        raise not_found("agent")
    return row


def _rebound(conn: sqlite3.Connection, row: AgentRow, key_id: str) -> AgentRow:
    target = enrollment.get(conn, key_id)
    if target is None or target.tenant_id != row.tenant_id:
        raise invalid("enrollment_key_id", "there is no such enrollment key in the agent's tenant")
    taken = agents.by_handle(conn, key_id, row.handle)
    if taken is not None and taken.id != row.id:
        raise PosternError(Code.CONFLICT, f"Another agent goes by {row.handle!r} on that key. Choose another key.")
    return replace(row, enrollment_key_id=key_id)


def _shown(conn: sqlite3.Connection, row: AgentRow, now_ms: int) -> Agent:
    points = karma_of(conn, row.id, now_ms)
    return Agent(
        id=row.id,
        tenant_id=row.tenant_id,
        handle=row.handle,
        status="active" if row.disabled_ms is None else "disabled",
        enrollment_key_id=row.enrollment_key_id,
        karma=round(points, 1),
        karma_factor=round(factor(points), 2),
        created_at=iso(row.created_ms),
    )
