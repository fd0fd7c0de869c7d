"""The operator's mailbox: `postmaster@` and `abuse@` of every domain (RFC 5321, 4.5.1; RFC 2142).

A tenant's is `postmaster@` its first domain; that of the base domain and of the mail host belongs to a tenant of their
own. Each is made when the first mail for it is stored, so there is nothing to set up and nothing that could be missing.
"""

from __future__ import annotations

import sqlite3

from daemon.audit import append, keyed_hash
from daemon.service.addresses import RESERVED_FOR_OPERATOR, operator_address
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.mutations import entry
from daemon.service.people.tenants import free_label, shared_domain
from daemon.service.tools import Service
from daemon.store import agents, domains, enrollment, inboxes, tenants
from daemon.store.agents import AgentRow
from daemon.store.database import Tx
from daemon.store.enrollment import EnrollmentKeyRow
from daemon.store.inboxes import InboxRow
from daemon.store.tenants import TenantRow

DESTINATION = "operator:"  # before the tenant's id; alone: of the base domain, whose tenant is not there yet
HOUSE_NAME = "Postern"
NOBODY_DIGEST = b""  # no secret has it: nobody redeems the key
OPERATOR = "operator"


class OperatorMail(Service):
    """Finds the mailbox, and makes it."""

    def destination(self, conn: sqlite3.Connection, address: str) -> tuple[str, TenantRow | None] | None:
        """Return where mail for an operator's address goes, and whose it is; None: it is none of ours."""
        local, _, domain = address.rpartition("@")
        house = domain in (self._settings.base_domain, self._settings.mail_host_name)
        tenant = tenants.by_domain(conn, self._settings.base_domain if house else domain)
        if local not in RESERVED_FOR_OPERATOR or not (tenant or house):
            return None
        return DESTINATION + (tenant.id if tenant else ""), tenant

    def inbox(self, tx: Tx, destination: str) -> InboxRow | None:
        """Return the mailbox that mail is to be stored in, made if need be; None when its tenant is gone."""
        tenant_id = destination.removeprefix(DESTINATION)
        tenant = tenants.get(tx.conn, tenant_id) if tenant_id else self._house(tx)
        if tenant is None:
            return None
        domain = domains.of_tenant(tx.conn, tenant.id)[0].name
        return inboxes.by_address(tx.conn, operator_address(domain)) or self._made(tx, tenant.id, domain)

    def everywhere(self, tx: Tx) -> dict[str, list[str]]:
        """Return every address of the operator's, by the ids of the mailboxes, which are made if need be."""
        found: dict[str, list[str]] = {}
        for tenant_id in ("", *(row.id for row in tenants.every(tx.conn))):
            inbox = self.inbox(tx, DESTINATION + tenant_id)
            if inbox is not None and inbox.id not in found:
                names = [row.name for row in domains.of_tenant(tx.conn, inbox.tenant_id)]
                if self._settings.base_domain in names:
                    names.append(self._settings.mail_host_name)
                found[inbox.id] = [f"{local}@{name}" for name in names for local in RESERVED_FOR_OPERATOR]
        return found

    def _house(self, tx: Tx) -> TenantRow:
        domain = self._settings.base_domain
        found = tenants.by_domain(tx.conn, domain)
        if found is not None:
            return found
        label = free_label(HOUSE_NAME, lambda label: tenants.label_taken(tx.conn, label, f"{label}.{domain}"))
        tenant = TenantRow(id=self._ids.new("cus"), name=HOUSE_NAME, label=label, limits="{}", created_ms=tx.now_ms)
        tenants.add(tx, tenant)
        domains.add(tx, shared_domain(tx, domain, tenant.id))
        self._tell(tx, "tenant:create", tenant.id, tenant.id, None)
        return tenant

    def _made(self, tx: Tx, tenant_id: str, domain: str) -> InboxRow:
        key = EnrollmentKeyRow(
            id=self._ids.bare(),
            tenant_id=tenant_id,
            label=OPERATOR,
            digest=NOBODY_DIGEST,
            scopes="[]",
            domains="[]",
            max_mailboxes=0,
            reusable=0,
            expires_ms=0,
            revoked_ms=tx.now_ms,
            created_ms=tx.now_ms,
            hidden=1,
        )
        agent = AgentRow(
            id=self._ids.new("agent"),
            tenant_id=tenant_id,
            enrollment_key_id=key.id,
            handle=OPERATOR,
            created_ms=tx.now_ms,
            hidden=1,
        )
        inbox = InboxRow(
            id=self._ids.new("inbox"),
            tenant_id=tenant_id,
            agent_id=agent.id,
            enrollment_key_id=key.id,
            address=operator_address(domain),
            domain=domain,
            display_name="Postmaster",
            status="live",
            created_ms=tx.now_ms,
        )
        enrollment.add(tx, key)
        agents.add(tx, agent)
        inboxes.add(tx, inbox)
        self._tell(tx, "inbox:create", tenant_id, inbox.id, inbox.address)
        return inbox

    def _tell(self, tx: Tx, effect: str, tenant_id: str, target: str, address: str | None) -> None:
        call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
        value = None if address is None else keyed_hash(self._keyring, address)
        append(tx, entry(call, effect, tenant_id, target, value=value))
