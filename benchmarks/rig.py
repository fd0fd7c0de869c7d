"""What is measured against: a daemon of its own process with an agent and mailboxes, and its peer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients import connections
from tests.support import RunningDaemon

FSYNC_SAMPLES = 60
FSYNC_BYTES = 4096
CREATORS = 8


@dataclass
class Rig:
    """A running daemon, the agent's key, and its mailboxes."""

    daemon: RunningDaemon
    key: str
    addresses: list[str]

    @property
    def http(self) -> str:
        return str(self.daemon.ready["http"])

    @property
    def smtp(self) -> str:
        return str(self.daemon.ready["smtp"])

    @property
    def stored(self) -> int:
        """Return how many messages the daemon holds."""
        return int(self.daemon.operator("GET", "/v1/stats").json["messages"])

    @property
    def rss_kib(self) -> int:
        """Return the daemon's resident memory."""
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.daemon.ready["pid"])], capture_output=True, text=True, check=True
        )
        return int(shown.stdout)

    async def add_mailboxes(self, count: int) -> None:
        """Create more mailboxes."""
        clients = await connections(self.http, self.key, CREATORS)

        async def create(number: int) -> list[str]:
            return [
                (await clients[number].call("POST", "/v1/inboxes", {}, expected=201))["address"]
                for _ in range(number, count, CREATORS)
            ]

        for made in await asyncio.gather(*(create(number) for number in range(CREATORS))):
            self.addresses += made
        for client in clients:
            await client.close()


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="postern-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def started(home: Path) -> Iterator[Rig]:
    """A daemon with one agent, stopped afterwards."""
    daemon = RunningDaemon(home / "data", {"SEND_CAP_FIRST": "1000000"}).start()  # the rules are asked, and say yes
    try:
        yield Rig(daemon, daemon.agent(max_mailboxes=100_000)["agent_key"], [])
    finally:
        assert daemon.stop() == 0


@contextlib.contextmanager
def peer(home: Path) -> Iterator[str]:
    """The home-made receiver, in a process of its own; yields `host:port`."""
    words = [sys.executable, "-P", "-m", "benchmarks.peer", str(home)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def fsync_ms(home: Path) -> float:
    """Return the median time of writing and syncing one block there: what a durable mail costs at the least."""
    times = []
    with (home / "fsync").open("wb", buffering=0) as file:
        for _ in range(FSYNC_SAMPLES):
            file.write(os.urandom(FSYNC_BYTES))
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000
