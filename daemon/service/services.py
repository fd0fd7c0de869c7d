"""All services together, wired, and the one way an edge calls them."""

from __future__ import annotations

from typing import Any

from daemon.api.operations import Operation
from daemon.backends.protocols import PostSender
from daemon.clock import Clock
from daemon.errors import PosternError
from daemon.events import Bus
from daemon.ids import Ids
from daemon.keys import Keyring
from daemon.service.access import Access
from daemon.service.agents import Agents
from daemon.service.auditing import Auditing
from daemon.service.context import Call, authorise
from daemon.service.dispatcher import Dispatcher
from daemon.service.downloads import Downloads
from daemon.service.enrollment import Enrollment
from daemon.service.events import Events
from daemon.service.housekeeping import Housekeeping
from daemon.service.inboxes import Inboxes
from daemon.service.keys import Keys
from daemon.service.links import Links
from daemon.service.mail_cache import MailCache
from daemon.service.messages import Messages
from daemon.service.mutations import Mutations
from daemon.service.operators import Operators
from daemon.service.paging import Cursors
from daemon.service.search import Search
from daemon.service.status import Counters, Status
from daemon.service.tenants import Tenants
from daemon.service.threads import Threads
from daemon.service.waits import Waits
from daemon.service.webhook_making import WebhookMaker
from daemon.service.webhooks import Webhooks
from daemon.settings import Settings
from daemon.store.database import Database


class Services:
    """One attribute per noun of the OPERATIONS table."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keyring: Keyring,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        sender: PostSender,
    ) -> None:
        counters, cursors, mails = Counters(), Cursors(keyring), MailCache(database)
        count, ttl = counters.count, settings.agent_key_ttl
        self.mutations = Mutations(database, keyring, ids)
        change = self.mutations
        maker = WebhookMaker(keyring, ids, sender)
        self.dispatcher = Dispatcher(database, maker, sender, bus, clock, ids)
        downloads = Downloads(database, change)
        self.access = Access(database, clock, count)
        self.tenants = Tenants(database, change, cursors, ids, bus, settings.base_domain)
        self.keys = Keys(database, change, cursors, ids)
        self.enrollment = Enrollment(database, change, ids, ttl, count)
        self.agents = Agents(database, change, cursors, ids, bus, ttl)
        self.operators = Operators(database, change, cursors, ids, bus)
        self.inboxes = Inboxes(database, change, cursors, ids, bus, maker)
        self.messages = Messages(database, change, cursors, ids, bus, clock, mails, downloads)
        self.search = Search(database, cursors)
        self.threads = Threads(database, cursors)
        self.waits = Waits(database, change, bus, clock, mails, settings.max_wait_ms)
        self.webhooks = Webhooks(database, change, cursors, ids, bus, maker)
        self.events = Events(database, cursors, bus, clock)
        self.links = Links(database, change, keyring, cursors, downloads, clock, count)
        self.audit = Auditing(database, change, cursors, keyring)
        self.stats = Status(database, clock, self.waits, self.audit, counters)
        self.housekeeping = Housekeeping(database, self.audit, self.dispatcher, ids, clock, settings.retention_days)

    async def perform(self, call: Call, operation: Operation, *arguments: Any) -> Any:
        """Run an operation for a caller who may: `services.<noun>.<verb>(call, *arguments)`.

        Returns a model, a `Listed` page, a `Blob`, a `Stream` or, for a mutation, a `Done`. Raises `PosternError`.
        """
        try:
            authorise(call.principal, operation)
        except PosternError as refusal:
            effect = operation.effect or f"{operation.noun}:{operation.verb}"
            await self.mutations.refused(call, effect, refusal)
            raise
        return await getattr(getattr(self, operation.noun), operation.verb)(call, *arguments)
