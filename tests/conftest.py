"""Fixtures for all tests: a real daemon on free ports, and the check that interop programs are there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.inside import DaemonInside
from tests.support import RunningDaemon, cannot_run

Start = Callable[..., RunningDaemon]

# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """One daemon for the tests of a module. Tests make their own tenants, so they do not meet."""
    running = RunningDaemon(tmp_path_factory.mktemp("d") / "data").start()
    yield running
    if running.process is not None:
        running.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start daemons with settings of their own: `start(MAX_WAIT_MS="1000")`. A second call has another directory."""
    made: list[RunningDaemon] = []

    def begin(**settings: str) -> RunningDaemon:
        made.append(RunningDaemon(tmp_path / f"data{len(made)}", settings).start())
        return made[-1]

    yield begin
    for running in made:
        if running.process is not None:
            running.stop()


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[DaemonInside]:
    """A daemon in this process, on a clock that stands still."""
    running = DaemonInside(tmp_path / "inside").start()
    yield running
    running.stop()


@pytest.fixture
def program() -> Callable[[str], str]:
    """Return the path of a program that is not ours; a missing one is told of by `cannot_run`."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            cannot_run(f"{name} is not installed")
        return path

    return find
