"""A webhook's deliveries, followed: each change is told, to whoever may see them, and nothing is asked again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.errors import Code
from postern_ctl.answers import Refused
from postern_ctl.client import Postern
from postern_ctl.streams import Following
from tests.edges.support import a_world
from tests.receiver import Receiver
from tests.support import RunningDaemon, mail


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    running = RunningDaemon(tmp_path_factory.mktemp("hooks") / "data", {"WEBHOOK_ALLOW": "loopback"}).start()
    yield running
    running.stop()


@pytest.fixture
def agent(daemon: RunningDaemon) -> Postern:
    return Postern(daemon.http, daemon.agent()["agent_key"])


def until_told(stream: Following, **wanted: object) -> dict[str, object]:
    """Read on until a delivery is as wanted; what came of it meanwhile may be told once more, or be told at once."""
    return next(event.data for event in stream if event.data.items() >= wanted.items())


def test_each_change_is_told(daemon: RunningDaemon, agent: Postern) -> None:
    address = agent.inboxes.create().data["address"]
    with Receiver() as receiver:
        webhook = agent.webhooks.create(receiver.url, events=["message.received"]).data["id"]
        agent.webhooks.test(webhook)
        stream = agent.webhooks.follow(webhook)
        first = next(stream)
        assert (first.event, first.data) == ("delivery", next(iter(agent.webhooks.deliveries(webhook))))
        daemon.deliver(address, mail(address))
        told = until_told(stream, event="message.received", status="delivered", attempts=1)
        agent.webhooks.replay(str(told["id"]))
        until_told(stream, id=told["id"], status="delivered", attempts=2)
        receiver.reply = 410
        gone = agent.webhooks.test(webhook).data["id"]
        until_told(stream, id=gone, status="dead", response_status=410)
        stream.end()


def test_it_goes_on_after_the_last_one_seen_and_tells_what_is_asked_for(agent: Postern) -> None:
    with Receiver() as receiver:
        webhook = agent.webhooks.create(receiver.url, events=["message.received"]).data["id"]
        for _ in range(3):
            agent.webhooks.test(webhook)
        made = [row["id"] for row in agent.webhooks.deliveries(webhook)][::-1]
        stream = agent.webhooks.follow(webhook, limit=2)
        seen = [next(stream) for _ in range(2)]
        assert [event.data["id"] for event in seen] == made[1:]
        stream.end()
        missed = agent.webhooks.test(webhook).data["id"]
        again = agent.webhooks.follow(webhook, limit=0, last_event_id=seen[-1].id)
        until_told(again, id=missed)
        again.end()
        receiver.reply = 500
        first = agent.webhooks.test(webhook).data["id"]
        dead = agent.webhooks.follow(webhook, status="dead")
        assert next(dead).data["id"] == first
        receiver.reply = 200
        agent.webhooks.test(webhook)
        receiver.reply = 500
        second = agent.webhooks.test(webhook).data["id"]
        until_told(dead, id=second)
        dead.end()


def test_anothers_is_not_there_and_another_streams_id_is_refused(daemon: RunningDaemon, agent: Postern) -> None:
    world = a_world(daemon)
    with pytest.raises(Refused) as refused:
        next(agent.webhooks.follow(world.webhook))
    assert refused.value.code is Code.NOT_FOUND
    owner = Postern(daemon.http, world.agent_key)
    with pytest.raises(Refused) as refused:
        next(owner.webhooks.follow(world.webhook, last_event_id="AAAAAAAAAAc1nFu178Z3"))
    assert refused.value.code is Code.BAD_REQUEST


def test_it_ends_with_the_key_and_with_the_webhook(daemon: RunningDaemon) -> None:
    world = a_world(daemon)
    owner, operator = Postern(daemon.http, world.agent_key), Postern(socket_path=daemon.ready["socket"])
    of_agent, of_operator = (one.webhooks.follow(world.webhook) for one in (owner, operator))
    assert next(of_agent).data["id"] == next(of_operator).data["id"] == world.delivery
    operator.agents.revoke_key(world.agent_key_id)
    with pytest.raises(Refused) as refused:
        next(of_agent)
    assert refused.value.code is Code.INVALID_API_KEY
    operator.webhooks.delete(world.webhook)
    with pytest.raises(Refused) as refused:
        next(of_operator)
    assert refused.value.code is Code.NOT_FOUND
