"""What becomes of a mail's recipients: written, shown, told to whoever follows, and told to the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from daemon.backends.protocols import Fate, Told
from daemon.mail.dsn import Report
from daemon.service.sending.rules import Outcome, SendingRules
from daemon.service.telling.happenings import happened
from daemon.service.tools import Service, Tools
from daemon.store import inboxes, outbox
from daemon.store.database import Tx
from daemon.store.outbox import OutboxRow, RecipientRow

WAITING = "queued"
WORST_FIRST = ("queued", "complained", "bounced", "failed", "sent", "delivered")
DETAIL_MAX_CHARS = 500
GAVE_UP = "given up after 5 days"
UNKNOWN = "unknown outcome: the connection was lost in the middle, and nobody can tell whether the mail went out"
_REPORTED = ("failed", "delivered")  # the actions of a notification, RFC 3464 section 2.3.3
_After = tuple[str, str | None, Outcome | None]  # state, detail, and what the rules are told
_ENDS: dict[Fate, tuple[str, Outcome | None]] = {
    Fate.DELIVERED: ("delivered", Outcome.DELIVERED),
    Fate.SENT: ("sent", None),
    Fate.REFUSED: ("bounced", Outcome.BOUNCED_HARD),
    Fate.REJECTED: ("bounced", Outcome.FAILED),
    Fate.UNKNOWN: ("failed", Outcome.FAILED),
}


def status_of(states: Iterable[str]) -> str:
    """Return a message's status: it is queued while anybody's copy is, then what is worst of what became of them."""
    there = set(states)
    return next(state for state in WORST_FIRST if state in there)


class Outcomes(Service):
    """Writes them, each in the transaction of whoever knows."""

    def __init__(self, tools: Tools, rules: SendingRules) -> None:
        super().__init__(tools)
        self._rules = rules

    def handed_over(self, tx: Tx, row: OutboxRow, told: Mapping[str, Told], next_ms: int | None) -> None:
        """Write what a backend said. Who was put off is tried again at `next_ms`; None: there was time enough."""
        retry = False

        def after(one: RecipientRow) -> _After:
            nonlocal retry
            said = told.get(one.address, Told(Fate.DEFERRED))
            if said.fate is Fate.DEFERRED and next_ms is None:
                return "failed", f"{GAVE_UP}: {said.detail}", Outcome.BOUNCED_SOFT
            retry = retry or said.fate is Fate.DEFERRED
            state, outcome = _ENDS.get(said.fate, (WAITING, None))
            return state, UNKNOWN if said.fate is Fate.UNKNOWN else said.detail, outcome

        self._write(tx, row, after, lambda: next_ms if retry else None)

    def put_off(self, tx: Tx, row: OutboxRow, detail: str, next_ms: int | None) -> None:
        """Write that a mail was not taken, to be tried again at `next_ms`; None: there was time enough."""
        if next_ms is None:
            self._write(tx, row, lambda one: ("failed", f"{GAVE_UP}: {detail}", Outcome.BOUNCED_SOFT), lambda: None)
        else:
            self._write(tx, row, lambda one: (WAITING, detail, None), lambda: next_ms)

    def lost(self, tx: Tx, row: OutboxRow) -> None:
        """Write that nobody knows what became of a mail: for an operator to see, never to be tried again."""
        self._write(tx, row, lambda one: ("failed", UNKNOWN, Outcome.FAILED), lambda: None)

    def reported(self, tx: Tx, message_id: str, reports: Sequence[Report]) -> None:
        """Write what another mail system reports of recipients whose copies it had taken."""
        row = outbox.get(tx.conn, message_id)
        if row is None:
            return
        told = {report.recipient: report for report in reports if report.action in _REPORTED}

        def after(one: RecipientRow) -> _After:
            report = told.get(one.address.lower())
            if report is None:
                return one.state, one.detail, None
            if report.action == "delivered":
                return "delivered", report.detail, Outcome.DELIVERED
            return "bounced", report.detail, Outcome.BOUNCED_HARD if report.permanent else Outcome.BOUNCED_SOFT

        self._write(tx, row, after, lambda: row.next_ms, of="sent")

    def _write(
        self,
        tx: Tx,
        row: OutboxRow,
        after: Callable[[RecipientRow], _After],
        next_ms: Callable[[], int | None],
        of: str = WAITING,
    ) -> None:
        """Write what `after` says of every recipient in the state `of`, then what that makes of the message."""
        inbox = inboxes.find(tx.conn, row.inbox_id)
        if inbox is None:
            return
        before = outbox.recipients(tx.conn, row.message_id)
        now: list[RecipientRow] = []
        for one in before:
            state, detail, outcome = after(one) if one.state == of else (one.state, one.detail, None)
            detail = detail[:DETAIL_MAX_CHARS] if detail else None
            if (state, detail) == (one.state, one.detail):
                now.append(one)
                continue
            now.append(replace(one, state=state, detail=detail, updated_ms=tx.now_ms))
            outbox.update_recipient(tx, now[-1])
            if outcome is not None:
                self._rules.outcome(tx, inbox, row.message_id, one.address, outcome)
        in_hand = of != WAITING and row.state == "handing"  # whoever has it in hand will write the rest
        if not in_hand:
            status = status_of(one.state for one in now)
            error = next((one.detail for one in now if one.state not in ("sent", "delivered") and one.detail), None)
            outbox.update(tx, replace(row, state=status, next_ms=next_ms(), handing_ms=None, error=error))
        for kind in _events(before, now):
            happened(tx, self._bus, kind, inbox, row.message_id)


def _events(before: list[RecipientRow], now: list[RecipientRow]) -> list[str]:
    """Return what to tell: that it went out, that all have it, that somebody will not get it."""
    told = []
    gone = {"sent", "delivered"}
    if gone & {one.state for one in now} and not gone & {one.state for one in before}:
        told.append("message.sent")
    if all(one.state == "delivered" for one in now) and not all(one.state == "delivered" for one in before):
        told.append("message.delivered")
    lost = {"bounced", "failed"}
    if sum(one.state in lost for one in now) > sum(one.state in lost for one in before):
        told.append("message.bounced")
    return told
