"""DNS processes for the tests of this room; none outlives them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dns.support import DnsProcess, Start, zone


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsProcess]:
    """One process that serves the example zone, for the tests of a module that change nothing."""
    running = DnsProcess(tmp_path_factory.mktemp("dns")).start()
    running.feed(zone())
    yield running
    assert running.stop() == 0


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Start]:
    """Start processes with arguments of their own: `launch("--rate", "5")`."""
    made: list[DnsProcess] = []

    def begin(*more: str) -> DnsProcess:
        home = tmp_path / f"dns{len(made)}"
        home.mkdir()
        made.append(DnsProcess(home, *more).start())
        return made[-1]

    yield begin
    for running in made:
        running.stop()
