"""Redemption: an enrollment key comes in, an agent key goes out."""

from __future__ import annotations

import sqlite3

from daemon.api.enrollment import Enrolled, EnrollRequest
from daemon.api.operations import BY_NAME
from daemon.clock import iso
from daemon.errors import Code, PosternError
from daemon.keys import Key, KeyKind, matches, parse
from daemon.service.context import Call, Done, Principal
from daemon.service.mutations import Change
from daemon.service.people.agent_keys import mint_agent_key
from daemon.service.tools import Service
from daemon.store import agents, enrollment, tenants
from daemon.store.agents import AgentRow
from daemon.store.database import Tx
from daemon.store.enrollment import EnrollmentKeyRow
from daemon.store.rows import unpack


class Enrollment(Service):
    """The operation `enroll`."""

    async def redeem(self, call: Call, request: EnrollRequest) -> Done[Enrolled]:
        """Mint a fresh agent key: the same handle is the same agent, so that an agent may redeem at every start.

        Raises `PosternError`: 401 for a token that is unknown, revoked or expired and for a disabled agent or a
        suspended tenant, 409 when the key lets no further agent in, 429 when it is redeemed too often.
        """
        known = call.as_(await self._genuine(request.enrollment_token))
        self._rates.admit(known, BY_NAME["enrollment.redeem"])
        key_id = known.principal.id

        def change(tx: Tx) -> Change[Enrolled]:
            source = _in_force(tx.conn, key_id, tx.now_ms)
            agent = agents.by_handle(tx.conn, source.id, request.agent_handle)
            if agent is None:
                agent = self._admit(tx, source, request.agent_handle)
            elif agent.disabled_ms is not None:
                raise PosternError(
                    Code.INVALID_ENROLLMENT_TOKEN, "This agent is disabled. Ask the operator to enable it."
                )
            minted, row = mint_agent_key(tx, self._ids, agent, source, tx.now_ms + self._settings.agent_key_ttl_ms)
            data = Enrolled(
                agent_id=agent.id,
                agent_key=minted.text,
                agent_key_prefix=minted.prefix,
                scopes=unpack(source.scopes),
                allowed_domains=unpack(source.domains),
                mailboxes_used=source.used_count,
                mailboxes_max=source.max_mailboxes,
                expires_at=iso(row.expires_ms),
            )
            return Change(data=data, target=agent.id, tenant=agent.tenant_id, secret=minted.text)

        return await self._mutations.run(known, "agent:enroll", change)

    async def holder(self, token: str) -> Principal:
        """Return who holds an enrollment key that is in force: somebody who may redeem it, and nothing else.

        Raises `PosternError` (401) for a token that is unknown, revoked or expired.
        """
        known = await self._genuine(token)
        await self._database.read(lambda conn: _in_force(conn, known.id, self._clock.now_ms()))
        return known

    async def _genuine(self, token: str) -> Principal:
        key = parse(token)
        if key is not None and key.kind is KeyKind.ENROLL:
            known = await self._database.read(lambda conn: _known(conn, key))
            if known is not None:
                return known
        self._count("enrollments_refused")
        raise _unknown_token()

    def _admit(self, tx: Tx, source: EnrollmentKeyRow, handle: str) -> AgentRow:
        if not source.reusable and agents.redeemed(tx.conn, source.id):
            raise PosternError(
                Code.ENROLLMENT_TOKEN_EXHAUSTED,
                "This enrollment key is for one agent, which has another handle. Use that handle, or ask for a key.",
            )
        if source.used_count >= source.max_mailboxes:
            raise PosternError(
                Code.ENROLLMENT_TOKEN_EXHAUSTED,
                "Every mailbox of this enrollment key is used. Ask the operator for a new one.",
            )
        agent = AgentRow(
            id=self._ids.new("agent"),
            tenant_id=source.tenant_id,
            enrollment_key_id=source.id,
            handle=handle,
            created_ms=tx.now_ms,
        )
        agents.add(tx, agent)
        return agent


def _known(conn: sqlite3.Connection, key: Key) -> Principal | None:
    row = enrollment.get(conn, key.id)
    if not matches(key, row.digest if row else None) or row is None:
        return None
    tenant = tenants.get(conn, row.tenant_id)
    limits = tenant.limits if tenant else "{}"
    return Principal(type="enrollment", id=key.id, key_id=key.id, tenant_id=row.tenant_id, limits=limits)


def _in_force(conn: sqlite3.Connection, key_id: str, now_ms: int) -> EnrollmentKeyRow:
    row = enrollment.get(conn, key_id)
    tenant = tenants.get(conn, row.tenant_id) if row else None
    if row is None or tenant is None or tenant.suspended_ms is not None:
        raise _unknown_token()
    if row.revoked_ms is not None:
        raise PosternError(
            Code.ENROLLMENT_TOKEN_REVOKED, "This enrollment key was revoked. Ask the operator for a new one."
        )
    if row.expires_ms <= now_ms:
        raise PosternError(
            Code.ENROLLMENT_TOKEN_EXPIRED, "This enrollment key has expired. Ask the operator for a new one."
        )
    return row


def _unknown_token() -> PosternError:
    return PosternError(
        Code.INVALID_ENROLLMENT_TOKEN, "This enrollment key is unknown or not in force. Check it, or ask for a new one."
    )
