"""Two programs that answer each other come to an end; people who write fast do not notice."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.edges.support import World, a_world, until
from tests.inside import DaemonInside
from tests.support import Answer, mail

REPORT = {"Auto-Submitted": "auto-replied"}


@pytest.fixture
def world(inside: DaemonInside) -> World:
    return a_world(inside, "Replies")


def reply(daemon: DaemonInside, message: str, **more: Any) -> Answer:
    return daemon.operator("POST", f"/v1/messages/{message}/reply", {"text": "Thanks.", **more})


def received(daemon: DaemonInside, world: World, inbox: str, *, many: int = 1) -> dict[str, Any]:
    """Return the newest mail that came in, once there are so many."""
    path = f"/v1/inboxes/{inbox}/messages?direction=inbound"
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = daemon.call("GET", path, key=world.agent_key).json["data"]
        return len(found) >= many

    until(there)
    return found[0]


def limit(daemon: DaemonInside, world: World, **limits: int) -> None:
    assert daemon.operator("PATCH", f"/v1/tenants/{world.tenant}", {"limits": limits}).status == 200


def test_automatic_mail_gets_few_answers_a_day_and_is_shown_as_such(inside: DaemonInside, world: World) -> None:
    inside.deliver(world.address, mail(world.address, headers=REPORT))
    automatic = received(inside, world, world.inbox, many=2)
    assert automatic["auto_submitted"] is True
    assert inside.call("GET", f"/v1/messages/{automatic['id']}", key=world.agent_key).json["auto_submitted"] is True
    for _ in range(3):
        assert reply(inside, automatic["id"]).status == 202
        inside.clock.advance(seconds=3600)
    tried = reply(inside, automatic["id"], dry_run=True).json
    assert (tried["would_send"], [one["ok"] for one in tried["rules"] if one["rule"] == "replies"]) == (False, [False])
    refused = reply(inside, automatic["id"])
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert "automatic" in refused.json["error"]["message"]
    wait_seconds = int(refused.headers["Retry-After"])
    assert wait_seconds == 21 * 3600
    inside.clock.advance(seconds=wait_seconds - 1)
    assert reply(inside, automatic["id"]).code == "rate_limited"
    inside.clock.advance(seconds=1)
    assert reply(inside, automatic["id"]).status == 202


def test_a_thread_with_a_person_is_not_held_to_that(inside: DaemonInside, world: World) -> None:
    assert received(inside, world, world.inbox)["auto_submitted"] is False
    for _ in range(10):
        assert reply(inside, world.message).status == 202


def test_nobody_is_there_to_answer_a_report(inside: DaemonInside, world: World) -> None:
    inside.deliver(world.address, mail(world.address), sender="")
    report = received(inside, world, world.inbox, many=2)
    assert report["auto_submitted"] is True
    refused = reply(inside, report["id"])
    assert (refused.status, refused.code) == (422, "validation_failed")


def test_two_agents_that_answer_each_other_come_to_an_end(inside: DaemonInside, world: World) -> None:
    limit(inside, world, rate_replies_per_hour=4, rate_replies_per_day=6)
    boxes = [world.inbox, inside.inbox(world.agent_key)["id"]]
    begun = {"to": inside.operator("GET", f"/v1/inboxes/{boxes[1]}").json["address"], "subject": "Hello", "text": "?"}
    assert inside.call("POST", f"/v1/inboxes/{boxes[0]}/send", begun, key=world.agent_key).status == 202
    newest = received(inside, world, boxes[1])["id"]
    many = {boxes[0]: 2, boxes[1]: 2}  # how many a mailbox will have with its next mail; the world has one of its own
    turns = itertools.cycle([boxes[0], boxes[1]])  # who gets the next answer

    def play() -> int:
        """Answer what came last, by turns, until somebody may not; return how many were sent."""
        nonlocal newest
        for number in range(100):
            answered = reply(inside, newest)
            if answered.status != 202:
                assert answered.code == "rate_limited"
                return number
            to = next(turns)
            newest = received(inside, world, to, many=many[to])["id"]
            many[to] += 1
        raise AssertionError("they write for ever")

    assert play() == 7, "one began; each side sends four in an hour"
    inside.clock.advance(seconds=3600)
    assert play() == 4, "and six in a day"
    inside.clock.advance(seconds=3600)
    assert play() == 0


def test_no_limit_is_told_by_zero(inside: DaemonInside, world: World) -> None:
    limit(inside, world, rate_replies_per_hour=2, rate_replies_per_day=0)
    codes = [reply(inside, world.message).status for _ in range(3)]
    assert codes == [202, 202, 429]
    limit(inside, world, rate_replies_per_hour=0, rate_replies_per_day=0, send_cap_first=100, send_cap_full=100)
    assert [reply(inside, world.message).status for _ in range(40)] == [202] * 40
