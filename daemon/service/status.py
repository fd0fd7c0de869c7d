"""What the daemon is doing: counters, listeners, and the two together with the store's counts."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from daemon import __version__
from daemon.api.sending import OutboxCounts
from daemon.api.stats import Stats
from daemon.backends.protocols import MirroredBackend, SendBackend
from daemon.clock import SECOND_MS, iso
from daemon.errors import PosternError
from daemon.service.auditing import Auditing
from daemon.service.context import Call
from daemon.service.tools import Service, Tools
from daemon.service.waiting.waits import Waits
from daemon.store import audit, outbox, sends, stats, webhooks

WRITABLE_KNOWN_SECONDS = 1.0


@dataclass(slots=True)
class Listeners:
    """Where the daemon listens, once it does."""

    socket: str = ""
    http: str | None = None
    smtp: str | None = None
    lmtp: str | None = None
    dns: str | None = None


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits to go out, and for how long its oldest has; and how far the audit log has come."""

    outbox: OutboxCounts = field(default_factory=OutboxCounts)
    deliveries: Mapping[str, int] = field(default_factory=dict)
    oldest_delivery_seconds: int = 0
    stopped_tenants: int = 0
    audit_seq: int = 0


@dataclass(slots=True)
class Health:
    """What keeps the daemon from being ready; empty when nothing does."""

    problems: list[str] = field(default_factory=list)


class Counters:
    """Counts of what is noise to the audit log: unknown keys, forged links, strangers' mail."""

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()

    def count(self, name: str) -> None:
        self.values[name] += 1


class Status(Service):
    """The noun `stats`, and readiness."""

    def __init__(self, tools: Tools, waits: Waits, auditing: Auditing, counters: Counters) -> None:
        super().__init__(tools)
        self._waits = waits
        self._auditing = auditing
        self.counters = counters
        self.listeners = Listeners()
        self.receiver: MirroredBackend | None = None  # once there is one that fetches
        self.name_servers: Callable[[], Awaitable[list[dict[str, Any]]]] | None = None  # asks them for their counts
        self.sender: SendBackend | None = None  # once there is one
        self._started_ms = self._clock.now_ms()
        self._started = self._clock.monotonic()
        self._written = -WRITABLE_KNOWN_SECONDS

    @property
    def waits_active(self) -> int:
        return len(self._waits.progress)

    @property
    def waits_moved(self) -> int:
        """Return a number that is another whenever a wait began or ended."""
        return self._waits.progress.moves

    async def get(self, call: Call) -> Stats:
        """Return a snapshot."""
        counts = await self._database.read(stats.counts)
        return Stats(
            version=__version__,
            pid=os.getpid(),
            started_at=iso(self._started_ms),
            uptime_seconds=int(self._clock.monotonic() - self._started),
            http=self.listeners.http,
            smtp=self.listeners.smtp,
            lmtp=self.listeners.lmtp,
            dns=self.listeners.dns,
            socket=self.listeners.socket,
            waits_active=self.waits_active,
            sending_stopped=await self.sending_stopped(),
            problems=(await self.health()).problems,
            outbox=await self.outbox(),
            **counts,
        )

    async def sending_stopped(self) -> int:
        """Return how many tenants' sending complaints have stopped."""
        return await self._database.read(sends.stopped)

    async def outbox(self) -> OutboxCounts:
        """Return what is on its way."""

        def look(conn: sqlite3.Connection) -> tuple[dict[str, int], int | None]:
            return outbox.counts(conn), outbox.oldest_queued_ms(conn)

        counts, oldest_ms = await self._database.read(look)
        age = None if oldest_ms is None else max(0, self._clock.now_ms() - oldest_ms) // SECOND_MS
        return OutboxCounts(**counts, oldest_queued_seconds=age)

    async def queues(self) -> Queues:
        """Return what the metrics tell of the store."""

        def look(conn: sqlite3.Connection) -> tuple[dict[str, int], int | None, int, int]:
            deliveries, oldest_ms = webhooks.queue(conn)
            head = audit.head(conn)
            return deliveries, oldest_ms, sends.stopped(conn), 0 if head is None else head.seq

        deliveries, oldest_ms, stopped, audit_seq = await self._database.read(look)
        age = 0 if oldest_ms is None else max(0, self._clock.now_ms() - oldest_ms) // SECOND_MS
        return Queues(await self.outbox(), deliveries, age, stopped, audit_seq)

    async def health(self) -> Health:
        """Tell whether mutations can be written, mail comes and goes, and the audit chain held at the last look."""
        health = Health()
        if not await self._writable():
            health.problems.append("the store cannot be written")
        verdict = self._auditing.last_verdict
        if verdict is not None and not verdict.ok:
            health.problems.append(f"the audit chain is broken at line {verdict.first_bad_seq}: {verdict.reason}")
        if self.receiver is not None and self.receiver.trouble is not None:
            health.problems.append("no mail comes in: the receive backend cannot be reached; the log says why")
        if self.sender is not None and self.sender.trouble is not None:
            health.problems.append(
                "no mail goes out; `posternctl config check` says why"
            )  # nothing more: anybody may ask
        return health

    async def _writable(self) -> bool:
        """Try to write. Anybody may ask, so a success is good for a second: no commit for each question."""
        now = self._clock.monotonic()
        if now - self._written < WRITABLE_KNOWN_SECONDS:
            return True
        try:
            await self._database.write(stats.touch)
        except PosternError:
            return False
        self._written = now
        return True
