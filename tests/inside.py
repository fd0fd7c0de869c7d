"""A daemon inside the test's own process: real listeners, but a clock that the test moves and services it can reach."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from daemon.app import running
from daemon.clock import ManualClock
from daemon.service.services import Services
from daemon.settings import load
from tests.support import RunningDaemon

T = TypeVar("T")

CALL_MAX_SECONDS = 30


class DaemonInside(RunningDaemon):
    """Its event loop runs in a thread; `clock` stands still until it is moved."""

    def __init__(self, data_dir: Path, settings: dict[str, str] | None = None) -> None:
        super().__init__(data_dir, settings or {})
        self.clock = ManualClock()
        self.services: Services
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._ready = threading.Event()
        self._problem: BaseException | None = None

    def start(self) -> DaemonInside:
        self._thread.start()
        assert self._ready.wait(CALL_MAX_SECONDS)
        if self._problem is not None:
            raise self._problem
        return self

    def stop(self) -> int:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(CALL_MAX_SECONDS)
        assert not self._thread.is_alive()
        if self._problem is not None:
            raise self._problem
        return 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the daemon's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_MAX_SECONDS)

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        umask = os.umask(0o077)
        try:
            async with running(load(env=self.env).settings, self.clock) as services:
                self.services = services
                self.ready = asdict(services.stats.listeners)
                self._ready.set()
                await self._stopping.wait()
        except BaseException as problem:  # noqa: BLE001  raised again by start() or stop()
            self._problem = problem
        finally:
            self._ready.set()
            os.umask(umask)
