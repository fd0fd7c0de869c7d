"""One DNS process: found running or started, fed all zones, and replaced when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.backends.protocols import Feed
from daemon.dns.frames import PROTOCOL
from daemon.dns.link import Link, LinkLost

START_MAX_SECONDS = 30.0
STOP_MAX_SECONDS = 5.0
RETRY_SECONDS = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)  # between attempts that fail one after the other

log = logging.getLogger("postern.nameserver")


Source = Callable[[], AsyncIterator[Feed]]
"""All zones as they are now; asked for whenever a process has to be fed."""


@dataclass(slots=True)
class Process:
    """A DNS process, whichever it is at the moment. The first one of all (`leads`) also sends NOTIFY."""

    control: Path
    words: Sequence[str]
    """Its arguments but for the port."""
    port: int
    """Where it is to listen; 0: on a free one, which its successors then have to take."""
    source: Source
    leads: bool
    keys: Mapping[str, str]
    address: str = ""
    _link: Link | None = None
    _child: asyncio.subprocess.Process | None = None
    _fed: asyncio.Event = field(default_factory=asyncio.Event)
    _keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Find or start the process, feed it, and keep one running from now on. Raises `OSError`."""
        await self._attach()
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self, *, leave: bool) -> None:
        """Watch it no longer; end it, unless it is left behind for the next daemon."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self._link is None:
            return
        if not leave:
            with contextlib.suppress(LinkLost, TimeoutError):
                async with asyncio.timeout(STOP_MAX_SECONDS):
                    await self._link.ask("quit")
                    await self._link.lost()
            self.control.unlink(missing_ok=True)
        await self._link.close()
        if self._child is not None and not leave:
            await self._reap(self._child)

    async def obey(self, work: Callable[[Link], Any]) -> Any:
        """Do something with the process that is fed; with the next one, when it dies over it."""
        while True:
            await self._fed.wait()
            link = self._link
            if link is None:
                self._fed.clear()
                continue
            try:
                return await work(link)
            except LinkLost:
                if self._link is link and self._fed.is_set():
                    self._fed.clear()
                    await link.close()

    async def publish(self, feed: Feed) -> None:
        """Have a zone served; returns when it is."""

        async def send(link: Link) -> None:
            await self._send_rules(link, feed, always=True)
            await link.put([feed.packed])

        await self.obey(send)

    async def _keep(self) -> None:
        failures = 0
        while True:
            if self._link is not None:
                await self._link.lost()
                log.warning("a DNS process is gone; another takes its place", extra={"control": str(self.control)})
                self._fed.clear()
                if self._child is not None:
                    await self._reap(self._child)
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            try:
                await self._attach()
                failures = 0
            except (OSError, LinkLost) as problem:
                self._link = None
                failures += 1
                log.error("no DNS process could be started", extra={"why": str(problem)})

    async def _attach(self) -> None:
        """Adopt the process that runs, if it is what would be started; else start one, and end that one."""
        link = await self._running()
        former = None
        if link is not None:
            hello = await link.ask("hello")
            if self._is_wanted(hello):
                self._listens_at(hello["address"])
            else:
                former, link = link, None
        if link is None:
            link = await self._started()
        self._link = link
        await self._feed(link)
        self._fed.set()
        if former is not None:
            with contextlib.suppress(LinkLost):
                await former.ask("quit")
            await former.close()

    def _is_wanted(self, hello: Mapping[str, Any]) -> bool:
        """Tell whether a process that was found running is what would be started."""
        *words, _, _ = hello.get("arguments") or ("", "")
        port = int(str(hello.get("address")).rpartition(":")[2])
        return hello.get("protocol") == PROTOCOL and words == list(self.words) and self.port in (0, port)

    def _listens_at(self, address: str) -> None:
        self.address, self.port = address, int(address.rpartition(":")[2])

    async def _running(self) -> Link | None:
        try:
            return await Link.connect(self.control)
        except OSError:
            return None

    async def _started(self) -> Link:
        """Start a process, and return the connection to it. Raises `OSError`."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
        self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "daemon.dns", *self.words, "--port", str(self.port)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=env,
            start_new_session=True,  # what ends the daemon's terminal does not end this
        )
        assert self._child.stdout is not None  # noqa: S101  asked for above
        async with asyncio.timeout(START_MAX_SECONDS):
            line = await self._child.stdout.readline()
        told = json.loads(line or "{}")
        if not told.get("ready"):
            await self._reap(self._child)
            raise OSError(0, told.get("error") or "the DNS process did not start; the log says why")
        self._listens_at(told["address"])
        return await Link.connect(self.control)

    async def _feed(self, link: Link) -> None:
        """Send everything."""
        await link.ask("keys", keys=dict(self.keys))
        await link.ask("begin")
        batch: list[bytes] = []
        async for feed in self.source():
            await self._send_rules(link, feed, always=False)
            batch.append(feed.packed)
            if len(batch) == 1000:
                await link.put(batch)
                batch = []
        await link.put(batch)
        await link.ask("end")

    async def _send_rules(self, link: Link, feed: Feed, *, always: bool) -> None:
        """Say who may have the zone. Few zones have secondaries, so a process that knows none is told of none."""
        if always or feed.allow or feed.notify:
            notify = [dict(one) for one in feed.notify] if self.leads else []
            allow = [dict(one) for one in feed.allow]
            await link.ask("secondaries", zone=feed.name, allow=allow, notify=notify)

    @staticmethod
    async def _reap(child: asyncio.subprocess.Process) -> None:
        """Wait for a child that was told to end or is gone; end it if it does not."""
        try:
            async with asyncio.timeout(STOP_MAX_SECONDS):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
