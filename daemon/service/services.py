"""All services together, wired, and the one way an edge calls them."""

from __future__ import annotations

from functools import partial
from typing import Any

from daemon.api.operations import Operation
from daemon.backends.protocols import Authenticate, Outside, PostSender
from daemon.clock import Clock
from daemon.errors import PosternError
from daemon.events import Bus, Event
from daemon.ids import Ids
from daemon.keys import Keyring
from daemon.service.auditing import Auditing
from daemon.service.configuration import Configuration
from daemon.service.context import Call, authorise
from daemon.service.domains.checking import DomainChecks
from daemon.service.domains.dkim import DkimKeys
from daemon.service.domains.domains import Domains
from daemon.service.domains.publishing import Publisher
from daemon.service.domains.rotating import Rotation
from daemon.service.domains.secondaries import Secondaries
from daemon.service.domains.zones import Zones
from daemon.service.housekeeping import Housekeeping
from daemon.service.keeping.backups import Backups
from daemon.service.keeping.keyrings import Keyrings
from daemon.service.keeping.shipping import Shipping
from daemon.service.links import Links
from daemon.service.mail_cache import MailCache
from daemon.service.mailboxes.downloads import Downloads
from daemon.service.mailboxes.inbox_removal import Removal
from daemon.service.mailboxes.inboxes import Inboxes
from daemon.service.mailboxes.messages import Messages
from daemon.service.mailboxes.search import Search
from daemon.service.mailboxes.senders import Senders
from daemon.service.mailboxes.threads import Threads
from daemon.service.meters import Meters
from daemon.service.mutations import Mutations
from daemon.service.paging import Cursors
from daemon.service.people.access import Access
from daemon.service.people.agents import Agents
from daemon.service.people.enrollment import Enrollment
from daemon.service.people.keys import Keys
from daemon.service.people.operators import Operators
from daemon.service.people.tenants import Tenants
from daemon.service.rates import Rates
from daemon.service.receiving.accounts import Accounts
from daemon.service.receiving.fetching import Fetching
from daemon.service.receiving.lists import Lists
from daemon.service.receiving.mirror import Mirror
from daemon.service.receiving.reception import Reception
from daemon.service.sending.azure_reports import AzureReports
from daemon.service.sending.local_delivery import LocalDelivery
from daemon.service.sending.outbox import Outbox
from daemon.service.sending.outcomes import Outcomes
from daemon.service.sending.reply_brake import ReplyBrake
from daemon.service.sending.rules import SendingRules
from daemon.service.sending.send import Sending
from daemon.service.sending.suppressions import Suppressions
from daemon.service.sending.unsubscribing import Unsubscribing
from daemon.service.status import Counters, Status
from daemon.service.telling.activity import ActivityStream
from daemon.service.telling.dispatcher import Dispatcher
from daemon.service.telling.events import Events
from daemon.service.telling.webhook_making import WebhookMaker
from daemon.service.telling.webhooks import Webhooks
from daemon.service.tools import COMMITS, Tools
from daemon.service.waiting.waits import Waits
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
        authenticate: Authenticate,
        outside: Outside,
    ) -> None:
        counters = Counters()
        database.committed = partial(bus.publish, Event(COMMITS, "committed"))
        self.ids = ids
        self.mutations = Mutations(database, keyring, ids)
        self.rates = Rates(settings, clock)
        self.meters = Meters()
        tools = Tools(
            settings=settings,
            database=database,
            mutations=self.mutations,
            cursors=Cursors(keyring),
            keyring=keyring,
            ids=ids,
            bus=bus,
            clock=clock,
            mails=MailCache(database),
            rates=self.rates,
            meters=self.meters,
            count=counters.count,
        )
        maker, downloads = WebhookMaker(keyring, ids, sender), Downloads(tools)
        self.access = Access(tools)
        self.publisher = Publisher(tools)
        self.dkim_keys = DkimKeys(tools, self.publisher)
        self.rotation = Rotation(tools, self.publisher, self.dkim_keys, outside)
        self.domain_checks = DomainChecks(tools, self.publisher, outside)
        senders = Senders(tools)
        self.domains = Domains(tools, self.publisher, self.domain_checks, self.rotation, self.dkim_keys, senders)
        self.zones = Zones(tools, self.publisher)
        self.secondaries = Secondaries(tools, self.publisher)
        self.tenants = Tenants(tools, self.publisher, senders)
        self.keys = Keys(tools)
        self.enrollment = Enrollment(tools)
        self.agents = Agents(tools)
        self.operators = Operators(tools)
        self.accounts = Accounts(tools)
        self.inboxes = Inboxes(tools, maker, self.accounts, senders)
        self.removal = Removal(tools)
        self.lists = Lists(tools)
        self.reception = Reception(tools)
        self.rules = SendingRules(tools)
        self.sending = Sending(tools, self.rules, ReplyBrake(tools))
        outcomes = Outcomes(tools, self.rules)
        self.messages = Messages(tools, downloads, self.reception, authenticate, self.sending, self.rules, outcomes)
        self.fetching = Fetching(tools, self.reception, self.messages)
        self.mirror = Mirror(tools)
        self.outbox = Outbox(tools, outcomes)
        self.azure_reports = AzureReports(tools, outcomes)
        self.local_delivery = LocalDelivery(tools, self.reception, self.messages)
        self.search = Search(tools)
        self.threads = Threads(tools)
        self.waits = Waits(tools)
        self.webhooks = Webhooks(tools, maker)
        self.events = Events(tools)
        self.links = Links(tools, downloads)
        self.suppressions = Suppressions(tools)
        self.unsubscribing = Unsubscribing(tools)
        self.audit = Auditing(tools)
        self.backups = Backups(tools)
        self.shipping = Shipping(tools, sender)
        self.keyring = Keyrings(tools)
        self.settings = Configuration(tools)
        self.stats = Status(tools, self.waits, self.audit, counters)
        self.activity = ActivityStream(tools, self.stats)
        self.dispatcher = Dispatcher(tools, maker, sender)
        self.housekeeping = Housekeeping(tools, self.audit, self.dispatcher, self.keyring)

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
