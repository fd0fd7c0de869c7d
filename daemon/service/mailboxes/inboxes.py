"""Mailboxes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial

from daemon.api.common import Deleted
from daemon.api.inboxes import ImapLogin, Inbox, InboxCreate, InboxCreated, InboxCredentials, InboxQuery
from daemon.api.operations import Scope
from daemon.api.webhooks import WebhookSecret
from daemon.clock import iso
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.service.addresses import domain_name, local_part, normal_address
from daemon.service.context import Call, Done, Listed, Principal
from daemon.service.mailboxes.inbox_removal import remove_inboxes_wholly
from daemon.service.mailboxes.senders import Planned, Senders
from daemon.service.mutations import Change, Once
from daemon.service.receiving.accounts import Accounts
from daemon.service.telling.webhook_making import WebhookMaker
from daemon.service.tools import Service, Tools
from daemon.store import agents, domains, enrollment, inboxes
from daemon.store.agents import AgentRow
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.rows import unpack


class Inboxes(Service):
    """The noun `inbox`."""

    def __init__(self, tools: Tools, webhooks: WebhookMaker, accounts: Accounts, senders: Senders) -> None:
        super().__init__(tools)
        self._webhooks = webhooks
        self._accounts = accounts
        self.senders = senders

    async def create(self, call: Call, request: InboxCreate) -> Done[InboxCreated]:
        """Create a mailbox, spending one of its enrollment key's quota in the same transaction.

        Where senders have to be registered, there is no mailbox without its sender (`backend_unavailable`).

        With `inbound_webhook_url` its webhook is made in that transaction, too; a repeated request is answered without
        the webhook's secret. Raises `PosternError`: `domain_not_allowed`, `address_taken`, `scope_denied`,
        `enrollment_token_exhausted`, `enrollment_token_revoked`, `idempotency_conflict`, `validation_failed`; with a
        receive backend that makes accounts `backend_unavailable`, and then there is no mailbox.
        """
        if request.agent_id is not None and not call.principal.is_operator:
            raise invalid("agent_id", "only operators name the agent; leave it out")
        username = None if request.username is None else local_part(request.username)
        domain = None if request.domain is None else domain_name("domain", request.domain)
        username, inbox_id = username or self._ids.local_part(), self._ids.new("inbox")

        def placed(conn: sqlite3.Connection, on: str | None) -> tuple[AgentRow, str, str]:
            """Check that the mailbox may be made; return whose it will be, the key that pays, and the domain."""
            owner, key_id, allowed = _owner(conn, call.principal, request.agent_id)
            name = _domain(conn, owner.tenant_id, on, allowed)
            _refuse_unpayable(conn, key_id)
            _refuse_taken(conn, call.principal, owner.tenant_id, f"{username}@{name}")
            return owner, key_id, name

        def plan(conn: sqlite3.Connection, on: str | None = domain) -> Planned:
            owner, _, name = placed(conn, on)
            return Planned(owner.tenant_id, f"{username}@{name}")

        def change(tx: Tx, on: str | None, registered: bool) -> Change[InboxCreated]:
            owner, key_id, name = placed(tx.conn, on)
            address = f"{username}@{name}"
            enrollment.spend(tx, key_id)
            if not registered:
                self.senders.refuse_unregistered()
            row = InboxRow(
                id=inbox_id,
                tenant_id=owner.tenant_id,
                agent_id=owner.id,
                enrollment_key_id=key_id,
                address=address,
                domain=name,
                display_name=request.display_name,
                status="live",
                created_ms=tx.now_ms,
            )
            inboxes.add(tx, row)
            plain = InboxCreated(**_shown(row).model_dump())
            webhook = None if request.inbound_webhook_url is None else self._hooked(tx, call.principal, row, request)
            return Change(
                data=plain.model_copy(update={"webhook": webhook}),
                target=row.id,
                tenant=row.tenant_id,
                value=address,
                secret=None if webhook is None else webhook.secret,
                remembered=plain,
            )

        key = request.client_id or call.idempotency_key
        once = None if key is None else Once("inboxes.create", key, request, InboxCreated)

        async def make(planned: Planned | None) -> Done[InboxCreated]:
            on, registered = (domain, False) if planned is None else (planned.domain, True)
            if self._accounts.backend is None:
                only = partial(change, on=on, registered=registered)
                return await self._mutations.run(call, "inbox:create", only, once=once)

            def chosen(tx: Tx) -> tuple[str, str]:
                if not registered:
                    self.senders.refuse_unregistered()
                found = plan(tx.conn, on)
                return found.tenant_id, found.address

            async def with_account(address: str, live: Callable[[Tx], None]) -> Done[InboxCreated]:
                def whole(tx: Tx) -> Change[InboxCreated]:
                    made = change(tx, address.rpartition("@")[2], registered)
                    live(tx)
                    return made

                return await self._mutations.run(call, "inbox:create", whole, once=once)

            return await self._accounts.around(call, inbox_id, chosen, with_account, once)

        return await self.senders.made(call, plan, make, once)

    def _hooked(self, tx: Tx, principal: Principal, row: InboxRow, request: InboxCreate) -> WebhookSecret:
        """Make the webhook that a new mailbox was asked for with. It tells of mail, so who may not read has none."""
        if not principal.is_operator and Scope.READ not in principal.scopes:
            raise PosternError(
                Code.SCOPE_DENIED, "A webhook tells of mail: it needs mailbox:read. Leave inbound_webhook_url out."
            )
        url = request.inbound_webhook_url or ""
        made, secret = self._webhooks.make(
            tx, "inbound_webhook_url", url, ["message.received"], row.tenant_id, row.agent_id, row.id
        )
        return WebhookSecret(id=made.id, secret=secret)

    async def list(self, call: Call, query: InboxQuery) -> Listed[Inbox]:
        """List the agent's own mailboxes; operators see all, or those of a tenant or an agent."""
        own = not call.principal.is_operator
        tenant = call.principal.tenant_id if own else query.tenant
        agent = call.principal.agent_id if own else query.agent
        what = f"inboxes of {agent} in {tenant}"
        before = self._cursors.before(what, query)
        rows = await self._database.read(lambda conn: inboxes.listing(conn, tenant, agent, before, query.limit + 1))
        return self._cursors.listed(what, query, rows, lambda row: row.n, _shown)

    async def get(self, call: Call, address: str) -> Inbox:
        return _shown(await self.owned(call.principal, address))

    async def delete(self, call: Call, address: str) -> Done[Deleted]:
        """Delete a mailbox with its mail; its waits end at once, and its address is nobody else's ever after."""

        def change(tx: Tx) -> Change[Deleted]:
            row = owned_inbox(tx.conn, call.principal, address)
            remove_inboxes_wholly(tx, self._bus, [row.id])
            self.senders.leave(tx, call, row.tenant_id, [row.address])
            tx.on_commit(self._accounts.look_soon)
            return Change(data=Deleted(id=row.id), target=row.id, tenant=row.tenant_id, value=row.address)

        done = await self._mutations.run(call, "inbox:delete", change)
        await self.senders.left(call)
        return done

    async def credentials(self, call: Call, address: str) -> Done[InboxCredentials]:
        """Show how a mail program reads a mailbox, where the receive backend has a way."""

        def change(tx: Tx) -> Change[InboxCredentials]:
            row = owned_inbox(tx.conn, call.principal, address)
            found = self._accounts.access(tx, row.id)
            imap, password = found or (None, None)
            login = None
            if imap is not None and password is not None:
                login = ImapLogin(
                    host=imap.host, port=imap.port, security=imap.security, username=imap.username, password=password
                )
            data = InboxCredentials(address=row.address, backend=self._settings.receive_backend, imap=login)
            return Change(data=data, target=row.id, tenant=row.tenant_id, secret=password)

        return await self._mutations.run(call, "inbox:credentials", change)

    async def owned(self, principal: Principal, address: str) -> InboxRow:
        """Return a mailbox that `principal` may see, by address or id. Raises `not_found`."""
        return await self._database.read(lambda conn: owned_inbox(conn, principal, address))


def owned_inbox(conn: sqlite3.Connection, principal: Principal, address: str) -> InboxRow:
    """Return a mailbox of the caller's; what is not there and what is another's raise the same `not_found`."""
    row = inboxes.find(conn, normal_address(address) or address)
    if row is None or not (principal.is_operator or row.agent_id == principal.agent_id):
        raise not_found("inbox")
    return row


def _owner(
    conn: sqlite3.Connection, principal: Principal, agent_id: str | None
) -> tuple[AgentRow, str, tuple[str, ...]]:
    """Return whose mailbox it will be, the enrollment key that pays for it, and the domains it may be on."""
    if not principal.is_operator:
        agent = agents.get(conn, principal.agent_id or "")
        if agent is None:
            raise not_found("agent")
        return agent, principal.enrollment_key_id or "", principal.domains
    if agent_id is None:
        raise invalid("agent_id", "an operator names whose mailbox it will be: with posternctl, --agent ID")
    agent = agents.get(conn, agent_id)
    if agent is None:
        raise invalid("agent_id", "there is no such agent; see `posternctl agent list`")
    key = enrollment.get(conn, agent.enrollment_key_id)
    return agent, agent.enrollment_key_id, tuple(unpack(key.domains)) if key else ()


def _domain(conn: sqlite3.Connection, tenant_id: str, asked: str | None, allowed: tuple[str, ...]) -> str:
    """Return the domain that a mailbox is placed on: one that the key allows, and that mail comes to."""
    allowed_ones = [row for row in domains.of_tenant(conn, tenant_id) if not allowed or row.name in allowed]
    usable = [row.name for row in allowed_ones if row.status == "live"]
    if asked is None and usable:
        return usable[0]
    if asked is not None and asked in usable:
        return asked
    for row in allowed_ones:
        if row.name == asked:
            raise PosternError(
                Code.CONFLICT,
                f"{row.name} is {row.status}, so mail could not arrive. The operator sees what is missing with "
                f"`posternctl domain show {row.name}`; until then use another domain.",
            )
    hint = f"Use one of: {', '.join(usable)}." if usable else "This key has no live domain: ask the operator."
    raise PosternError(Code.DOMAIN_NOT_ALLOWED, f"This key may not place mailboxes on that domain. {hint}")


def _refuse_unpayable(conn: sqlite3.Connection, key_id: str) -> None:
    key = enrollment.get(conn, key_id)
    if key is None or key.revoked_ms is not None:
        raise PosternError(
            Code.ENROLLMENT_TOKEN_REVOKED,
            "The enrollment key behind this agent was revoked and creates no more mailboxes.",
        )
    if key.used_count >= key.max_mailboxes:
        raise PosternError(
            Code.ENROLLMENT_TOKEN_EXHAUSTED,
            "Every mailbox of this enrollment key is used. Ask the operator for a new one.",
        )


def _refuse_taken(conn: sqlite3.Connection, principal: Principal, tenant_id: str, address: str) -> None:
    buried = inboxes.tombstone(conn, address)
    if inboxes.by_address(conn, address) or (buried and not (principal.is_operator and buried == tenant_id)):
        raise PosternError(Code.ADDRESS_TAKEN, "This address is taken or was used before. Choose another username.")


def _shown(row: InboxRow) -> Inbox:
    return Inbox(
        id=row.id,
        address=row.address,
        display_name=row.display_name,
        domain=row.domain,
        status=row.status,
        created_at=iso(row.created_ms),
    )
