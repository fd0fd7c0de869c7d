"""Draws the pictures in docs/pictures: `python -m tests.tui.pictures`."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.tui.seat import Seat, seated
from tests.tui.stage import MAILS, Stage, staged
from tests.tui.test_snapshots import reach

PLACE = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = (104, 28)
FONT = 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace'


async def drawn(seat: Seat, name: str) -> None:
    """Write what the screen shows as a picture that fetches nothing."""
    await seat.pilot.pause(0.5)
    picture = seat.app.export_screenshot(title=f"posternctl console: {name}", simplify=True)
    picture = re.sub(r"<!--.*?-->\s*", "", picture)
    picture = re.sub(r"@font-face *{[^}]*}\s*", "", picture)
    picture = re.sub(r"font-family: *[^;]*Fira Code[^;]*;", f"font-family: {FONT};", picture)
    picture = re.sub(r"/\S*/postern\.sock", "/var/lib/postern/postern.sock", picture)
    (PLACE / f"{name}.svg").write_text(picture.replace("terminal-", "t-"), encoding="utf-8")


async def draw(stage: Stage) -> None:
    """Draw each of them."""
    stage.operator.target = "/var/lib/postern/postern.sock"
    async with seated(stage.operator, SIZE) as seat:
        await reach(seat, (), "● ready")
        for round_ in range(3):
            for sender, subject in MAILS:
                await asyncio.to_thread(stage.mail, sender, subject if not round_ else f"{subject} ({round_ + 1})")
        await seat.until(lambda: len(seat.app.mail) >= 12)
        await drawn(seat, "home")
    for name, keys, said in (
        ("message", ("5", "j", "enter", "G", "enter"), "Extracted"),
        ("keys", ("3",), "sign-up bots"),
        ("audit", ("7",), "key:revoke"),
    ):
        async with seated(stage.operator, SIZE) as seat:
            await reach(seat, keys, said)
            await drawn(seat, name)


if __name__ == "__main__":
    PLACE.mkdir(parents=True, exist_ok=True)
    with staged() as furnished:
        asyncio.run(draw(furnished))
