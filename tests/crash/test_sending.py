"""A power cut around the sending of a mail: nothing sent twice, nothing forgotten, and the same answer afterwards."""

from __future__ import annotations

import contextlib
import http.client
import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crash.launcher import AROUND_A_SENDING, launcher
from tests.crash.proof import pages, prove_file
from tests.edges.support import looked_up, until
from tests.support import STOP_MAX_SECONDS, Answer, RunningDaemon

ROUNDS = 3
SENDERS = 4
STRIKE_AFTER_MAX = 60


@dataclass
class Desk:
    """Two mailboxes, the key of their agent, and what was tried and what was acknowledged, by idempotency key."""

    daemon: RunningDaemon
    key: str
    ours: str
    theirs: str
    tried: set[str] = field(default_factory=set)
    acknowledged: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def set_up(cls, daemon: RunningDaemon) -> Desk:
        key = daemon.agent()["agent_key"]
        return cls(daemon, key, daemon.inbox(key)["address"], daemon.inbox(key)["address"])

    def send(self, token: str) -> Answer:
        self.tried.add(token)
        body = {"to": self.theirs, "subject": token, "text": "x\n", "idempotency_key": token}
        answer = self.daemon.call("POST", f"/v1/inboxes/{self.ours}/send", body, key=self.key)
        if answer.status == 202:
            self.acknowledged[token] = answer.json
        return answer

    def prove(self) -> None:
        """Check that what was acknowledged arrived once, and that the rest arrives once when it is asked for again."""
        for token in sorted(self.tried):
            first = self.acknowledged.get(token)
            answer = self.send(token)
            assert answer.status == 202, answer.body
            assert first in (None, answer.json)
        unsettled = "SELECT count(*) FROM outbox WHERE state <> 'delivered'"
        until(lambda: looked_up(self.daemon, unsettled) == [(0,)])
        for address, direction in ((self.ours, "outbound"), (self.theirs, "inbound")):
            there = list(pages(self.daemon, f"/v1/inboxes/{address}/messages", self.key))
            assert {one["direction"] for one in there} <= {direction}
            assert Counter(one["subject"] for one in there) == dict.fromkeys(self.tried, 1)
        prove_file(self.daemon)


@pytest.mark.parametrize("point", AROUND_A_SENDING)
def test_a_crash_at_a_named_point_of_a_sending(tmp_path: Path, point: str) -> None:
    daemon = RunningDaemon(tmp_path / "data", launcher=launcher(point, 1)).start()
    desk = Desk.set_up(daemon)
    desk.send("before")
    until(lambda: len(looked_up(daemon, "SELECT 1 FROM outbox WHERE state = 'delivered'")) == 1)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGUSR1)
    with contextlib.suppress(OSError, http.client.HTTPException):  # the power may go before the answer
        desk.send("in between")
    assert daemon.process.wait(STOP_MAX_SECONDS) == -signal.SIGKILL
    daemon.kill()
    desk.daemon = RunningDaemon(daemon.data_dir).start()
    desk.prove()
    assert desk.daemon.stop() == 0


def test_a_power_cut_at_a_random_moment_loses_no_mail_and_doubles_none(tmp_path: Path) -> None:
    dice = random.Random(31)
    daemon = RunningDaemon(tmp_path / "data").start()
    desk = Desk.set_up(daemon)
    for round_ in range(ROUNDS):
        left = threading.Semaphore(dice.randint(5, STRIKE_AFTER_MAX))

        def work(number: int, round_: int = round_, left: threading.Semaphore = left) -> None:
            count = 0
            try:
                while True:
                    desk.send(f"mail {round_}.{number}.{count}")
                    count += 1
                    if not left.acquire(blocking=False):
                        assert daemon.process is not None
                        daemon.process.kill()
            except (OSError, http.client.HTTPException):
                pass  # it is gone

        senders = [threading.Thread(target=work, args=(number,)) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        daemon.kill()
        daemon.start()
        desk.prove()
    assert len(desk.tried) > ROUNDS * SENDERS
    assert daemon.stop() == 0


def test_a_stop_in_the_middle_of_it_is_no_different(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data").start()
    desk = Desk.set_up(daemon)
    for number in range(40):
        desk.send(f"mail {number}")
    assert daemon.stop() == 0
    daemon.start()
    desk.prove()
    assert daemon.stop() == 0
