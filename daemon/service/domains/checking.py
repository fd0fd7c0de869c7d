"""Looks at domains from outside, on a schedule and on demand, and writes down what that means for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from daemon.audit import append
from daemon.backends.protocols import Outside, Unseen
from daemon.events import Event
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.domains.naming import aliased, busy, hosts_of_mx
from daemon.service.domains.publishing import Publisher
from daemon.service.domains.rotating import TOPIC
from daemon.service.domains.verdicts import (
    OURS_TO_ANSWER,
    Finding,
    asked,
    moved,
    next_check_ms,
    of_delegation,
    of_records,
)
from daemon.service.mutations import entry
from daemon.service.tools import Tools
from daemon.service.worker import Worker
from daemon.store import domains
from daemon.store.database import Tx
from daemon.store.domains import DomainRow
from daemon.store.rows import pack
from zones.records import RRset

AT_ONCE_DOMAINS = 8
KINDS_LOOKED_UP = {"MX", "TXT", "CNAME"}


class DomainChecks(Worker):
    """Runs beside the daemon."""

    log = logging.getLogger("postern.domains")

    def __init__(self, tools: Tools, publisher: Publisher, outside: Outside) -> None:
        super().__init__(tools)
        self._publisher, self._outside = publisher, outside

    async def run(self) -> None:
        """Work until cancelled."""
        await self.look_on((TOPIC,), self.look)

    async def look(self) -> float:
        """Look at every domain that is due; return when to look next."""
        while rows := await self._database.read(
            lambda conn: domains.to_check(conn, self._clock.now_ms(), AT_ONCE_DOMAINS)
        ):
            await asyncio.gather(*(self._check(row) for row in rows))
        return self.seconds_until(await self._database.read(domains.next_due_ms))

    async def finding(self, row: DomainRow) -> Finding:
        """Look at a domain, within seconds."""
        try:
            if row.mode in OURS_TO_ANSWER:
                return await self._delegated(row)
            return await self._by_hand(row)
        except Unseen as problem:
            return Finding(None, f"It could not be checked: {problem}. Check POSTERN_RESOLVER if that lasts.")

    async def refusal(self, name: str) -> tuple[str | None, str | None]:
        """Return why a name cannot be taken, and the warning when nobody could say."""
        try:
            aliases, mx = await asyncio.gather(self._outside.records(name, "CNAME"), self._outside.records(name, "MX"))
        except Unseen as problem:
            return None, f"It could not be checked: {problem}. Check POSTERN_RESOLVER if that lasts."
        if aliases:
            return aliased(name, aliases[0]), None
        strangers = hosts_of_mx(mx) - {self._settings.mail_host_name}
        return (busy(name, strangers) if strangers else None), None

    def settle(self, tx: Tx, name: str, finding: Finding) -> tuple[DomainRow, str] | None:
        """Write down what was found; return the domain as it is now, and the status it had. None: it is gone."""
        row = domains.get(tx.conn, name)
        if row is None:
            return None
        status = moved(row.mode, row.status, finding.ok)
        since_ms = row.status_ms if status == row.status else tx.now_ms
        chance = int.from_bytes(self._ids.random_bytes(4), "big") / (1 << 32)
        now = replace(
            row,
            status=status,
            status_ms=since_ms,
            problem=finding.problem,
            findings=pack(finding.records) if finding.ok is not None else row.findings,
            checked_ms=tx.now_ms,
            check_ms=next_check_ms(row.mode, status, finding.ok, since_ms, tx.now_ms, chance),
        )
        domains.settle(tx, now)
        if status != row.status:
            tx.on_commit(lambda: self._bus.publish(Event(row.tenant_id, f"domain.{status}", name)))
            self.log.warning("a domain has another status", extra={"domain": name, "was": row.status, "is": status})
        return now, row.status

    async def _check(self, row: DomainRow) -> None:
        finding = await self.finding(row)

        def write(tx: Tx) -> None:
            now = domains.get(tx.conn, row.name)
            if now is None or now.checked_ms != row.checked_ms:
                return  # somebody asked meanwhile, and looked later than this
            settled = self.settle(tx, row.name, finding)
            if settled is not None and settled[0].status != settled[1]:
                call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
                append(tx, replace(entry(call, "domain:check", row.tenant_id, row.name), reason=changed(*settled)))

        await self._database.write(write)

    async def _delegated(self, row: DomainRow) -> Finding:
        found = await self._outside.delegation(row.name)
        finding = of_delegation(row.name, found, self._settings.nameserver_names)
        if found.nameservers or row.status != "pending":
            return finding
        refused, _ = await self.refusal(row.name)
        return Finding(False, refused) if refused else finding

    async def _by_hand(self, row: DomainRow) -> Finding:
        wanted = await self._database.read(
            lambda conn: self._wanted(self._publisher.builder.mail_rrsets(conn, row.name))
        )
        aliases = await self._outside.records(row.name, "CNAME")
        if aliases:
            return Finding(False, aliased(row.name, aliases[0]))
        names = list(dict.fromkeys(map(asked, wanted)))
        found = await asyncio.gather(*(self._outside.records(*name.split(" ")) for name in names))
        return of_records(wanted, dict(zip(names, found, strict=True)))

    @staticmethod
    def _wanted(rrsets: Sequence[RRset]) -> list[RRset]:
        return [one for one in rrsets if asked(one).rpartition(" ")[2] in KINDS_LOOKED_UP]


def changed(row: DomainRow, was: str) -> str:
    """Return what an audit line says of a status that changed."""
    return f"{was} → {row.status}" + (f": {row.problem}" if row.problem else "")
