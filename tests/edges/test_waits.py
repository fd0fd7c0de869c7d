from __future__ import annotations

from functools import partial

import pytest

from daemon.clock import iso, parse_iso
from tests.conftest import Start
from tests.edges.support import (
    EPOCH,
    World,
    a_world,
    answer_of,
    background,
    metric,
    until,
    waiting,
    waits_active,
)
from tests.support import Answer, RunningDaemon, mail

CODE_MAIL = "Your verification code is 482913.\n"


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Waits")


def look(daemon: RunningDaemon, world: World, **request: object) -> Answer:
    """Ask for what is stored already."""
    body = {"since": EPOCH, "timeout_seconds": 0, **request}
    return daemon.call("POST", f"/v1/inboxes/{world.address}/wait", body, key=world.agent_key)


def subject_of(answer: Answer) -> str | None:
    assert answer.status == 200, answer.body
    return None if answer.json["timed_out"] else str(answer.json["message"]["subject"])


def test_four_waits_on_one_mailbox_each_get_what_they_asked_for(daemon: RunningDaemon, world: World) -> None:
    before = waits_active(daemon)
    plain = waiting(daemon, world.address, world.agent_key)
    by_sender = waiting(daemon, world.address, world.agent_key, **{"from": "BILLING@shop"})
    by_regex = waiting(daemon, world.address, world.agent_key, regex=r"code is \d{6}\b")
    never = waiting(daemon, world.address, world.agent_key, subject="no mail has this", timeout_seconds=1)
    assert waits_active(daemon) == before + 4

    daemon.deliver(world.address, mail(world.address, subject="Hello", text="No number in here.\n"))
    assert subject_of(answer_of(plain)) == "Hello"
    daemon.deliver(world.address, mail(world.address, subject="Bill", text="None.\n", sender="b <billing@SHOP.test>"))
    assert subject_of(answer_of(by_sender)) == "Bill"
    daemon.deliver(world.address, mail(world.address, subject="Code", text=CODE_MAIL))
    matched = answer_of(by_regex)
    assert subject_of(matched) == "Code"
    assert matched.json["extracted"]["otp_code"] == "482913"
    in_vain = answer_of(never).json
    assert in_vain.pop("near_misses")["reasons"]["subject"] >= 3
    assert in_vain == {"timed_out": True, "message": None, "extracted": None}
    until(lambda: waits_active(daemon) == before)


def test_the_answer_has_the_shape_of_the_contract(daemon: RunningDaemon, world: World) -> None:
    answer = look(daemon, world).json
    assert set(answer) == {"timed_out", "message", "extracted"}
    assert set(answer["message"]) == {"id", "thread_id", "from", "subject", "received_at"}
    assert set(answer["extracted"]) >= {"otp_code", "verification_link", "credentials"}
    assert answer["message"]["id"] == world.message


def test_a_mail_that_came_before_is_found_with_an_earlier_since_only(daemon: RunningDaemon, world: World) -> None:
    received = look(daemon, world).json["message"]["received_at"]
    assert subject_of(look(daemon, world, since=received)) == world.subject
    later = iso(parse_iso(received) + 1)
    assert subject_of(look(daemon, world, since=later)) is None
    unasked = daemon.call("POST", f"/v1/inboxes/{world.address}/wait", {"timeout_seconds": 0}, key=world.agent_key)
    assert subject_of(unasked) is None, "since is now unless told otherwise"


def test_of_several_stored_mails_the_newest_match_wins(daemon: RunningDaemon, world: World) -> None:
    for number in range(120):  # more than one page of the store
        subject = f"odd {number}" if number % 2 else f"even {number}"
        daemon.deliver(world.address, mail(world.address, subject=subject))
    assert subject_of(look(daemon, world)) == "odd 119"
    assert subject_of(look(daemon, world, subject="EVEN")) == "even 118"
    assert subject_of(look(daemon, world, subject="subject of")) == world.subject
    assert subject_of(look(daemon, world, subject="nowhere")) is None


def test_two_waits_both_see_one_mail(daemon: RunningDaemon, world: World) -> None:
    both = [waiting(daemon, world.address, world.agent_key) for _ in range(2)]
    daemon.deliver(world.address, mail(world.address, subject="for both"))
    assert [subject_of(answer_of(one)) for one in both] == ["for both"] * 2


def test_a_mail_to_another_mailbox_wakes_nobody_here(daemon: RunningDaemon, world: World) -> None:
    wait = waiting(daemon, world.address, world.agent_key)
    other = daemon.inbox(world.agent_key)["address"]
    daemon.deliver(other)
    assert not wait.done()
    daemon.deliver(world.address, mail(world.address, subject="mine"))
    assert subject_of(answer_of(wait)) == "mine"


def test_a_mail_to_many_mailboxes_wakes_a_wait_on_each(daemon: RunningDaemon, world: World) -> None:
    others = [daemon.inbox(world.agent_key)["address"] for _ in range(5)]
    waits = [waiting(daemon, address, world.agent_key) for address in [world.address, *others]]
    daemon.deliver([world.address, *others], mail(world.address, subject="to all"))
    assert [subject_of(answer_of(wait)) for wait in waits] == ["to all"] * 6


@pytest.mark.parametrize("local", [False, True], ids=["http", "socket"])
def test_a_client_that_goes_away_frees_its_wait(daemon: RunningDaemon, world: World, local: bool) -> None:
    before = waits_active(daemon)
    connection = daemon.connection(local=local)
    headers = {"Authorization": f"Bearer {world.agent_key}", "Content-Type": "application/json"}
    connection.request("POST", f"/v1/inboxes/{world.address}/wait", b'{"timeout_seconds": 300}', headers)
    until(lambda: waits_active(daemon) == before + 1)
    assert metric(daemon, "postern_waits_active") == before + 1
    connection.close()
    until(lambda: waits_active(daemon) == before)
    assert metric(daemon, "postern_waits_active") == before


def test_no_wake_up_is_lost_between_since_and_registration(daemon: RunningDaemon, world: World) -> None:
    inboxes = [daemon.inbox(world.agent_key)["address"] for _ in range(8)]
    for number in range(200):
        address = inboxes[number % len(inboxes)]
        body = {"since": EPOCH, "subject": f"race {number}.", "timeout_seconds": 30}
        path = f"/v1/inboxes/{address}/wait"
        racing = background(partial(daemon.call, "POST", path, body, key=world.agent_key))
        daemon.deliver(address, mail(address, subject=f"race {number}.", text="Nothing.\n"))
        assert subject_of(answer_of(racing)) == f"race {number}."


@pytest.mark.parametrize("pattern", ["(", "[a", r"(?=x)y", r"(a)\1", "a{2000}", r"\p{No such}"])
def test_a_pattern_that_the_engine_refuses_is_422(daemon: RunningDaemon, world: World, pattern: str) -> None:
    refused = look(daemon, world, regex=pattern)
    assert (refused.status, refused.code) == (422, "validation_failed")
    assert [detail["field"] for detail in refused.json["error"]["details"]] == ["regex"]


def test_a_pattern_that_would_backtrack_for_ever_answers(daemon: RunningDaemon, world: World) -> None:
    daemon.deliver(world.address, mail(world.address, subject="long", text="a" * 50_000 + "!\n"))
    for pattern in ("(a+)+$", "(a|aa)+$", "(.*)*x", "((a*)*)*b", "(a|a|a)*c" * 20):
        assert subject_of(look(daemon, world, subject="long", regex=pattern)) is None
    assert subject_of(look(daemon, world, regex="(a+)+!")) == "long"


def test_the_timeout_is_capped_by_the_setting(start: Start) -> None:
    daemon = start(MAX_WAIT_MS="300")
    agent = daemon.agent()
    path = f"/v1/inboxes/{daemon.inbox(agent['agent_key'])['id']}/wait"
    answer = daemon.call("POST", path, {"timeout_seconds": 1e9}, key=agent["agent_key"])
    assert answer.json["timed_out"] is True


def test_a_key_for_codes_only_reads_no_mailbox(daemon: RunningDaemon, world: World) -> None:
    key = daemon.agent(world.tenant, scopes=["mailbox:otp"])["agent_key"]
    for path in ("/v1/inboxes", f"/v1/messages/{world.message}"):
        assert daemon.call("GET", path, key=key).code == "scope_denied"
