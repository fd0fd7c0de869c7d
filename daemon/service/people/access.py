"""Who is calling: a bearer's key looked up once per request."""

from __future__ import annotations

import sqlite3

from daemon.api.agents import Sending, Whoami
from daemon.api.operations import Scope
from daemon.clock import iso_or_none
from daemon.errors import Code, PosternError
from daemon.keys import Key, KeyKind, matches, parse
from daemon.service.context import Call, Principal
from daemon.service.sending.allowance import shown_sending
from daemon.service.tools import Service
from daemon.store import agents, enrollment, operators, tenants
from daemon.store import domains as domain_table
from daemon.store.rows import unpack


class Access(Service):
    """Authentication and `whoami`."""

    async def authenticate(self, bearer: str) -> Principal:
        """Return whose key this is. Raises `PosternError` (`invalid_api_key`), the same for every reason."""
        key = parse(bearer)
        principal = None
        if key is not None:
            principal = await self._database.read(lambda conn: self._look_up(conn, key))
        if principal is None:
            self._count("keys_refused")
            raise refused_key()
        return principal

    async def whoami(self, call: Call) -> Whoami:
        """Show the caller to itself."""
        principal = call.principal
        if principal.tenant_id is None:
            return Whoami(
                type=principal.type,
                tenant_id=None,
                customer_id=None,
                agent_id=None,
                agent_handle=None,
                key_id=principal.key_id,
                scopes=[],
                allowed_domains=[],
                domains=[],
                mailboxes_used=None,
                mailboxes_max=None,
                mailboxes_left=None,
                sending=None,
                expires_at=iso_or_none(principal.expires_ms),
            )
        return await self._database.read(lambda conn: self._agent_whoami(conn, principal, principal.tenant_id or ""))

    def _look_up(self, conn: sqlite3.Connection, key: Key) -> Principal | None:
        look = {KeyKind.AGENT: _agent, KeyKind.OPERATOR: _operator}.get(key.kind, _nobody)
        principal = look(conn, key)
        return principal if principal is not None and stands(conn, principal, self._clock.now_ms()) else None

    def _agent_whoami(self, conn: sqlite3.Connection, principal: Principal, tenant_id: str) -> Whoami:
        agent = agents.get(conn, principal.agent_id or "")
        key = enrollment.get(conn, principal.enrollment_key_id or "")
        domains = [domain.name for domain in domain_table.of_tenant(conn, tenant_id) if domain.status == "live"]
        usable = [name for name in domains if not principal.domains or name in principal.domains]
        used, most = (key.used_count, key.max_mailboxes) if key else (0, 0)
        return Whoami(
            type=principal.type,
            tenant_id=tenant_id,
            customer_id=tenant_id,
            agent_id=principal.agent_id,
            agent_handle=agent.handle if agent else None,
            key_id=principal.key_id,
            scopes=sorted(principal.scopes),
            allowed_domains=list(principal.domains),
            domains=usable,
            mailboxes_used=used,
            mailboxes_max=most,
            mailboxes_left=most - used,
            sending=self._sending(conn, principal, tenant_id),
            expires_at=iso_or_none(principal.expires_ms),
        )

    def _sending(self, conn: sqlite3.Connection, principal: Principal, tenant_id: str) -> Sending | None:
        """Show what may be sent, to whom may send: the rest are told of no mailbox here."""
        if Scope.SEND not in principal.scopes:
            return None
        return shown_sending(conn, self._settings, tenant_id, principal.agent_id or "", self._clock.now_ms())


def stands(conn: sqlite3.Connection, principal: Principal, now_ms: int) -> bool:
    """Tell whether a principal's key is still in force: not revoked, not expired, its agent and tenant active."""
    if principal.expires_ms is not None and principal.expires_ms <= now_ms:
        return False
    if principal.type == "agent":
        return agents.in_force(conn, principal.key_id or "")
    operator = operators.get(conn, principal.key_id) if principal.key_id else None
    return principal.key_id is None or (operator is not None and operator.revoked_ms is None)


def _agent(conn: sqlite3.Connection, key: Key) -> Principal | None:
    row = agents.get_key(conn, key.id)
    if not matches(key, row.digest if row else None) or row is None:
        return None
    tenant = tenants.get(conn, row.tenant_id)
    return Principal(
        type="agent",
        id=row.agent_id,
        key_id=row.id,
        tenant_id=row.tenant_id,
        agent_id=row.agent_id,
        enrollment_key_id=row.enrollment_key_id,
        scopes=frozenset(unpack(row.scopes)),
        domains=tuple(unpack(row.domains)),
        expires_ms=row.expires_ms,
        limits=tenant.limits if tenant else "{}",
    )


def _operator(conn: sqlite3.Connection, key: Key) -> Principal | None:
    row = operators.get(conn, key.id)
    if not matches(key, row.digest if row else None) or row is None:
        return None
    return Principal(type="operator", id=row.id, key_id=row.id, expires_ms=row.expires_ms)


def _nobody(conn: sqlite3.Connection, key: Key) -> Principal | None:
    """An enrollment key only redeems; it authenticates nobody."""
    return None


def refused_key() -> PosternError:
    """One answer for unknown, expired, revoked and disabled."""
    return PosternError(
        Code.INVALID_API_KEY,
        "This key is unknown, expired, revoked or disabled. Redeem your enrollment key for a new one.",
    )
