"""Whether a mail may go. Asked when it is taken, told of everything that becomes of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from daemon.service.tools import Service
from daemon.store.database import Tx
from daemon.store.inboxes import InboxRow
from daemon.store.messages import MessageRow


class Outcome(StrEnum):
    """What became of a recipient for good."""

    DELIVERED = "delivered"
    BOUNCED_HARD = "bounced_hard"  # the address does not exist or refuses mail (5.x.x)
    BOUNCED_SOFT = "bounced_soft"  # it could not be reached in all the time that there was (4.x.x)
    COMPLAINED = "complained"
    FAILED = "failed"  # our own doing, or nobody knows


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says; `detail` says what to do about a no."""

    rule: str
    ok: bool
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What every rule says."""

    verdicts: tuple[Verdict, ...] = ()

    @property
    def ok(self) -> bool:
        return all(verdict.ok for verdict in self.verdicts)


class SendingRules(Service):
    """There is no rule: everything may go."""

    def judge(self, conn: sqlite3.Connection, inbox: InboxRow, recipients: Sequence[str], now_ms: int) -> Judgement:
        """Return what every rule would say now; nothing is spent."""
        return Judgement()

    def admit(self, tx: Tx, inbox: InboxRow, message_id: str, recipients: Sequence[str]) -> None:
        """Spend what the mail costs, in the transaction that takes it. Raises `PosternError` when it may not go."""

    def outcome(self, tx: Tx, inbox: InboxRow, message_id: str, address: str, outcome: Outcome) -> None:
        """Take note of what became of a recipient."""

    def received(self, tx: Tx, inbox: InboxRow, message: MessageRow) -> None:
        """Take note of a mail that came in."""

    def unsubscribe_headers(
        self, tx: Tx, inbox: InboxRow, message_id: str, recipient: str
    ) -> tuple[tuple[str, str], ...]:
        """Return the headers by which a subscriber ends the subscription (RFC 8058), for `subscribed: true`."""
        return ()
