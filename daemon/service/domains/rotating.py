"""Takes the steps of key rotation when they are due. Each is one transaction, so a crash is only a pause."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from daemon.audit import append
from daemon.backends.protocols import Outside, Unseen
from daemon.clock import HOUR_MS
from daemon.errors import Code, PosternError
from daemon.service.context import SYSTEM, Call, Source
from daemon.service.domains.dkim import DkimKeys, MadeKey, turns_of
from daemon.service.domains.publishing import Publisher
from daemon.service.domains.rotation import Due, State, Step, next_step
from daemon.service.mutations import entry
from daemon.service.tools import Tools
from daemon.service.worker import Worker
from daemon.store import domains
from daemon.store.database import Tx
from daemon.store.domains import DkimRow, DomainRow
from zones.mailzone import DkimKey

AT_ONCE_DOMAINS = 20
LOOK_AGAIN_MS = HOUR_MS
TOPIC = "domains"


class Rotation(Worker):
    """Runs beside the daemon."""

    log = logging.getLogger("postern.dkim")

    def __init__(self, tools: Tools, publisher: Publisher, keys: DkimKeys, outside: Outside) -> None:
        super().__init__(tools)
        self._publisher, self._keys, self._outside = publisher, keys, outside

    async def run(self) -> None:
        """Work until cancelled."""
        await self.look_on((TOPIC,), self.look)

    async def look(self) -> float:
        """Take every step that is due; return when to look next."""
        while rows := await self._database.read(
            lambda conn: domains.to_rotate(conn, self._clock.now_ms(), AT_ONCE_DOMAINS)
        ):
            for row in rows:
                await self._advance(row)
        return self.seconds_until(await self._database.read(domains.next_due_ms))

    def begin(self, tx: Tx, row: DomainRow, made: tuple[MadeKey, ...]) -> str:
        """Publish new keys now; they sign when everybody can have seen them, the first ones at once.

        Raises `PosternError` (`conflict`) while a rotation is under way, and for a domain that is not served yet.
        """
        turns = turns_of(domains.keys(tx.conn, row.name))
        if row.status == "requested":
            raise PosternError(Code.CONFLICT, f"{row.name} is not registered yet, and gets its keys when it is.")
        if any(turn.state is State.PUBLISHED for turn in turns):
            raise PosternError(
                Code.CONFLICT, f"A rotation of {row.name} is under way. `posternctl domain show {row.name}` tells more."
            )
        turn = self._keys.add(tx, row, made, State.PUBLISHED if turns else State.SIGNING)
        self._publisher.announce(tx, self._publisher.builder.zone_of(row))
        self._keys.schedule(tx, row)
        return turn

    async def _advance(self, row: DomainRow) -> None:
        keys = await self._database.read(lambda conn: domains.keys(conn, row.name))
        due = next_step(turns_of(keys), self._keys.every_ms(row))
        made: tuple[MadeKey, ...] = ()
        if due is not None and due.step is Step.PUBLISH and due.at_ms <= self._clock.now_ms():
            made = await self._keys.made()
        unseen = due is not None and due.step is Step.SWITCH and not await self._is_seen(row, keys, due.turn)

        def step(tx: Tx) -> None:
            now = domains.get(tx.conn, row.name)
            if now is None:
                return
            current = self._keys.schedule(tx, now)
            if current is None or current != due or current.at_ms > tx.now_ms:
                return
            if unseen:
                domains.set_dkim_ms(tx, row.name, tx.now_ms + LOOK_AGAIN_MS)
                return
            self._take(tx, now, current, made)
            self._keys.schedule(tx, now)

        await self._database.write(step)
        await self._publisher.published(self._publisher.builder.zone_of(row))

    def _take(self, tx: Tx, row: DomainRow, due: Due, made: tuple[MadeKey, ...]) -> None:
        """Take one step, with its audit line."""
        turn = due.turn
        match due.step:
            case Step.PUBLISH:
                turn = self._keys.add(tx, row, made, State.PUBLISHED)
            case Step.SWITCH:
                for old in turns_of(domains.keys(tx.conn, row.name)):
                    if old.state is State.SIGNING:
                        domains.set_turn_state(tx, row.name, old.name, State.KEPT)
                        domains.erase_turn(tx, row.name, old.name)
                domains.set_turn_state(tx, row.name, turn, State.SIGNING)
            case Step.RETIRE:
                domains.remove_turn(tx, row.name, turn)
        if due.step is not Step.SWITCH:
            self._publisher.announce(tx, self._publisher.builder.zone_of(row))
        call = Call(principal=SYSTEM, request_id=self._ids.new("req"), source=Source.SYSTEM)
        append(tx, entry(call, f"domain:dkim_{due.step}", row.tenant_id, f"{row.name} {turn}"))

    async def _is_seen(self, row: DomainRow, keys: Sequence[DkimRow], turn: str) -> bool:
        """Tell whether a turn's keys are there for others. Where we answer ourselves they are, once published."""
        if row.mode != "manual":
            return True
        try:
            for key in keys:
                if key.turn == turn:
                    text = DkimKey(key.selector, key.algorithm, key.public_key).text
                    if text not in await self._outside.records(f"{key.selector}._domainkey.{row.name}", "TXT"):
                        return False
        except Unseen:
            return False
        return True
