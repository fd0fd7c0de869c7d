"""Webhooks over time: failures, restarts and retention, by a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import ManualClock
from daemon.service.housekeeping import DELIVERY_KEPT_DAYS, EVENT_KEPT_DAYS
from daemon.service.telling.dispatcher import DISABLE_AFTER_MS, Dispatcher
from tests.edges.support import audit_since, looked_up, until
from tests.inside import DaemonInside
from tests.receiver import Receiver

ALLOW = {"WEBHOOK_ALLOW": "loopback", "AGENT_KEY_TTL": "365d"}


class Home:
    """One data directory and one clock; the daemon in it may be started again and again."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, ManualClock()
        self.start()

    def start(self) -> None:
        self.daemon = DaemonInside(self.path, dict(ALLOW))
        self.daemon.clock = self.clock
        self.daemon.start()

    def restart(self) -> None:
        self.daemon.stop()
        self.start()

    def enrolled(self) -> tuple[str, str]:
        """Return an agent's key, and the address of its mailbox."""
        far = "2100-01-01T00:00:00Z"
        key = str(self.daemon.agent(self.daemon.tenant(), expires_at=far)["agent_key"])
        return key, str(self.daemon.inbox(key)["address"])

    def hook(self, key: str, url: str) -> str:
        body = {"url": url, "events": ["message.received"]}
        return str(self.daemon.call("POST", "/v1/webhooks", body, key=key).json["id"])

    def states(self) -> list[tuple[Any, ...]]:
        return looked_up(self.daemon, "SELECT status, attempts, next_ms FROM deliveries ORDER BY n")

    def tried(self) -> int:
        """Return how many attempts were made and recorded."""
        return int(looked_up(self.daemon, "SELECT coalesce(sum(attempts), 0) FROM deliveries")[0][0])

    def next_due(self) -> int | None:
        found = looked_up(self.daemon, "SELECT min(next_ms) FROM deliveries")[0][0]
        return None if found is None else int(found)

    def wake(self) -> None:
        """Have the dispatcher look at the clock again."""

        async def nudge() -> None:
            self.daemon.services.dispatcher.wake()

        self.daemon.run(nudge())

    def let_pass(self) -> bool:
        """Move the clock to the next attempt and see it recorded; False when nothing is left to do."""
        due = self.next_due()
        if due is None:
            return False
        tried = self.tried()
        self.clock.advance(seconds=(max(0, due - self.clock.now_ms()) + 1) / 1000)
        self.wake()
        until(lambda: self.tried() > tried and all(at is None or at > self.clock.now_ms() for *_, at in self.states()))
        return True


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = Home(tmp_path / "data")
    yield opened
    opened.daemon.stop()


def test_a_receiver_that_fails_for_an_hour_gets_every_event_as_often_as_it_says(home: Home) -> None:
    key, address = home.enrolled()
    began_ms = home.clock.now_ms()
    hour_over_ms = began_ms + 3_600_000

    def reply(_: object) -> int:
        return 503 if home.clock.now_ms() < hour_over_ms else 200

    with Receiver(reply) as receiver:
        home.hook(key, receiver.url)
        for number in range(12):
            if number % 3 == 2:
                home.restart()
            home.daemon.deliver(address)
            until(lambda count=number: len(home.states()) == count + 1 and all(row[1] for row in home.states()))  # type: ignore[misc]  # a lambda's default
            home.clock.advance(seconds=120)
        restarts = 0
        while home.let_pass():
            if restarts < 3:
                home.restart()
                restarts += 1
        accepted = receiver.accepted()
        assert set(accepted.values()) == {1}
        assert len(accepted) == 12
        assert sorted(accepted) == sorted(row[0] for row in looked_up(home.daemon, "SELECT id FROM deliveries"))
        assert {row[0] for row in home.states()} == {"delivered"}
        assert sum(receiver.answered.values()) == home.tried(), "a stop lets a post in flight be answered"
        assert home.clock.now_ms() >= hour_over_ms
        assert home.clock.now_ms() < hour_over_ms + 3_600_000, "what is well again is soon told"
    assert looked_up(home.daemon, "SELECT failing_ms FROM webhooks") == [(None,)]


def test_what_fails_for_a_day_is_given_up_and_can_be_replayed(home: Home) -> None:
    key, address = home.enrolled()
    with Receiver(500) as receiver:
        webhook = home.hook(key, receiver.url)
        home.daemon.deliver(address)
        until(lambda: home.tried() == 1)
        began_ms = home.clock.now_ms()
        while home.let_pass():
            pass
        assert home.clock.now_ms() - began_ms >= 24 * 3_600_000
        ((status, attempts, _),) = home.states()
        assert status == "dead"
        assert 15 <= attempts <= 45
        path = f"/v1/webhooks/{webhook}/deliveries?status=dead"
        (dead,) = home.daemon.call("GET", path, key=key).json["data"]
        receiver.reply = 200
        replay = home.daemon.call("POST", f"/v1/deliveries/{dead['id']}/replay", key=key).json
        assert (replay["status"], replay["attempts"]) == ("delivered", attempts + 1)
        assert {delivery for delivery, _ in receiver.answered} == {dead["id"]}


def test_nothing_but_failures_for_days_disables_with_a_line(home: Home) -> None:
    key, address = home.enrolled()
    with Receiver(500) as receiver:
        webhook = home.hook(key, receiver.url)
        began_ms, before = home.clock.now_ms(), 0
        home.daemon.deliver(address)
        until(lambda: home.tried() == 1)
        while home.clock.now_ms() - began_ms < DISABLE_AFTER_MS:
            while home.let_pass():
                pass
            shown = home.daemon.call("GET", f"/v1/webhooks/{webhook}", key=key).json
            if shown["status"] == "disabled":
                break
            tried = home.tried()
            home.daemon.deliver(address)
            until(lambda before=tried: home.tried() > before)  # type: ignore[misc]  # a lambda's default
        assert home.clock.now_ms() - began_ms >= DISABLE_AFTER_MS
        lines = [line for line in audit_since(home.daemon, before) if line["action"] == "system:webhook:disable"]
        assert [(line["target"], line["reason"]) for line in lines] == [(webhook, "nothing but failures for 5 days")]
        assert home.next_due() is None


def test_events_that_came_while_it_was_down_are_handed_out_when_it_is_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, address = home.enrolled()
    with Receiver() as receiver:
        home.hook(key, receiver.url)

        async def nothing(self: Dispatcher, *, settle: bool = False) -> None:
            """A dispatcher that is not there yet."""

        with monkeypatch.context() as patch:
            patch.setattr(Dispatcher, "hand_out", nothing)
            for _ in range(3):
                home.daemon.deliver(address)
            home.clock.advance(days=EVENT_KEPT_DAYS + 1)
            home.daemon.run(home.daemon.services.housekeeping.sweep())
            assert home.states() == []
            assert looked_up(home.daemon, "SELECT count(*) FROM events") == [(3,)], "they were not handed out yet"
            home.daemon.stop()
        home.start()
        assert len({receiver.next().delivery for _ in range(3)}) == 3
        until(lambda: [row[0] for row in home.states()] == ["delivered"] * 3)
        home.restart()
        home.daemon.run(home.daemon.services.housekeeping.sweep())
        assert looked_up(home.daemon, "SELECT count(*) FROM events") == [(0,)]
        assert receiver.arrivals.empty()


def test_what_is_settled_is_forgotten_in_time_and_what_is_not_is_not(home: Home) -> None:
    key, address = home.enrolled()
    with Receiver() as good, Receiver((503, {"Retry-After": "21600"})) as bad:
        webhook = home.hook(key, good.url)
        home.hook(key, bad.url)
        home.daemon.call("POST", f"/v1/webhooks/{webhook}/rotate", key=key)
        home.daemon.deliver(address)
        until(lambda: home.tried() == 2)
        assert looked_up(home.daemon, "SELECT count(*) FROM webhooks WHERE old_secret IS NOT NULL") == [(1,)]
        home.clock.advance(days=DELIVERY_KEPT_DAYS + 1)
        home.daemon.run(home.daemon.services.housekeeping.sweep())
        assert looked_up(home.daemon, "SELECT count(*) FROM webhooks WHERE old_secret IS NOT NULL") == [(0,)]
        home.wake()
        until(lambda: home.next_due() is None)
        assert [row[0] for row in home.states()] == ["dead"], "what was given up just now can still be replayed"
        home.clock.advance(days=DELIVERY_KEPT_DAYS + 1)
        home.daemon.run(home.daemon.services.housekeeping.sweep())
        assert home.states() == []
