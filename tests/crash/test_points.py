from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.crash.launcher import WHILE_RUNNING, WHILE_STARTING, launcher
from tests.crash.load import Kept, Load, World
from tests.crash.proof import prove, prove_file
from tests.support import STOP_MAX_SECONDS, RunningDaemon

MIGRATION_STATEMENTS = (1, 20, 40)  # sqlite-utils' own table, the middle of ours, the last ones
SEVENTH = 7


def arm(daemon: RunningDaemon) -> None:
    """Let the point count from here on."""
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGUSR1)


def dies(daemon: RunningDaemon) -> None:
    """Wait for the end at the point: nothing but SIGKILL will do."""
    assert daemon.process is not None
    assert daemon.process.wait(STOP_MAX_SECONDS) == -signal.SIGKILL
    daemon.kill()


def again(daemon: RunningDaemon) -> RunningDaemon:
    """Start the same data directory without a point."""
    return RunningDaemon(daemon.data_dir, daemon.settings).start()


@pytest.mark.parametrize("point", WHILE_RUNNING)
def test_a_crash_at_a_named_point_loses_nothing_acknowledged_and_leaves_nothing_half_written(
    tmp_path: Path, point: str
) -> None:
    daemon = RunningDaemon(tmp_path / "data", launcher=launcher(point, SEVENTH)).start()
    world, kept = World.settle(daemon), Kept()
    assert daemon.process is not None
    load = Load(daemon, world, kept, seed=3, strike=lambda: arm(daemon), after=5)
    load.run()
    dies(daemon)
    restarted = again(daemon)
    prove(restarted, world, kept)
    assert kept.mails
    assert restarted.stop() == 0


@pytest.mark.parametrize(
    ("point", "passing"),
    [("migration", number) for number in MIGRATION_STATEMENTS]
    + [(point, 1) for point in WHILE_STARTING if point != "migration"],
)
def test_a_first_start_that_was_interrupted_is_made_good_by_the_next(tmp_path: Path, point: str, passing: int) -> None:
    daemon = RunningDaemon(tmp_path / "data", launcher=launcher(point, passing))
    with pytest.raises(RuntimeError, match="did not start"):
        daemon.start()
    dies(daemon)
    restarted = again(daemon)
    key = restarted.agent()["agent_key"]
    address = restarted.inbox(key)["address"]
    restarted.deliver(address)
    assert len(restarted.call("GET", f"/v1/inboxes/{address}/messages", key=key).json["data"]) == 1
    prove_file(restarted)
    assert restarted.stop() == 0
    assert sorted(path.name for path in daemon.data_dir.iterdir()) == ["daemon.lock", "master.key", "postern.db"]
