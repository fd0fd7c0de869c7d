from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.edges.support import World, a_world
from tests.support import Answer, RunningDaemon, mail

LOREM = "Nothing of note stands here, only words between other words. " * 40


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    made = a_world(daemon, "Search")

    def put(subject: str, text: str, sender: str) -> None:
        daemon.deliver(made.address, mail(made.address, subject=subject, text=text, sender=sender))

    put("Invoice for March", "Please pay forty-two euros by Friday.", "Billing <billing@shop.test>")
    put("Lunch", f"{LOREM}The quick brown fox jumps.\n{LOREM}", "Ann Smith <ann@friends.test>")
    put("Réunion à midi", "On se voit au café, naïveté comprise.", "Zoë <zoe@friends.test>")
    scan, sender = {"scan.pdf": b"%PDF"}, "scan@office.test"
    text = "The invoice is attached."
    daemon.deliver(made.address, mail(made.address, subject="Your scan", text=text, sender=sender, attachments=scan))
    return made


def ask(daemon: RunningDaemon, key: str | None, q: str, **more: str) -> Answer:
    return daemon.call("GET", "/v1/search?" + urlencode({"q": q, **more}), key=key, local=key is None)


def found(daemon: RunningDaemon, world: World, q: str, **more: str) -> list[dict[str, Any]]:
    answer = ask(daemon, world.agent_key, q, **more)
    assert answer.status == 200, answer.body
    data: list[dict[str, Any]] = answer.json["data"]
    return data


@pytest.mark.parametrize(
    ("q", "subjects"),
    [
        ("invoice", ["Your scan", "Invoice for March"]),
        ("INVOICE euros", ["Invoice for March"]),
        ("invoice subject:march", ["Invoice for March"]),
        ("subject:invoice", ["Invoice for March"]),
        ("inv*", ["Your scan", "Invoice for March"]),
        ("invo", []),
        ('"brown fox"', ["Lunch"]),
        ('"fox brown"', []),
        ('"quick bro"*', ["Lunch"]),
        ("from:ann", ["Lunch"]),
        ("from:ann@friends.test", ["Lunch"]),
        ('FROM:"ann smith" fox', ["Lunch"]),
        ("from:friends.test", ["Réunion à midi", "Lunch"]),
        ("from:shop*", ["Invoice for March"]),
        ("reunion", ["Réunion à midi"]),
        ("CAFÉ", ["Réunion à midi"]),
        ("forty-two", ["Invoice for March"]),
        ("has:attachment from:office.test", ["Your scan"]),
        ("has:attachment invoice", ["Your scan"]),
        ("has:attachment fox", []),
        ("invoice after:2020-01-01", ["Your scan", "Invoice for March"]),
        ("invoice before:2020-01-01", []),
        ("invoice after:2020-01-01T00:00:00Z before:2999-12-31", ["Your scan", "Invoice for March"]),
        ("invoice before:yesterday", []),
        ("fox AND lunch", []),
        ('"', []),
        ("*", []),
        ("", []),
        ("!!! ???", []),
        ("invoice !!! euros", ["Invoice for March"]),
        ('"brown fox', ["Lunch"]),
        ("owners:fox", []),
    ],
)
def test_what_a_search_finds(daemon: RunningDaemon, world: World, q: str, subjects: list[str]) -> None:
    assert [message["subject"] for message in found(daemon, world, q)] == subjects


def test_a_snippet_is_plain_text_around_the_match(daemon: RunningDaemon, world: World) -> None:
    (message,) = found(daemon, world, "fox")
    assert "The quick brown fox jumps." in message["snippet"]
    assert message["snippet"].startswith("…")
    assert message["snippet"].isprintable()
    assert len(message["snippet"]) < 300
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"]
    assert message | {"snippet": ""} == next(one for one in listed if one["subject"] == "Lunch") | {"snippet": ""}
    (by_sender,) = found(daemon, world, "has:attachment from:office.test")
    assert by_sender["snippet"] == "The invoice is attached."


def test_a_search_is_of_ones_own_mail(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon, "Search too")
    sibling = daemon.agent(world.tenant, "sibling")["agent_key"]
    for key in (other.agent_key, sibling):
        assert ask(daemon, key, "invoice").json["data"] == []
        assert ask(daemon, key, "invoice", tenant=world.tenant).json["data"] == []
        assert "Your scan" not in ask(daemon, key, "has:attachment").body.decode()
        assert ask(daemon, key, world.agent.replace("_", "")).json["data"] == []
        answer = ask(daemon, key, "invoice", inbox=world.address)
        assert (answer.status, answer.code) == (404, "not_found")
    assert found(daemon, world, world.agent.replace("_", "")) == [], "whose it is is no word of the mail"


def test_operators_search_everything_or_a_tenant(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon, "Search as well")
    daemon.deliver(other.address, mail(other.address, subject="Invoice elsewhere"))

    def subjects(q: str, **more: str) -> set[str]:
        return {message["subject"] for message in ask(daemon, None, q, **more).json["data"]}

    assert {"Invoice for March", "Invoice elsewhere"} <= subjects("invoice")
    assert subjects("invoice", tenant=world.tenant) == {"Invoice for March", "Your scan"}
    assert subjects("subject:invoice", inbox=other.address) == {"Invoice elsewhere"}
    assert "Your scan" in subjects("has:attachment")


def test_one_mailbox_of_several(daemon: RunningDaemon) -> None:
    world = a_world(daemon, "Search two")
    second = daemon.inbox(world.agent_key)
    daemon.deliver([world.address, second["address"]], mail(world.address, subject="both", text="platypus"))
    assert len(found(daemon, world, "platypus")) == 2
    (one,) = found(daemon, world, "platypus", inbox=second["address"])
    assert one["inbox_id"] == second["id"]
    daemon.call("DELETE", f"/v1/messages/{one['id']}", key=world.agent_key)
    assert found(daemon, world, "platypus", inbox=second["id"]) == []


def test_a_search_too_long_or_missing_is_422(daemon: RunningDaemon, world: World) -> None:
    assert ask(daemon, world.agent_key, "x" * 501).code == "validation_failed"
    assert daemon.call("GET", "/v1/search", key=world.agent_key).code == "validation_failed"


_ODD = st.text(alphabet='ab"*:^+-(){}!?\\\x00\n é漢\u200d', max_size=40)
_WORDS = st.lists(
    st.sampled_from(
        ["NEAR(", "AND", "OR", "NOT", "from:", 'subject:"', "has:", "before:9999-99-99", '""', "a*", "-", "{a}:", "^a"]
    )
    | _ODD
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=500) | _ODD | _WORDS)
@example("NEAR(")
@example('"""')
@example("a" * 500)
@example("a* " * 160)
@example("\ud800")
@example('from:"')
@example("after:99999999999999999999")
def test_whatever_is_typed_is_no_error(daemon: RunningDaemon, world: World, q: str) -> None:
    text = urlencode({"q": q[:500]}, errors="surrogatepass")
    answer = daemon.call("GET", f"/v1/search?{text}", key=world.agent_key)
    assert answer.status == 200, answer.body
