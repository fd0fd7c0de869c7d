from __future__ import annotations

import pytest

from tests.edges.support import until
from tests.support import RunningDaemon


def status(daemon: RunningDaemon, key: str, message: str) -> str:
    return str(daemon.call("GET", f"/v1/messages/{message}", key=key).json["status"])


def settled(daemon: RunningDaemon, key: str, message: str, state: str) -> dict[str, object]:
    """Wait until a message is in a state, and return it."""
    until(lambda: status(daemon, key, message) == state)
    shown: dict[str, object] = daemon.call("GET", f"/v1/messages/{message}", key=key).json
    return shown


@pytest.fixture(scope="module")
def key(daemon: RunningDaemon) -> str:
    return str(daemon.agent()["agent_key"])


def test_a_mail_between_two_mailboxes_of_the_house(daemon: RunningDaemon, key: str) -> None:
    ours, theirs = daemon.inbox(key, display_name="Ours"), daemon.inbox(daemon.agent()["agent_key"])
    body = {"to": theirs["address"], "subject": "Hello", "text": "Good morning.\n"}
    answer = daemon.call("POST", f"/v1/inboxes/{ours['address']}/send", body, key=key)
    assert answer.status == 202, answer.body
    sent = answer.json
    assert sent.keys() == {"id", "status", "thread_id"}
    assert sent["status"] == "queued"
    shown = settled(daemon, key, sent["id"], "delivered")
    assert shown["direction"] == "outbound"
    (arrived,) = daemon.operator("GET", f"/v1/inboxes/{theirs['address']}/messages").json["data"]
    assert (arrived["direction"], arrived["from"], arrived["subject"], arrived["unread"]) == (
        "inbound",
        f"Ours <{ours['address']}>",
        "Hello",
        True,
    )
