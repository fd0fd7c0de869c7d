"""What a mailbox, an agent and a tenant may still send today, read from what was counted."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.api.agents import Sending, SendsLeft
from daemon.api.tenants import TenantLimits, TenantSending
from daemon.clock import DAY_MS, iso, iso_or_none
from daemon.service.sending.reputation import (
    BRAKE_WINDOW_DAYS,
    KARMA_WINDOW_DAYS,
    Brake,
    Ramp,
    brake,
    cap,
    complaint_rate,
    day_of,
    factor,
    karma,
)
from daemon.settings import Settings
from daemon.store import inboxes, sends, tenants
from daemon.store.inboxes import InboxRow
from daemon.store.rows import unpack

MAILBOXES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """A tenant's sends and complaints of the last days, and what they lead to. `stopped_ms`: since when it is so."""

    sent: int
    complained: int
    stopped_ms: int | None

    @property
    def brake(self) -> Brake:
        """Only a complaint stops a tenant. A rate that rises because sends grow old is no news: it throttles."""
        if self.stopped_ms is not None:
            return Brake.STOPPED
        return Brake.OPEN if brake(self.sent, self.complained) is Brake.OPEN else Brake.THROTTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Of how many sends a mailbox has used how many, and when it starts anew."""

    cap: int
    used: int
    resets_ms: int

    @property
    def left(self) -> int:
        return max(0, self.cap - self.used)


def complaints(conn: sqlite3.Connection, tenant_id: str, now_ms: int) -> Complaints:
    """Return how a tenant stands with those it wrote to."""
    stopped = sends.brake(conn, tenant_id)
    if stopped is not None:
        return Complaints(sent=stopped.sent, complained=stopped.complained, stopped_ms=stopped.stopped_ms)
    days = sends.days(conn, tenant_id, day_of(now_ms) - BRAKE_WINDOW_DAYS + 1)
    return Complaints(
        sent=sum(one.sent for one in days), complained=sum(one.complained for one in days), stopped_ms=None
    )


def karma_of(conn: sqlite3.Connection, agent_id: str, now_ms: int) -> float:
    """Return an agent's karma."""
    today = day_of(now_ms)
    return karma(sends.days(conn, agent_id, today - KARMA_WINDOW_DAYS), today)


def allowance(
    conn: sqlite3.Connection, settings: Settings, inbox: InboxRow, points: float, state: Brake, now_ms: int
) -> Allowance:
    """Return what a mailbox may send today, by its agent's karma and its tenant's brake."""
    today = day_of(now_ms)
    ramped = _ramp(conn, settings, inbox.tenant_id).on(today - day_of(inbox.created_ms))
    return Allowance(
        cap=cap(ramped, points, state), used=sends.sent_on(conn, inbox.id, today), resets_ms=(today + 1) * DAY_MS
    )


def shown_sending(conn: sqlite3.Connection, settings: Settings, tenant_id: str, agent_id: str, now_ms: int) -> Sending:
    """Show an agent what it may send."""
    points, state = karma_of(conn, agent_id, now_ms), complaints(conn, tenant_id, now_ms).brake
    left = []
    for inbox in inboxes.listing(conn, tenant_id, agent_id, None, MAILBOXES_SHOWN):
        has = allowance(conn, settings, inbox, points, state, now_ms)
        left.append(SendsLeft(inbox_id=inbox.id, address=inbox.address, cap=has.cap, used=has.used, left=has.left))
    return Sending(
        karma=round(points, 1),
        karma_factor=round(factor(points), 2),
        brake=state.value,
        resets_at=iso((day_of(now_ms) + 1) * DAY_MS),
        mailboxes=left,
    )


def shown_complaints(conn: sqlite3.Connection, tenant_id: str, now_ms: int) -> TenantSending:
    """Show how a tenant stands with those it wrote to."""
    found = complaints(conn, tenant_id, now_ms)
    return TenantSending(
        brake=found.brake.value,
        complaint_rate=round(complaint_rate(found.sent, found.complained), 5),
        sends=found.sent,
        complaints=found.complained,
        window_days=BRAKE_WINDOW_DAYS,
        stopped_at=iso_or_none(found.stopped_ms),
    )


def _ramp(conn: sqlite3.Connection, settings: Settings, tenant_id: str) -> Ramp:
    tenant = tenants.get(conn, tenant_id)
    own = TenantLimits.model_validate(unpack(tenant.limits)) if tenant else TenantLimits()
    return Ramp(
        first=settings.send_cap_first if own.send_cap_first is None else own.send_cap_first,
        full=settings.send_cap_full if own.send_cap_full is None else own.send_cap_full,
        days=settings.send_cap_ramp_days if own.send_cap_ramp_days is None else own.send_cap_ramp_days,
    )
