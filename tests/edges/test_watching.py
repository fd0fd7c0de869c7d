"""What operators see of the daemon: who waits for what, and the settings in force."""

from __future__ import annotations

from datetime import datetime

import pytest

from postern_ctl.client import Postern
from tests.conftest import Start
from tests.edges.support import EPOCH, World, a_world, answer_of, until, waiting
from tests.support import RunningDaemon, mail


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon)


@pytest.fixture
def operator(daemon: RunningDaemon) -> Postern:
    return Postern(socket_path=daemon.ready["socket"])


def test_a_wait_is_seen_as_long_as_it_lasts(daemon: RunningDaemon, world: World, operator: Postern) -> None:
    asked = {"from": "foreign.test", "subject": "for nobody else", "regex": r"\d+", "wait_id": "mine", "claim": True}
    waited = waiting(daemon, world.address, world.agent_key, timeout_seconds=60, **asked)
    [seen] = operator.waits.list(tenant=world.tenant)
    assert seen.items() >= asked.items()
    assert (
        seen.items()
        >= {
            "actor": f"agent:{world.agent}",
            "tenant_id": world.tenant,
            "inbox_id": world.inbox,
            "address": world.address,
        }.items()
    )
    began, until_ = (datetime.fromisoformat(seen[name]) for name in ("began_at", "until"))
    assert (until_ - began).total_seconds() == 60
    assert seen["since"] <= seen["began_at"]
    daemon.deliver(world.address, mail(world.address, subject="For nobody else"))
    answer = answer_of(waited)
    assert answer.headers["X-Postern-Request-Id"] == seen["request_id"]
    assert list(operator.waits.list(tenant=world.tenant)) == []


def test_waits_are_listed_newest_first_page_by_page_and_by_tenant(
    daemon: RunningDaemon, world: World, operator: Postern
) -> None:
    other = a_world(daemon)
    futures = [waiting(daemon, world.address, world.agent_key, subject=f"number {n}") for n in range(3)]
    futures.append(waiting(daemon, other.address, None, subject="elsewhere", since=EPOCH))
    assert [one["subject"] for one in operator.waits.list(tenant=world.tenant, limit=2)] == [
        "number 2",
        "number 1",
        "number 0",
    ]
    [elsewhere] = operator.waits.list(tenant=other.tenant)
    assert (elsewhere["actor"], elsewhere["since"]) == ("operator:local", "2020-01-01T00:00:00.000Z")
    page = daemon.operator("GET", f"/v1/waits?tenant={world.tenant}&limit=1").json
    daemon.deliver(world.address, mail(world.address, subject="Number 0 of all"))
    answer_of(futures[0])
    rest = daemon.operator("GET", f"/v1/waits?tenant={world.tenant}&limit=5&cursor={page['next_cursor']}").json
    assert [one["subject"] for one in rest["data"]] == ["number 1"], "a cursor stands although a wait has ended"
    for one in (world, other):
        operator.inboxes.delete(one.inbox)
    for future in futures:
        future.result(30)


def test_one_that_takes_anothers_place_is_told_of(daemon: RunningDaemon, world: World, operator: Postern) -> None:
    """A snapshot comes although as many wait as before."""
    stream = operator.activity.stream()
    stats = (event.data["stats"] for event in stream if event.event == "stats")
    first = waiting(daemon, world.address, world.agent_key, subject="first")
    until(lambda: next(stats)["waits_active"] >= 1)
    count = len(list(operator.waits.list()))
    daemon.deliver(world.address, mail(world.address, subject="First"))
    answer_of(first)
    waiting(daemon, world.address, world.agent_key, subject="second")
    until(lambda: next(stats)["waits_active"] == count)
    assert [one["subject"] for one in operator.waits.list(tenant=world.tenant)] == ["second"]
    stream.end()


def test_the_settings_are_those_of_the_daemon_without_its_secrets(start: Start) -> None:
    running = start(
        MAX_WAIT_MS="1234",
        API_KEY="pk_agent_of_somebody",
        ACS_EVENTS_SECRET="a secret of forty characters, or nearly so",
        CHECKPOINT_URL="https://keeper:sesame@hooks.invalid/checkpoints",
    )
    answer = running.operator("GET", "/v1/settings")
    rows = {row["name"]: row for row in answer.json["settings"]}
    assert rows["POSTERN_MAX_WAIT_MS"] == {
        "name": "POSTERN_MAX_WAIT_MS",
        "value": "1234",
        "unit": "ms",
        "source": "environment POSTERN_MAX_WAIT_MS",
        "help": "longest single wait",
    }
    assert (rows["POSTERN_RATE_WAITS"]["value"], rows["POSTERN_RATE_WAITS"]["source"]) == ("1000", "default")
    assert rows["POSTERN_ACS_EVENTS_SECRET"]["value"] == "(set)"
    assert rows["POSTERN_CHECKPOINT_URL"]["value"] == "https://(set)@hooks.invalid/checkpoints"
    assert [word for word in (b"sesame", b"forty", b"pk_agent") if word in answer.body] == []
    assert "POSTERN_API_KEY" not in rows
