"""A power cut around the sending of a webhook: told at least once, under the same id."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.crash.launcher import AROUND_A_DELIVERY, launcher
from tests.crash.proof import prove_file
from tests.edges.support import looked_up, until
from tests.receiver import Arrival, Receiver
from tests.support import STOP_MAX_SECONDS, RunningDaemon

SETTINGS = {"WEBHOOK_ALLOW": "loopback"}


def hooked(daemon: RunningDaemon, url: str) -> tuple[str, str]:
    """Return an agent's mailbox and the secret of its webhook."""
    inbox = daemon.inbox(daemon.agent()["agent_key"], inbound_webhook_url=url)
    return inbox["address"], inbox["webhook"]["secret"]


def prove_settled(daemon: RunningDaemon, receiver: Receiver, secret: str, count: int) -> None:
    """Check that the one delivery came `count` times under one id, and that the store knows it as delivered."""
    statement = "SELECT id, status FROM deliveries"
    until(lambda: [row[1] for row in looked_up(daemon, statement)] == ["delivered"])
    ((delivery, _),) = looked_up(daemon, statement)
    arrivals = [receiver.next() for _ in range(count)]
    assert {arrival.delivery for arrival in arrivals} == {delivery}
    assert len({arrival.body for arrival in arrivals}) == 1
    assert all(arrival.verified(secret).delivery_id == delivery for arrival in arrivals)
    assert receiver.arrivals.empty()
    prove_file(daemon)


@pytest.mark.parametrize("point", AROUND_A_DELIVERY)
def test_a_crash_at_a_named_point_of_a_delivery(tmp_path: Path, point: str) -> None:
    daemon = RunningDaemon(tmp_path / "data", SETTINGS, launcher=launcher(point, 1)).start()
    with Receiver() as receiver:
        address, secret = hooked(daemon, receiver.url)
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGUSR1)
        daemon.deliver(address)
        assert daemon.process.wait(STOP_MAX_SECONDS) == -signal.SIGKILL
        daemon.kill()
        again = RunningDaemon(daemon.data_dir, SETTINGS).start()
        sent_before = point == "before a delivery is recorded"
        prove_settled(again, receiver, secret, 2 if sent_before else 1)
        assert again.stop() == 0


def test_a_receiver_that_has_it_when_the_daemon_dies_gets_it_again(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path / "data", SETTINGS).start()
    first = True

    def reply(_: Arrival) -> int:
        nonlocal first
        if first:
            first = False
            daemon.kill()  # it has been told, and will never hear that it was
        return 200

    with Receiver(reply) as receiver:
        address, secret = hooked(daemon, receiver.url)
        daemon.deliver(address)
        arrival = receiver.next()
        daemon.start()
        receiver.arrivals.put(arrival)
        prove_settled(daemon, receiver, secret, 2)
        assert daemon.stop() == 0
