from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.edges.support import World, a_world
from tests.mcp.support import Stdio
from tests.support import RunningDaemon


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """One daemon for all tests of MCP: each makes its own tenants, so they do not meet."""
    running = RunningDaemon(tmp_path_factory.mktemp("mcp") / "data").start()
    yield running
    if running.process is not None:
        running.stop()


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    """A tenant with one of everything, of this test's own."""
    return a_world(daemon)


@pytest.fixture
def stdio(daemon: RunningDaemon) -> Iterator[Callable[..., Stdio]]:
    """Start `posternctl mcp` beside the daemon, with a key or without."""
    started: list[Stdio] = []

    def begin(key: str | None = None, *arguments: str, **more: str) -> Stdio:
        own = {"POSTERN_API_KEY": key} if key else {}
        started.append(Stdio(daemon.env | own | more, *arguments))
        return started[-1]

    yield begin
    for host in started:
        if host.process.poll() is None:
            host.close()
