from __future__ import annotations

from typing import Any

import pytest

from tests.edges.support import World, a_world, looked_up
from tests.inside import DaemonInside
from tests.support import RunningDaemon, mail

ALICE = "Alice <alice@foreign.test>"


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Threads")


def put(daemon: RunningDaemon, world: World, subject: str, *, sender: str = ALICE, **headers: str) -> dict[str, Any]:
    """Deliver one mail and return it as it is listed; `_` in a header's name is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    daemon.deliver(world.address, mail(world.address, subject=subject, sender=sender, headers=named))
    listed = daemon.operator("GET", f"/v1/inboxes/{world.inbox}/messages?limit=1").json["data"]
    found: dict[str, Any] = listed[0]
    return found


def threads(daemon: RunningDaemon, world: World, query: str = "") -> list[dict[str, Any]]:
    answer = daemon.call("GET", f"/v1/inboxes/{world.address}/threads?{query}", key=world.agent_key)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def test_what_answers_what_is_one_thread_oldest_first(daemon: RunningDaemon, world: World) -> None:
    first = put(daemon, world, "Lunch", Message_ID="<1@x.test>")
    bob = "Bob <bob@foreign.test>"
    second = put(daemon, world, "Re: Lunch", sender=bob, Message_ID="<2@x.test>", In_Reply_To="<1@x.test>")
    third = put(daemon, world, "Elsewhere", Message_ID="<3@x.test>", References="<1@x.test> <2@x.test>")
    answer = daemon.call("GET", f"/v1/threads/{first['thread_id']}", key=world.agent_key).json
    assert [message["id"] for message in answer["messages"]] == [first["id"], second["id"], third["id"]]
    assert answer["next_cursor"] is None
    shown = {name: answer[name] for name in ("subject", "participants", "message_count", "last_message_at", "unread")}
    assert shown == {
        "subject": "Lunch",
        "participants": ["alice@foreign.test", world.address, "bob@foreign.test"],
        "message_count": 3,
        "last_message_at": third["received_at"],
        "unread": True,
    }
    listed = threads(daemon, world)[0]
    assert listed == {name: answer[name] for name in listed}


def test_an_answer_that_comes_before_what_it_answers_is_in_its_thread(daemon: RunningDaemon, world: World) -> None:
    late = put(daemon, world, "Re: Order", Message_ID="<b@x.test>", References="<root@x.test> <a@x.test>")
    other = put(daemon, world, "Re: Order too", sender="c@foreign.test", In_Reply_To="<root@x.test>")
    root = put(daemon, world, "Order", Message_ID="<root@x.test>")
    assert late["thread_id"] == other["thread_id"] == root["thread_id"]


def test_the_parent_goes_before_its_ancestors(daemon: RunningDaemon, world: World) -> None:
    one = put(daemon, world, "One", Message_ID="<one@x.test>")
    two = put(daemon, world, "Two", Message_ID="<two@x.test>")
    assert one["thread_id"] != two["thread_id"]
    both = put(daemon, world, "Both", References="<one@x.test> <two@x.test>")
    assert both["thread_id"] == two["thread_id"]
    parent = put(daemon, world, "Both", References="<one@x.test> <two@x.test>", In_Reply_To="<one@x.test>")
    assert parent["thread_id"] == one["thread_id"]


@pytest.mark.parametrize(
    ("subject", "sender", "same"),
    [
        ("Re: Invoice", ALICE, True),
        ("AW: [billing] SV: FWD: invoice", ALICE, True),
        ("回复\uff1aInvoice", ALICE, True),
        ("Re[2]: Invoice (fwd)", ALICE, True),
        ("Invoice", ALICE, False),
        ("Re: Invoice 2", ALICE, False),
        ("Re: [#7] Invoice", ALICE, False),
        ("Re: Invoice", "Mallory <mallory@foreign.test>", False),
    ],
)
def test_a_subject_is_a_guess_for_answers_of_the_same_people(
    daemon: RunningDaemon, world: World, subject: str, sender: str, same: bool
) -> None:
    first = put(daemon, world, "Invoice")
    assert (put(daemon, world, subject, sender=sender)["thread_id"] == first["thread_id"]) is same


def test_no_thread_reaches_into_another_mailbox(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon, "Threads too")
    first = put(daemon, world, "Shared", Message_ID="<shared@x.test>")
    second = put(daemon, other, "Re: Shared", In_Reply_To="<shared@x.test>")
    assert first["thread_id"] != second["thread_id"]


def test_an_old_subject_is_no_clue(inside: DaemonInside) -> None:
    world = a_world(inside)
    first = put(inside, world, "Invoice")
    inside.clock.advance(days=29)
    again = put(inside, world, "Re: Invoice")
    inside.clock.advance(days=31)
    assert again["thread_id"] == first["thread_id"] != put(inside, world, "Re: Invoice")["thread_id"]


def test_counts_follow_reading_and_deleting(daemon: RunningDaemon, world: World) -> None:
    first = put(daemon, world, "Count", Message_ID="<c@x.test>")
    second = put(daemon, world, "Re: Count", sender="bob@foreign.test", In_Reply_To="<c@x.test>")

    def seen() -> tuple[int, bool, str, list[str]]:
        thread = threads(daemon, world)[0]
        assert thread["id"] == first["thread_id"]
        return thread["message_count"], thread["unread"], thread["last_message_at"], thread["participants"]

    assert seen()[:3] == (2, True, second["received_at"])
    daemon.call("PATCH", f"/v1/messages/{first['id']}", {"unread": False}, key=world.agent_key)
    daemon.call("GET", f"/v1/messages/{second['id']}?mark_read=true", key=world.agent_key)
    assert seen()[:2] == (2, False)
    daemon.call("PATCH", f"/v1/messages/{first['id']}", {"unread": True}, key=world.agent_key)
    daemon.call("DELETE", f"/v1/messages/{second['id']}", key=world.agent_key)
    assert seen() == (1, True, first["received_at"], ["alice@foreign.test", world.address])
    daemon.call("DELETE", f"/v1/messages/{first['id']}", key=world.agent_key)
    answer = daemon.call("GET", f"/v1/threads/{first['thread_id']}", key=world.agent_key)
    assert (answer.status, answer.code) == (404, "not_found")
    gone = looked_up(daemon, "SELECT count(*) FROM thread_mentions WHERE thread_id = ?", first["thread_id"])
    assert gone == [(0,)]


def test_a_walk_sees_every_thread_once_while_mail_moves_them_to_the_front(daemon: RunningDaemon, world: World) -> None:
    for number in range(5):
        put(daemon, world, f"topic {number}", Message_ID=f"<topic{number}@x.test>")
    before = [thread["id"] for thread in threads(daemon, world)]
    seen, cursor, number = [], "", 0
    while True:
        page = daemon.call("GET", f"/v1/inboxes/{world.inbox}/threads?limit=2{cursor}", key=world.agent_key).json
        seen += [thread["id"] for thread in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        put(daemon, world, "bump", In_Reply_To=f"<topic{number}@x.test>")  # the oldest, not yet seen, come first
        put(daemon, world, "new topic")
        number += 1
    assert seen == before
    assert [thread["subject"] for thread in threads(daemon, world)[:3]] == ["new topic", "topic 1", "new topic"]


def test_the_messages_of_a_long_thread_come_in_pages(daemon: RunningDaemon, world: World) -> None:
    ids = [put(daemon, world, "long", References="<long@x.test>")["id"] for _ in range(5)]
    thread = threads(daemon, world)[0]["id"]
    seen, cursor = [], ""
    while True:
        answer = daemon.call("GET", f"/v1/threads/{thread}?limit=2{cursor}", key=world.agent_key).json
        seen += [message["id"] for message in answer["messages"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == ids
    other = daemon.call("GET", f"/v1/threads/{world.thread}?limit=2{cursor}", key=world.agent_key)
    assert (other.status, other.code) == (400, "bad_request")
