from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import RunningDaemon


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """One daemon for all tests of the edges: each makes its own tenants, so they do not meet."""
    running = RunningDaemon(tmp_path_factory.mktemp("edges") / "data").start()
    yield running
    if running.process is not None:
        running.stop()
