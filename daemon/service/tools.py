"""What services are made with, in one hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.events import Bus
from daemon.ids import Ids
from daemon.keys import Keyring
from daemon.service.mail_cache import MailCache
from daemon.service.meters import Meters
from daemon.service.mutations import Mutations
from daemon.service.paging import Cursors
from daemon.service.rates import Rates
from daemon.settings import Settings
from daemon.store.database import Database

COMMITS = "commits"  # the topic of every commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """One of each, shared by all services; `count` counts what is told in the metrics only."""

    settings: Settings
    database: Database
    mutations: Mutations
    cursors: Cursors
    keyring: Keyring
    ids: Ids
    bus: Bus
    clock: Clock
    mails: MailCache
    rates: Rates
    meters: Meters
    count: Callable[[str], None]


class Service:
    """The base of a noun: its tools by their names."""

    def __init__(self, tools: Tools) -> None:
        self._settings = tools.settings
        self._database = tools.database
        self._mutations = tools.mutations
        self._cursors = tools.cursors
        self._keyring = tools.keyring
        self._ids = tools.ids
        self._bus = tools.bus
        self._clock = tools.clock
        self._mails = tools.mails
        self._rates = tools.rates
        self._meters = tools.meters
        self._count = tools.count
