"""The rotation of DKIM keys as a machine: publish, wait, sign, keep, retire. Pure; the store has its state.

A turn of keys is published before it signs, for as long as an answer that does not have it may live in a cache. The
turn before it signs no more, but stays published for the mail that is still on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from daemon.clock import DAY_MS, SECOND_MS
from zones.mailzone import MINIMUM_SECONDS, TTL_SECONDS

PUBLISHED_FOR_MS = 2 * max(TTL_SECONDS, MINIMUM_SECONDS) * SECOND_MS  # "there is none" may be remembered, too
KEPT_FOR_MS = 7 * DAY_MS  # longer than mail is tried (RFC 5321, 4.5.4.1)


class State(StrEnum):
    """Where a turn of keys stands."""

    PUBLISHED = "published"
    SIGNING = "signing"
    KEPT = "kept"


class Step(StrEnum):
    """What is done next."""

    PUBLISH = "publish"
    SWITCH = "switch"
    RETIRE = "retire"


class Turn(NamedTuple):
    """Keys that go together, and since when they stand where they do."""

    name: str
    state: State
    since_ms: int


class Due(NamedTuple):
    """A step, of which turn, and when."""

    at_ms: int
    step: Step
    turn: str


def next_step(turns: Sequence[Turn], every_ms: int | None) -> Due | None:
    """Return what is due first; `every_ms`: how old signing keys may become, None: as old as they are left."""
    found = []
    rotating = any(turn.state is State.PUBLISHED for turn in turns)
    for turn in turns:
        if turn.state is State.PUBLISHED:
            found.append(Due(turn.since_ms + PUBLISHED_FOR_MS, Step.SWITCH, turn.name))
        elif turn.state is State.KEPT:
            found.append(Due(turn.since_ms + KEPT_FOR_MS, Step.RETIRE, turn.name))
        elif every_ms is not None and not rotating:
            found.append(Due(turn.since_ms + every_ms, Step.PUBLISH, turn.name))
    return min(found, default=None)


def taken(turns: Sequence[Turn], due: Due, new: str, now_ms: int) -> tuple[Turn, ...]:
    """Return the turns after a step; `new` names the turn that is published, if that is the step."""
    match due.step:
        case Step.PUBLISH:
            return (*turns, Turn(new, State.PUBLISHED, now_ms))
        case Step.RETIRE:
            return tuple(turn for turn in turns if turn.name != due.turn)
    signs = {turn.name: State.SIGNING if turn.name == due.turn else State.KEPT for turn in turns}
    return tuple(turn if turn.state is State.KEPT else Turn(turn.name, signs[turn.name], now_ms) for turn in turns)
