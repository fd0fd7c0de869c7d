"""What each screen looks like, at both sizes, to the letter. `POSTERN_UPDATE_SNAPSHOTS=1` takes them anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tui.seat import LARGE, SMALL, Seat, seated
from tests.tui.stage import Stage, staged

SNAPSHOTS = Path(__file__).parent / "snapshots"
DRAWN_WITHIN_SECONDS, SETTLED_AFTER_SECONDS = 5.0, 0.5
PASSING = re.compile(
    r"127\.0\.0\.1:\d+ *|up \d+ \w+(?: \d+ \w+)? *|store +[\d.]+ \w+, line \d+ *|\S*/postern\.sock *|-mock-\w+|▁[▁-█]*"
)
# Each screen by name: the keys that lead there, and what it says once it is drawn.
SCREENS: dict[str, tuple[tuple[str, ...], str]] = {
    "home": ((), "● ready"),
    "tenants": (("2",), "umbrella"),
    "tenant-new": (("2", "n"), "New tenant"),
    "tenant-suspend": (("2", "j", "s"), "to go on"),
    "tenant-limits": (("2", "l"), "Limits of"),
    "keys": (("3",), "sign-up bots"),
    "key-mint": (("3", "m"), "Mint an enrollment key"),
    "agents": (("4",), "default"),
    "agent-keys": (("4", "e"), "pk_agent_"),
    "mailboxes": (("5",), "billing@"),
    "messages": (("5", "j", "enter"), "hello@linear.app"),
    "message": (("5", "j", "enter", "G", "enter"), "Extracted"),
    "message-headers": (("5", "j", "enter", "G", "enter", "h"), "Message-ID"),
    "zones": (("colon", *"zones", "enter"), "SERIAL"),
    "zone": (("colon", *"zones", "enter", "enter"), "SOA"),
    "zone-set": (("colon", *"zones", "enter", "enter", "n"), "Set records of"),
    "waits": (("w",), "Nobody waits"),
    "webhooks": (("6",), "There is no webhook"),
    "audit": (("7",), "key:revoke"),
    "audit-line": (("7", "i"), "prev"),
    "audit-verify": (("7", "v"), "first bad seq"),
    "help": (("2", "question_mark"), "Everywhere"),
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as furnished:
        yield furnished


async def reach(seat: Seat, keys: tuple[str, ...], said: str) -> None:
    """Press keys, each on a screen that is loaded."""
    await seat.until(lambda: seat.app.live.connected and seat.app.stats is not None and bool(seat.app.lines))
    for key in keys:
        await seat.press(key)
        await seat.until(lambda: not any(worker.is_running for worker in seat.app.workers))
        await seat.until(lambda: "loading" not in seat.text.lower())
    await seat.sees(said)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("name", SCREENS)
async def test_it_looks_the_same(name: str, size: tuple[int, int], stage: Stage) -> None:
    keys, said = SCREENS[name]
    async with seated(stage.operator, size) as seat:
        await reach(seat, keys, said)
        path = SNAPSHOTS / f"{name}-{size[0]}x{size[1]}.txt"
        if os.environ.get("POSTERN_UPDATE_SNAPSHOTS"):
            await seat.pilot.pause(SETTLED_AFTER_SECONDS)
            path.write_text(looks(seat), encoding="utf-8")
        expected = path.read_text(encoding="utf-8")
        with suppress(TimeoutError):  # the last of it, a scrollbar say, may be drawn a frame later
            await seat.until(lambda: looks(seat) == expected, DRAWN_WITHIN_SECONDS)
        assert looks(seat) == expected


def looks(seat: Seat) -> str:
    """Return what the screen shows, but for what is another each time."""
    shown = PASSING.sub(lambda found: "░" * len(found[0]), seat.text)
    lines = [line.rstrip() for line in shown.splitlines()]
    lines[0] = ""  # the views in the bar, which are as many as the client knows
    return "\n".join(lines) + "\n"


def test_no_snapshot_is_left_over() -> None:
    assert {path.stem.rpartition("-")[0] for path in SNAPSHOTS.iterdir()} == set(SCREENS)
