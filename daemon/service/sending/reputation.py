"""The arithmetic of the sending rules: the ramp, karma and the complaint brake. Pure: numbers in, numbers out.

A day is a UTC day, numbered from the Unix epoch: a counter of its own, which ends at a moment that everybody can work
out. A send is a recipient: a message to three addresses is three sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from daemon.clock import DAY_MS
from daemon.store.sends import DayRow

KARMA_LEAST, KARMA_MOST = -400.0, 200.0
KARMA_DOUBLES_EVERY = 200.0  # so many points double the cap, or halve it: between a quarter and twice
KARMA_HALF_LIFE_DAYS = 3
KARMA_WINDOW_DAYS = 28
SEND_COSTS, REPLY_EARNS, BOUNCE_COSTS, COMPLAINT_COSTS = 1, 10, 20, 200

BRAKE_WINDOW_DAYS = 7
BRAKE_SENDS_LEAST = 1_000  # a rate over fewer sends would stop a newcomer for one complaint
THROTTLED_ABOVE_PER_1000, STOPPED_ABOVE_PER_1000 = 1, 3
THROTTLED_FACTOR = 0.5


class Brake(StrEnum):
    """What complaints did to a tenant's sending."""

    OPEN = "open"
    THROTTLED = "throttled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Ramp:
    """The cap of a mailbox's first day, of its later days, and after how many days those begin."""

    first: int
    full: int
    days: int

    def on(self, age_days: int) -> int:
        """Return the sends a day of a mailbox as old as that: a straight line, whole sends."""
        age = max(age_days, 0)  # clocks are set back
        if age >= self.days:
            return self.full
        return self.first + (self.full - self.first) * age // self.days


def day_of(instant_ms: int) -> int:
    """Return the number of the UTC day of an instant."""
    return instant_ms // DAY_MS


def karma(days: Sequence[DayRow], today: int) -> float:
    """Return an agent's karma from its days, oldest first: 0 is neutral.

    Sends cost a little from the next day on, for the cap counts them today; replies, bounces and complaints count at
    once. Whatever it is, it halves every `KARMA_HALF_LIFE_DAYS`, so that nobody stays down, or up, for ever.
    """
    points, at = 0.0, today - KARMA_WINDOW_DAYS
    for one in days:
        if at <= one.day <= today:
            points = _bounded(_faded(points, one.day - at) + _points(one, today))
            at = one.day
    return _bounded(_faded(points, today - at))


def factor(points: float) -> float:
    """Return by what karma multiplies the cap: from 0.25 to 2."""
    return float(2 ** (_bounded(points) / KARMA_DOUBLES_EVERY))


def brake(sent: int, complained: int) -> Brake:
    """Return what a tenant's complaints do to its sending: above 0.1 % it is throttled, above 0.3 % stopped."""
    measured = complained * 1_000
    over = max(sent, BRAKE_SENDS_LEAST)
    if measured > over * STOPPED_ABOVE_PER_1000:
        return Brake.STOPPED
    return Brake.THROTTLED if measured > over * THROTTLED_ABOVE_PER_1000 else Brake.OPEN


def complaint_rate(sent: int, complained: int) -> float:
    """Return the share of sends that were complained about, taken over `BRAKE_SENDS_LEAST` at least."""
    return complained / max(sent, BRAKE_SENDS_LEAST)


def cap(ramped: int, points: float, state: Brake) -> int:
    """Return the sends of today. Karma and the brake make few of many, but only a ramp of none makes none."""
    if ramped == 0 or state is Brake.STOPPED:
        return 0
    throttle = THROTTLED_FACTOR if state is Brake.THROTTLED else 1.0
    return max(1, int(ramped * factor(points) * throttle))


def _points(one: DayRow, today: int) -> int:
    spent = one.sent * SEND_COSTS if one.day < today else 0
    return one.replied * REPLY_EARNS - one.bounced * BOUNCE_COSTS - one.complained * COMPLAINT_COSTS - spent


def _faded(points: float, days: int) -> float:
    return float(points * 0.5 ** (days / KARMA_HALF_LIFE_DAYS))


def _bounded(points: float) -> float:
    return min(max(points, KARMA_LEAST), KARMA_MOST)
