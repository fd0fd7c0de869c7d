from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.backends.resolve import parent as parent_servers
from tests.edges.world_of_dns import RESOLVED, DnsWorld
from tests.inside import DaemonInside
from tests.nameserver import name_server
from tests.parent import parent
from tests.support import RunningDaemon


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """One daemon for all tests of the edges: each makes its own tenants, so they do not meet."""
    running = RunningDaemon(tmp_path_factory.mktemp("edges") / "data").start()
    yield running
    if running.process is not None:
        running.stop()


@pytest.fixture
def dns_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsWorld]:
    """A daemon of one test's own, whose clock the test moves, with its name server, a resolver and a parent zone."""
    with name_server(RESOLVED) as resolver, parent("customer.test") as above:
        monkeypatch.setattr(parent_servers, "PORT", above.port)
        daemon = DaemonInside(tmp_path / "data", {"DNS_WORKERS": "1", "RESOLVER": str(resolver.at)}).start()
        made = DnsWorld(daemon, resolver, above)
        try:
            yield made
        finally:
            made.daemon.stop()
