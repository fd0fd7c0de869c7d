"""Sending by command, against the real daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import data, document
from tests.edges.support import until
from tests.support import RunningDaemon


@pytest.fixture(scope="module")
def key(daemon: RunningDaemon) -> str:
    return str(daemon.agent()["agent_key"])


@pytest.fixture
def ours(daemon: RunningDaemon, key: str) -> str:
    return str(daemon.inbox(key)["address"])


def status(daemon: RunningDaemon, message: str) -> str:
    return str(daemon.operator("GET", f"/v1/messages/{message}").json["status"])


def test_a_mail_and_its_answer(daemon: RunningDaemon, key: str, ours: str, tmp_path: Path) -> None:
    plan, page = tmp_path / "Plan B.txt", tmp_path / "page.html"
    plan.write_text("plan")
    page.write_text("<p>Grüße</p>", encoding="utf-8")
    words = ["--subject", "Hello", "--text-file", "-", "--html-file", str(page), "--attach", str(plan)]
    done = daemon.ctl(
        "message", "send", ours, "--to", f"Me <{ours}>", "--header", "X-Run: 7", *words, input="Grüße\n", key=key
    )
    assert "message:send" in done.stderr
    listed = data(daemon.ctl("message", "list", ours, "--direction", "outbound", "--json", key=key))
    assert [one["subject"] for one in listed] == ["Hello"]
    until(lambda: status(daemon, listed[0]["id"]) == "delivered")
    told = daemon.ctl("message", "show", listed[0]["id"], key=key).stdout
    assert f"to {ours}: delivered (delivered to a mailbox here)" in told
    (arrived,) = data(daemon.ctl("message", "list", ours, "--direction", "inbound", "--json", key=key))
    shown = data(daemon.ctl("message", "show", arrived["id"], "--json", key=key))
    assert (shown["text"], shown["attachments"][0]["filename"]) == ("Grüße\n", "Plan B.txt")
    assert {"name": "X-Run", "value": "7"} in shown["headers"]

    other = daemon.inbox(key)["address"]
    sent = data(daemon.ctl("message", "send", ours, "--to", other, "--subject", "Q", "--text", "?", "--json", key=key))
    until(lambda: status(daemon, sent["id"]) == "delivered")
    (question,) = data(daemon.ctl("message", "list", other, "--json", key=key))
    reply = document(daemon.ctl("message", "reply", question["id"], "--text", "!", "--all", "--json", key=key))
    assert reply["data"]["thread_id"] == question["thread_id"]
    assert reply["audit"]["action"] == "rest:message:reply"
    assert reply["link"]["purpose"] == "receipt"


def test_the_same_key_is_the_same_mail(daemon: RunningDaemon, key: str, ours: str) -> None:
    words = ["message", "send", ours, "--to", ours, "--subject", "S", "--text", "T", "--idempotency-key", "k", "-q"]
    assert daemon.ctl(*words, key=key).stdout == daemon.ctl(*words, key=key).stdout
    assert len(data(daemon.ctl("message", "list", ours, "--direction", "outbound", "--json", key=key))) == 1


def test_a_dry_run_tells_and_sends_nothing(daemon: RunningDaemon, key: str, ours: str) -> None:
    words = ["message", "send", ours, "--to", ours, "--subject", "S", "--text", "T", "--dry-run"]
    assert "It would be sent." in daemon.ctl(*words, key=key).stderr
    assert data(daemon.ctl(*words, "--json", key=key))["would_send"] is True
    assert data(daemon.ctl("message", "list", ours, "--json", key=key)) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--to", "a@x.test", "--subject", "S"], 2, "Say something"),
        (["--to", "a@x.test", "--subject", "S", "--text", "T", "--text-file", "-"], 2, "not both"),
        (["--to", "a@x.test", "--subject", "S", "--text-file", "-", "--html-file", "-"], 2, "stdin"),
        (["--to", "a@x.test", "--subject", "S", "--text-file", "/nowhere/at-all"], 2, "cannot be read"),
        (["--to", "a@x.test", "--subject", "S", "--text", "T", "--attach", "/nowhere/at-all"], 2, "cannot be read"),
        (["--to", "a@x.test", "--subject", "S", "--text", "T", "--header", "no colon"], 2, "X-Name: value"),
        (["--to", "nobody", "--subject", "S", "--text", "T"], 2, "to.0"),
    ],
)
def test_what_cannot_be_sent_is_told_in_one_line(
    daemon: RunningDaemon, key: str, ours: str, words: list[str], code: int, says: str
) -> None:
    refused = daemon.ctl("message", "send", ours, *words, key=key, check=False)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert says in refused.stderr
    assert len(refused.stderr.splitlines()) <= 2
