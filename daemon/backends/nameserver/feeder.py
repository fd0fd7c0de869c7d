"""All DNS processes together: one for each worker, on one address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.backends.nameserver.process import Feed, Process, Source
from daemon.dns.link import Link

PUBLISH_MAX_SECONDS = 10.0


class NotPublished(Exception):
    """A DNS process did not take the change in time. It gets it with all others as soon as it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the DNS processes are run. `sockets`: where the control socket of each is; `home`: they end with it."""

    host: str
    port: int
    home: Path
    sockets: tuple[Path, ...]
    linger_seconds: float
    rate_per_second: int
    limit_loopback: bool = False
    user: str | None = None

    def words(self, control: Path) -> list[str]:
        """Return the arguments of one process, but for its port. The rate is for all, so each gets its share."""
        share = -(-self.rate_per_second // len(self.sockets))
        words = ["--control", str(control), "--home", str(self.home), "--host", self.host]
        words += ["--processes", str(len(self.sockets))]
        words += ["--linger", f"{self.linger_seconds:g}", "--rate", str(share)]
        words += ["--limit-loopback"] if self.limit_loopback else []
        return words + (["--user", self.user] if self.user else [])


class Nameserver:
    """The name server. `source` yields every zone as it is now; `publish` and `remove` follow each change of it."""

    def __init__(self, plan: Plan, source: Source) -> None:
        self._plan, self._source = plan, source
        self._processes: list[Process] = []
        self._keys: dict[str, str] = {}

    async def start(self) -> str:
        """Start or adopt every process, and feed it; return `host:port`. Raises `OSError`."""
        address, port = "", self._plan.port
        if not await _runs(self._plan.sockets[0]):
            _require_free(self._plan.host, port)
        for number, control in enumerate(self._plan.sockets):
            process = Process(control, self._plan.words(control), port, self._source, number == 0, self._keys)
            self._processes.append(process)
            await process.start()
            address, port = address or process.address, process.port
        return address

    async def stop(self, *, leave: bool = False) -> None:
        """End every process, or leave them to answer for the next daemon."""
        await asyncio.gather(*(process.stop(leave=leave) for process in self._processes))

    async def publish(self, feed: Feed) -> None:
        """Have a zone served as it is now; returns when every process answers so. Raises `NotPublished`."""
        await self._with_all(lambda process: process.publish(feed))

    async def remove(self, name: str) -> None:
        """Have a zone served no longer. Raises `NotPublished`."""
        await self._with_all(lambda process: process.obey(lambda link: link.ask("remove", zones=[name])))

    async def set_keys(self, keys: Mapping[str, str]) -> None:
        """Have these TSIG keys known, name → base64, and no others. Raises `NotPublished`."""
        self._keys.clear()
        self._keys.update(keys)
        await self._with_all(lambda process: process.obey(lambda link: link.ask("keys", keys=dict(self._keys))))

    async def stats(self) -> list[dict[str, Any]]:
        """Return the counts of each process. Raises `NotPublished`."""
        return await self._with_all(lambda process: process.obey(_stats))

    async def _with_all(self, work: Any) -> list[Any]:
        try:
            async with asyncio.timeout(PUBLISH_MAX_SECONDS):
                return await asyncio.gather(*(work(process) for process in self._processes))
        except TimeoutError:
            raise NotPublished("a DNS process does not answer; it gets the change when it does") from None


async def _stats(link: Link) -> dict[str, Any]:
    answer = await link.ask("stats")
    return {name: value for name, value in answer.items() if name not in ("id", "ok")}


async def _runs(control: Path) -> bool:
    """Tell whether a process listens there."""
    try:
        _, writer = await asyncio.open_unix_connection(control)
    except OSError:
        return False
    writer.close()
    return True


def _require_free(host: str, port: int) -> None:
    """Raise `OSError` when others listen there: sockets that share a port would take each a part of the questions."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with contextlib.closing(socket.socket(family, kind)) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))


def of(feeds: Iterable[Feed]) -> Source:
    """Return a source of zones that are in memory."""

    async def source() -> AsyncIterator[Feed]:
        for feed in feeds:
            yield feed

    return source
