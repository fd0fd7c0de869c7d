"""Starts the daemon with a named point at which it loses its power: `launcher.py POINT PASSING … daemon arguments`.

A point is reached by wrapping the daemon's own functions here, so that the product has no hooks. Points of the running
daemon count from SIGUSR1 on, points of its start from the first instruction.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from daemon import __main__ as program
from daemon import app, keys
from daemon.clock import DAY_MS, SystemClock
from daemon.events import Bus
from daemon.mail.bounded import parse_bounded
from daemon.service.domains.publishing import Publisher
from daemon.service.domains.rotating import Rotation
from daemon.service.mailboxes import inbox_removal, messages
from daemon.service.sending.outbox import Outbox
from daemon.service.sending.outcomes import Outcomes
from daemon.service.telling.dispatcher import Dispatcher
from daemon.store import database, keyring, outbox, webhooks
from daemon.store import messages as stored_messages

WHILE_STARTING = (
    "migration",
    "before the master key",
    "master key half made",
    "after the master key",
    "before the key's check value",
    "after the key's check value",
)
SWEEPING = "batch of a sweep"
REMOVING = "step of a removal"
WHILE_RUNNING = (
    "before BEGIN",
    "after the change",
    "before COMMIT",
    "after COMMIT",
    "before the answers",
    "while parsing",
)
AROUND_A_DELIVERY = ("before an event is handed out", "before a delivery is sent", "before a delivery is recorded")
AROUND_A_SENDING = (
    "before a mail is queued",
    "before it is taken in hand",
    "before the hand-over",
    "before the hand-over is committed",
    "after the hand-over",
    "before its outcome is committed",
)
AROUND_A_ROTATION = ("before a step of rotation", "before it is committed", "before its zone is pushed")
FULL_NAME = "disk-is-full"  # beside the data directory: no page more while it exists


class Point:
    """Where to die, and at which passing."""

    def __init__(self, name: str, passing: int) -> None:
        self.name = name
        self._left = passing
        self._armed = name in (*WHILE_STARTING, SWEEPING, REMOVING, *AROUND_A_ROTATION)
        signal.signal(signal.SIGUSR1, self._arm)

    def _arm(self, number: int, frame: FrameType | None) -> None:
        self._armed = True

    def passed(self, name: str) -> None:
        """Die here if it is time."""
        if self._armed and name == self.name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()

    def around(self, function: Callable[..., Any], before: str = "", after: str = "") -> Callable[..., Any]:
        """Wrap a function between two points."""

        def wrapped(*values: Any, **named: Any) -> Any:
            self.passed(before)
            result = function(*values, **named)
            self.passed(after)
            return result

        return wrapped


def fragile_connection(point: Point, full: Path) -> type[sqlite3.Connection]:
    """Return a connection that passes the points of a transaction, and whose disk may be full."""

    class Fragile(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            verb = sql.split()[0].upper()
            if verb in ("BEGIN", "COMMIT", "CREATE"):
                point.passed("migration" if verb == "CREATE" else f"before {verb}")
            if sql == "BEGIN IMMEDIATE":
                self._bound()
            result = super().execute(sql, parameters)
            point.passed(f"after {verb}")
            return result

        def _bound(self) -> None:
            pages = super().execute("PRAGMA page_count").fetchone()[0] if full.exists() else (1 << 31)
            super().execute(f"PRAGMA max_page_count={pages}")

    return Fragile


def prepare(point: Point, full: Path) -> None:
    """Put every point in its place."""
    factory = fragile_connection(point, full)

    def connect(path: Path) -> sqlite3.Connection:
        return database._prepared(sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=factory))

    put: Callable[[Any, str, Any], None] = setattr  # the names below are the daemon's own, replaced on purpose
    put(database, "_connect", connect)
    put(database.Database, "_run", point.around(database.Database._run, after="after the change"))
    put(database, "_settle", point.around(database._settle, before="before the answers"))
    put(messages, "parse_bounded", point.around(parse_bounded, before="while parsing"))
    put(keys, "_create", point.around(keys._create, before="before the master key", after="after the master key"))
    put(Path, "rename", point.around(Path.rename, before="master key half made"))
    put(keyring, "add", point.around(keyring.add, before="before the key's check value"))
    put(stored_messages, "older_than", point.around(stored_messages.older_than, after=SWEEPING))
    put(inbox_removal, "_remove_some", point.around(inbox_removal._remove_some, after=REMOVING))
    put(webhooks, "add_delivery_of_event", point.around(webhooks.add_delivery_of_event, AROUND_A_DELIVERY[0]))
    put(Dispatcher, "_attempt", point.around(Dispatcher._attempt, AROUND_A_DELIVERY[1]))
    put(Dispatcher, "record", point.around(Dispatcher.record, AROUND_A_DELIVERY[2]))
    put(outbox, "add", point.around(outbox.add, AROUND_A_SENDING[0]))
    put(Outbox, "_work", point.around(Outbox._work, AROUND_A_SENDING[1]))
    put(Outbox, "_attempt", point.around(Outbox._attempt, AROUND_A_SENDING[2]))
    put(outbox, "note_local_delivery", point.around(outbox.note_local_delivery, after=AROUND_A_SENDING[3]))
    put(Outbox, "record", point.around(Outbox.record, AROUND_A_SENDING[4]))
    put(Outcomes, "_write", point.around(Outcomes._write, after=AROUND_A_SENDING[5]))
    put(Rotation, "_advance", point.around(Rotation._advance, AROUND_A_ROTATION[0]))
    put(Rotation, "_take", point.around(Rotation._take, after=AROUND_A_ROTATION[1]))
    put(Publisher, "_push", point.around(Publisher._push, AROUND_A_ROTATION[2]))
    put(app, "Bus", point.around(Bus, before="after the key's check value"))


def days_later(days: int) -> None:
    """Move the daemon's clock forward."""
    now_ms = SystemClock.now_ms
    put: Callable[[Any, str, Any], None] = setattr
    put(SystemClock, "now_ms", lambda clock: now_ms(clock) + days * DAY_MS)


def main(name: str, passing: str, days: str, *arguments: str) -> int:
    """Run the daemon."""
    prepare(Point(name, int(passing)), Path(os.environ["POSTERN_DATA_DIR"]).with_name(FULL_NAME))
    days_later(int(days))
    return program.main(list(arguments))


def launcher(point: str = "nowhere", passing: int = 1, days: int = 0) -> tuple[str, ...]:
    """Return what `RunningDaemon` starts instead of the daemon itself."""
    return ("-P", str(Path(__file__)), point, str(passing), str(days))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
