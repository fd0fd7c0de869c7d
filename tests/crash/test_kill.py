from __future__ import annotations

import random
import time
from pathlib import Path

from tests.crash.load import MOMENTS, Kept, Load, World
from tests.crash.proof import prove
from tests.support import RunningDaemon

ROUNDS = 4
ALL_ROUNDS_MAX_SECONDS = 20
STRIKE_AFTER_MAX = 60


def test_a_power_cut_at_a_random_point_loses_nothing_acknowledged(tmp_path: Path) -> None:
    dice = random.Random(20)
    daemon = RunningDaemon(tmp_path / "data").start()
    world, kept = World.settle(daemon), Kept()
    deadline = time.monotonic() + ALL_ROUNDS_MAX_SECONDS
    for round_ in range(ROUNDS):
        assert daemon.process is not None
        moment = dice.choice(MOMENTS)
        Load(
            daemon,
            world,
            kept,
            seed=round_,
            strike=daemon.process.kill,
            moment=moment,
            after=dice.randint(1, STRIKE_AFTER_MAX if moment.startswith("mail ") else 5),
        ).run()
        daemon.kill()
        daemon.start()
        prove(daemon, world, kept)
        if time.monotonic() > deadline:
            break
    assert kept.mails
    assert kept.mailboxes
    assert daemon.stop() == 0


def test_a_second_power_cut_during_the_restart_loses_nothing_either(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data").start()
    world, kept = World.settle(daemon), Kept()
    assert daemon.process is not None
    Load(daemon, world, kept, seed=7, strike=daemon.process.kill, after=20).run()
    daemon.kill()
    daemon.start()
    daemon.kill()
    daemon.start()
    prove(daemon, world, kept)
    assert daemon.stop() == 0


def test_what_a_killed_daemon_leaves_behind_does_not_keep_the_next_from_starting(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data").start()
    socket = Path(daemon.ready["socket"])
    daemon.kill()
    assert socket.exists()
    daemon.start()
    assert daemon.operator("GET", "/v1/stats").status == 200
    assert daemon.stop() == 0
