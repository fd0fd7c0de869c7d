"""A mail system on the other side that does what it is told to, and knows what it has taken."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from daemon.backends.protocols import CannotTell, Fate, HandedOver, NotTaken, Outgoing, Told


class Does(Enum):
    """What it does at a hand-over."""

    ACCEPTS = auto()
    DEFERS = auto()
    DEFERS_THE_FIRST = auto()
    REFUSES_THE_FIRST = auto()
    KNOWS_NO_WAY = auto()
    HANGS_UP_BEFORE = auto()
    HANGS_UP_AFTER = auto()
    IS_BUSY = auto()
    SEES_A_CRASH_BEFORE = auto()
    SEES_A_CRASH_AFTER = auto()


class Says(Enum):
    """What it says when it is asked."""

    THE_TRUTH = auto()
    NOTHING = auto()
    IT_CANNOT_TELL = auto()


@dataclass
class Scripted:
    """Both scripts are used up from the front; what is left of neither is: it accepts, and tells the truth."""

    does: list[Does] = field(default_factory=list)
    says: list[Says] = field(default_factory=list)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)  # how often, by operation and address
    refused: set[tuple[str, str]] = field(default_factory=set)
    mails: list[Outgoing] = field(default_factory=list)
    kept: dict[str, HandedOver] = field(default_factory=dict)
    at_once_max: int = 32
    trouble: str | None = None

    async def hand_over(self, mail: Outgoing) -> HandedOver:
        assert uuid.UUID(mail.operation_id).version == 4
        assert mail.recipients
        assert b"\nbcc:" not in mail.raw.partition(b"\r\n\r\n")[0].lower()
        self.mails.append(mail)
        does = self.does.pop(0) if self.does else Does.ACCEPTS
        match does:
            case Does.IS_BUSY:
                raise NotTaken("450 busy", retry_after_seconds=300)
            case Does.HANGS_UP_BEFORE:
                raise ConnectionResetError
            case Does.SEES_A_CRASH_BEFORE:
                raise asyncio.CancelledError
        answer = self._take(mail, does)
        match does:
            case Does.HANGS_UP_AFTER:
                raise ConnectionResetError
            case Does.SEES_A_CRASH_AFTER:
                raise asyncio.CancelledError
        return answer

    async def look_up(self, mail: Outgoing) -> HandedOver | None:
        match self.says.pop(0) if self.says else Says.THE_TRUTH:
            case Says.IT_CANNOT_TELL:
                raise CannotTell
            case Says.NOTHING:
                raise ConnectionRefusedError
        return self.kept.get(mail.operation_id)

    async def check(self) -> None:
        """It is there."""

    def _take(self, mail: Outgoing, does: Does) -> HandedOver:
        told = {}
        for number, address in enumerate(mail.recipients):
            fate = Fate.SENT
            if does is Does.DEFERS or (does is Does.DEFERS_THE_FIRST and number == 0):
                fate = Fate.DEFERRED
            elif does is Does.REFUSES_THE_FIRST and number == 0:
                fate = Fate.REFUSED
                self.refused.add((mail.operation_id, address))
            elif does is Does.KNOWS_NO_WAY:
                fate = Fate.NO_ROUTE
            else:
                self.taken[mail.operation_id, address] += 1
            told[address] = Told(fate, f"said {fate.value}")
        earlier = self.kept.get(mail.operation_id)
        self.kept[mail.operation_id] = HandedOver((dict(earlier.recipients) if earlier else {}) | told, "their-id")
        return HandedOver(told, "their-id")
