"""Somebody before the console: presses keys, and reads what the screen says."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.console import Console as Paper
from textual.pilot import Pilot

from postern_ctl.client import Postern
from postern_ctl.tui.app import Console

SMALL, LARGE = (80, 24), (140, 40)
PATIENCE_SECONDS = 20


class Seat:
    """A console that is open."""

    def __init__(self, app: Console, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """What the screen shows, line by line."""
        width, height = self.app.size
        paper = Paper(
            width=width, height=height, file=io.StringIO(), force_terminal=True, record=True, legacy_windows=False
        )
        paper.print(self.app.screen._compositor.render_update(full=True))
        return paper.export_text(styles=False)

    @property
    def copied(self) -> str:
        return self.app.clipboard

    async def press(self, *keys: str) -> None:
        """Press keys, and let the console do what they mean."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, words: str) -> None:
        """Type into the field that has the focus."""
        await self.press(*("space" if mark == " " else mark for mark in words))

    async def until(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Let the console work until it is true. Raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"it never came true; the screen says:\n{self.text}")
            await self.pilot.pause(0.05)

    async def sees(self, *words: str) -> None:
        """Wait until all of it is on the screen."""
        await self.until(lambda: all(word in self.text for word in words))

    async def sees_no(self, word: str) -> None:
        await self.until(lambda: word not in self.text)

    async def go(self, command: str) -> None:
        """Give a command after a colon."""
        await self.press("colon")
        await self.type(command)
        await self.press("enter")


@asynccontextmanager
async def seated(
    client: Postern, size: tuple[int, int] = SMALL, *, readonly: bool = False, colour: bool = True
) -> AsyncIterator[Seat]:
    """Open a console of a size."""
    app = Console(client, readonly=readonly, colour=colour)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Seat(app, pilot)
