"""Has signed checkpoints kept elsewhere, in a file or at a URL: only there do they prove that a log was rewritten."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from functools import partial
from pathlib import Path

from daemon.api.audit import AuditCheckpoint
from daemon.backends.protocols import PostSender
from daemon.service.auditing import CHECKPOINTS, shown_checkpoint
from daemon.service.tools import Tools
from daemon.service.worker import LOOK_EVERY_SECONDS, Worker
from daemon.store import audit

SHIPPED_AT_ONCE = 100
HEADERS = {"Content-Type": "application/json", "X-Postern-Event": "audit.checkpoint"}
TAIL_BYTES = 64 * 1024


class Shipping(Worker):
    """Ships what was signed since the last that arrived; what does not arrive is tried again, in its order.

    A file tells by its last line how far it has come. A URL is sent the newest again after a start.
    """

    log = logging.getLogger("postern.audit")

    def __init__(self, tools: Tools, sender: PostSender) -> None:
        super().__init__(tools)
        self._sender = sender
        self._posted: int | None = None
        self.behind = 0  # how many have not arrived everywhere

    async def run(self) -> None:
        """Work until the daemon stops."""
        if self._settings.checkpoint_file is not None or self._settings.checkpoint_url:
            await self.look_on((CHECKPOINTS,), self.ship)

    async def ship(self) -> float:
        """Ship what there is; return in how many seconds there may be more, if nobody says so earlier."""
        self.behind = 0
        if self._settings.checkpoint_file is not None:
            await self._to_file(self._settings.checkpoint_file)
        if self._settings.checkpoint_url:
            await self._to_url(self._settings.checkpoint_url)
        return LOOK_EVERY_SECONDS

    async def _to_file(self, path: Path) -> None:
        done = await asyncio.to_thread(_last_size, path)
        while rows := await self._newer(done):
            try:
                await asyncio.to_thread(_append, path, [one.model_dump_json() for one in rows])
            except OSError as problem:
                self.behind += len(rows)
                self.log.warning("a checkpoint could not be written", extra={"file": str(path), "reason": str(problem)})
                return
            done = rows[-1].size

    async def _to_url(self, url: str) -> None:
        if self._posted is None:
            newest = await self._database.read(audit.last_checkpoint)
            self._posted = 0 if newest is None else newest.size - 1
        for one in await self._newer(self._posted):
            outcome = await self._sender.post(url, HEADERS, one.model_dump_json().encode())
            if not outcome.ok:
                self.behind += 1
                reason = outcome.error or f"it answered {outcome.status}"
                self.log.warning("a checkpoint could not be posted", extra={"url": url, "reason": reason})
                return
            self._posted = one.size

    async def _newer(self, size: int) -> list[AuditCheckpoint]:
        rows = await self._database.read(partial(audit.checkpoints_after, size=size, limit=SHIPPED_AT_ONCE))
        return [shown_checkpoint(row) for row in rows]


def _last_size(path: Path) -> int:
    """Return the size of the log that the last whole line of a file is of; 0 when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = [line for line in file.read().split(b"\n") if line]
    except FileNotFoundError:
        return 0
    for line in reversed(lines):
        try:
            return int(json.loads(line)["size"])
        except (ValueError, KeyError, TypeError):
            continue  # cut short by a crash: it is written again
    return 0


def _append(path: Path, lines: list[str]) -> None:
    number = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(number, "rb+", buffering=0) as file:
        size = os.fstat(number).st_size
        torn = size > 0 and os.pread(number, 1, size - 1) != b"\n"
        file.write(("\n" * torn + "".join(f"{line}\n" for line in lines)).encode())
        os.fsync(number)
