"""Webhooks: where events are posted to, and what became of that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from daemon.api.common import Deleted, TenantQuery
from daemon.api.webhooks import Delivery, DeliveryFollowQuery, DeliveryQuery, Webhook, WebhookCreate, WebhookMinted
from daemon.clock import iso, iso_or_none
from daemon.errors import Code, PosternError, invalid, not_found
from daemon.events import BusClosed, Event
from daemon.service.context import Call, Done, Listed, Principal, Stream
from daemon.service.mailboxes.inboxes import owned_inbox
from daemon.service.mutations import Change
from daemon.service.telling.delivered import KIND, deliveries_of, may_see_webhook, owned_webhook, shown_delivery
from daemon.service.telling.dispatcher import DELIVERIES, delivery_topic
from daemon.service.telling.following import DeliveryStream
from daemon.service.telling.webhook_making import WebhookMaker
from daemon.service.tools import Service, Tools
from daemon.store import agents, inboxes, webhooks
from daemon.store.database import Tx
from daemon.store.rows import unpack
from daemon.store.webhooks import DeliveryRow, WebhookRow

TEST_KIND = "webhook.test"
OUTCOME_WITHIN_SECONDS = 20  # an attempt is over by then, unless many others are under way


class Webhooks(Service):
    """The noun `webhook`."""

    def __init__(self, tools: Tools, maker: WebhookMaker) -> None:
        super().__init__(tools)
        self._maker = maker
        self._stream = DeliveryStream(tools)

    async def create(self, call: Call, request: WebhookCreate) -> Done[WebhookMinted]:
        """Make a webhook for what happens from now on; its secret is shown this once.

        Raises `PosternError`: `not_found` for a mailbox that is not the caller's, `validation_failed` for a URL that is
        not posted to, `conflict` when the agent has too many.
        """
        if request.agent_id is not None and not call.principal.is_operator:
            raise invalid("agent_id", "only operators name the agent; leave it out")

        def change(tx: Tx) -> Change[WebhookMinted]:
            tenant_id, agent_id, inbox_id = _owner(tx.conn, call.principal, request)
            row, secret = self._maker.make(tx, "url", request.url, request.events, tenant_id, agent_id, inbox_id)
            return _minted(tx, row, secret)

        return await self._mutations.run(call, "webhook:create", change)

    async def list(self, call: Call, query: TenantQuery) -> Listed[Webhook]:
        """List the agent's own webhooks; operators see all, or those of a tenant."""
        own = not call.principal.is_operator
        tenant = call.principal.tenant_id if own else query.tenant
        agent = call.principal.agent_id if own else None
        what = f"webhooks of {agent} in {tenant}"
        before = self._cursors.before(what, query)

        def look(conn: sqlite3.Connection) -> list[tuple[WebhookRow, Webhook]]:
            rows = webhooks.listing(conn, tenant, agent, before, query.limit + 1)
            return [(row, _shown(conn, row)) for row in rows]

        rows = await self._database.read(look)
        return self._cursors.listed(what, query, rows, lambda pair: pair[0].n, lambda pair: pair[1])

    async def get(self, call: Call, webhook: str) -> Webhook:
        return await self._database.read(lambda conn: _shown(conn, owned_webhook(conn, call.principal, webhook)))

    async def delete(self, call: Call, webhook: str) -> Done[Deleted]:
        """Delete a webhook; what was still to be delivered is not."""

        def change(tx: Tx) -> Change[Deleted]:
            row = owned_webhook(tx.conn, call.principal, webhook)
            webhooks.remove(tx, row.id)
            tx.on_commit(lambda: self._bus.publish(Event(deliveries_of(row.id), "webhook")))
            return Change(data=Deleted(id=row.id), target=row.id, tenant=row.tenant_id)

        return await self._mutations.run(call, "webhook:delete", change)

    async def rotate(self, call: Call, webhook: str) -> Done[WebhookMinted]:
        """Mint a new secret. For a day deliveries carry a signature of each, so that receivers can change over."""

        def change(tx: Tx) -> Change[WebhookMinted]:
            row, secret = self._maker.rotated(tx, owned_webhook(tx.conn, call.principal, webhook))
            return _minted(tx, row, secret)

        return await self._mutations.run(call, "webhook:rotate", change)

    async def test(self, call: Call, webhook: str) -> Done[Delivery]:
        """Post a made-up event once, to a disabled webhook, too, and tell how that went.

        Raises `PosternError` (`conflict`) while its agent or tenant is not active.
        """
        delivery_id = self._ids.new("delivery")

        def change(tx: Tx) -> Change[Delivery]:
            owner = owned_webhook(tx.conn, call.principal, webhook)
            _refuse_waiting(tx.conn, owner)
            row = DeliveryRow(
                id=delivery_id,
                tenant_id=owner.tenant_id,
                webhook_id=owner.id,
                event_n=None,
                kind=TEST_KIND,
                inbox_id=owner.inbox_id,
                subject_id=None,
                status="pending",
                next_ms=tx.now_ms,
                created_ms=tx.now_ms,
            )
            webhooks.add_delivery(tx, row)
            return self._queued(tx, row)

        return await self._outcome(call, "webhook:test", delivery_id, change)

    async def deliveries(self, call: Call, webhook: str, query: DeliveryQuery) -> Listed[Delivery]:
        """List a webhook's deliveries, newest first."""
        what = f"deliveries of {webhook}"
        before = self._cursors.before(what, query)

        def look(conn: sqlite3.Connection) -> list[DeliveryRow]:
            owner = owned_webhook(conn, call.principal, webhook)
            return webhooks.deliveries(conn, owner.id, query.status, before, query.limit + 1)

        rows = await self._database.read(look)
        return self._cursors.listed(what, query, rows, lambda row: row.n, shown_delivery)

    async def follow(self, call: Call, webhook: str, query: DeliveryFollowQuery) -> Stream:
        """Follow a webhook's deliveries: the newest as they are, then each that changes."""
        return await self._stream.follow(call, webhook, query)

    async def replay(self, call: Call, delivery: str) -> Done[Delivery]:
        """Deliver once more, now, under the same id, and tell how that went; a failure begins the schedule anew.

        Raises `PosternError` (`conflict`) while the webhook is disabled, or its agent or tenant not active.
        """

        def change(tx: Tx) -> Change[Delivery]:
            row = webhooks.delivery(tx.conn, delivery)
            owner = None if row is None else webhooks.get(tx.conn, row.webhook_id)
            if row is None or owner is None or not may_see_webhook(owner, call.principal):
                raise not_found("delivery")
            if owner.disabled_ms is not None and row.event_n is not None:
                raise PosternError(
                    Code.CONFLICT, "This webhook is disabled. Test it first: a success puts it in force again."
                )
            _refuse_waiting(tx.conn, owner)
            row = replace(row, status="pending", began_ms=None, next_ms=tx.now_ms)
            webhooks.update_delivery(tx, row)
            return self._queued(tx, row)

        return await self._outcome(call, "webhook:replay", delivery, change)

    def _queued(self, tx: Tx, row: DeliveryRow) -> Change[Delivery]:
        tx.on_commit(lambda: self._bus.publish(Event(DELIVERIES, "queued", row.id)))
        tx.on_commit(lambda: self._bus.publish(Event(deliveries_of(row.webhook_id), KIND, row.id)))
        return Change(data=shown_delivery(row), target=row.id, tenant=row.tenant_id)

    async def _outcome(
        self, call: Call, effect: str, delivery_id: str, change: Callable[[Tx], Change[Delivery]]
    ) -> Done[Delivery]:
        """Queue a delivery and wait a little, so that the answer tells what became of it."""
        with self._bus.subscribe(delivery_topic(delivery_id), keep=1) as settled:
            done = await self._mutations.run(call, effect, change)
            try:
                await settled.next(OUTCOME_WITHIN_SECONDS)
            except BusClosed:
                return done
        row = await self._database.read(lambda conn: webhooks.delivery(conn, delivery_id))
        return done if row is None else replace(done, data=shown_delivery(row))


def _refuse_waiting(conn: sqlite3.Connection, row: WebhookRow) -> None:
    """Refuse to post at once what would wait until somebody is active again."""
    if not agents.active(conn, row.agent_id):
        raise PosternError(
            Code.CONFLICT, "The webhook's agent is disabled or its tenant suspended. Nothing is posted until that ends."
        )


def _owner(conn: sqlite3.Connection, principal: Principal, request: WebhookCreate) -> tuple[str, str, str | None]:
    """Return the tenant, the agent and, when it is of one alone, the mailbox of a new webhook."""
    inbox = None if request.address is None else owned_inbox(conn, principal, request.address)
    if not principal.is_operator:
        return principal.tenant_id or "", principal.agent_id or "", inbox.id if inbox else None
    if request.agent_id is None:
        if inbox is None:
            raise invalid("agent_id", "an operator names the agent, or the address of a mailbox")
        return inbox.tenant_id, inbox.agent_id, inbox.id
    agent = agents.get(conn, request.agent_id)
    if agent is None:
        raise invalid("agent_id", "there is no such agent; see `posternctl agent list`")
    if inbox is not None and inbox.agent_id != agent.id:
        raise invalid("address", "this mailbox is another agent's")
    return agent.tenant_id, agent.id, inbox.id if inbox else None


def _minted(tx: Tx, row: WebhookRow, secret: str) -> Change[WebhookMinted]:
    data = WebhookMinted(**_shown(tx.conn, row).model_dump(), secret=secret)
    return Change(data=data, target=row.id, tenant=row.tenant_id, secret=secret)


def _shown(conn: sqlite3.Connection, row: WebhookRow) -> Webhook:
    inbox = inboxes.find(conn, row.inbox_id) if row.inbox_id else None
    return Webhook(
        id=row.id,
        agent_id=row.agent_id,
        url=row.url,
        events=unpack(row.events),
        address=inbox.address if inbox else None,
        status="active" if row.disabled_ms is None else "disabled",
        disabled_reason=row.disabled_reason,
        failing_since=iso_or_none(row.failing_ms),
        old_secret_until=iso_or_none(row.old_until_ms),
        created_at=iso(row.created_ms),
    )
