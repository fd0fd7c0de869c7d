"""A walk-through as it is told on a terminal: numbered steps, the command for each, what came of it."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager

from postern_ctl import output
from postern_ctl.answers import Document

WIDTH_CELLS = 80
INDENT = "   "
FOLD = " \\\n" + INDENT + "    "


class Story:
    """Tells its steps as they happen, and keeps them for the document of --json."""

    def __init__(self) -> None:
        self.steps: list[Document] = []
        self._aloud = not (output.is_json() or output.is_quiet())

    def open(self, title: str, text: str) -> None:
        """Tell what this is."""
        self._say(output.style(title, "bold"), text)

    def close(self, text: str, command: str) -> None:
        """Tell what to do next."""
        self._say("", f"{text} " + output.style(f"posternctl {command}", "cyan"))

    @contextmanager
    def step(self, title: str, command: str, *, timed: bool = True) -> Iterator[list[str]]:
        """Run one step; the facts that the block adds are told when it has ended, the first with the time it took."""
        number = len(self.steps) + 1
        folded = FOLD.join(textwrap.wrap(f"posternctl {command}", WIDTH_CELLS - 12, break_on_hyphens=False))
        self._say("", output.style(f"{number}  {title}", "bold"), INDENT + output.style(f"$ {folded}", "cyan"))
        facts: list[str] = []
        began = time.perf_counter()
        yield facts
        took_ms = (time.perf_counter() - began) * 1000
        self.steps.append({"title": title, "command": f"posternctl {command}", "ms": round(took_ms, 3)})
        if timed and facts:
            took = f"{took_ms:.0f} ms"
            gap = WIDTH_CELLS - len(INDENT) - output.width(facts[0]) - len(took)
            facts[0] += " " * gap + output.style(took, "dim") if gap > 0 else ""
        self._say(*(INDENT + fact for fact in facts))

    def _say(self, *told: str) -> None:
        if self._aloud:
            output.lines(told)
            output.flush()
