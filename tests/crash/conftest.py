"""A crash test that fails half-way leaves no daemon behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import RunningDaemon


@pytest.fixture(autouse=True)
def no_daemon_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kill what a test started and did not stop."""
    started: list[RunningDaemon] = []
    start = RunningDaemon.start

    def noted(daemon: RunningDaemon) -> RunningDaemon:
        started.append(daemon)
        return start(daemon)

    monkeypatch.setattr(RunningDaemon, "start", noted)
    yield
    for daemon in started:
        if daemon.process is not None:
            daemon.kill()
