"""`posternctl webhook` against a real daemon and a real receiver."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.cli.support import POSTERNCTL, data, document, environment
from tests.receiver import Receiver
from tests.support import RunningDaemon

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    running = RunningDaemon(tmp_path_factory.mktemp("d") / "data", {"WEBHOOK_ALLOW": "loopback"}).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def key(daemon: RunningDaemon) -> str:
    return str(daemon.agent()["agent_key"])


def test_the_life_of_a_webhook(daemon: RunningDaemon, key: str) -> None:
    inbox = data(daemon.ctl("inbox", "create", "--json", key=key))["address"]
    with Receiver() as receiver:
        made = daemon.ctl("webhook", "add", receiver.url, "--address", inbox, "--reveal", "--json", key=key)
        webhook, secret = data(made)["id"], data(made)["secret"]
        assert document(made)["audit"]["action"] == "rest:webhook:create"
        assert data(daemon.ctl("webhook", "test", webhook, "--json", key=key))["status"] == "delivered"
        receiver.next().verified(secret)
        rotated = daemon.ctl("webhook", "rotate", webhook, key=key)
        assert not SECRET.search(rotated.stdout + rotated.stderr), "the link is the way to it"
        shown = daemon.ctl("webhook", "show", webhook, key=key).stdout
        assert "old secret until" in shown
        assert not SECRET.search(shown)
        receiver.reply = 500
        failed = daemon.ctl("webhook", "test", webhook, key=key, check=False)
        assert failed.returncode == 1
        assert "the receiver answered 500" in failed.stderr
        (dead,) = data(daemon.ctl("webhook", "deliveries", webhook, "--status", "dead", "--json", key=key))
        receiver.reply = 200
        replayed = daemon.ctl("webhook", "replay", dead["id"], key=key)
        assert "delivered" in replayed.stdout
        listed = daemon.ctl("webhook", "list", key=key).stdout
        assert webhook in listed
        assert all(len(line) <= 80 for line in listed.splitlines())
        table = daemon.ctl("webhook", "deliveries", webhook, key=key).stdout
        assert all(len(line) <= 80 for line in table.splitlines())
        daemon.ctl("webhook", "remove", webhook, key=key)
        assert daemon.ctl("webhook", "show", webhook, key=key, check=False).returncode == 4
        assert "There is no webhook" in daemon.ctl("webhook", "list", key=key).stderr


def test_a_mailbox_with_its_webhook_keeps_the_secret_for_the_link(daemon: RunningDaemon, key: str) -> None:
    words = ("inbox", "create", "--webhook", "https://hooks.invalid/")
    for extra in ((), ("--json",)):
        told = daemon.ctl(*words, *extra, key=key)
        assert not SECRET.search(told.stdout + told.stderr)
        assert "webhook" in told.stdout
    assert SECRET.search(daemon.ctl(*words, "--reveal", key=key).stdout)
    link = document(daemon.ctl(*words, "--json", key=key))["link"]
    assert link["purpose"] == "reveal"
    assert SECRET.fullmatch(daemon.ctl("link", "open", link["url"]).stdout.strip())


def test_what_is_refused_says_what_to_do(daemon: RunningDaemon, key: str) -> None:
    refused = daemon.ctl("webhook", "add", "https://10.0.0.1/", key=key, check=False)
    assert refused.returncode == 2
    assert "private" in refused.stderr


def test_deliveries_are_followed(daemon: RunningDaemon, key: str) -> None:
    with Receiver() as receiver:
        webhook = data(daemon.ctl("webhook", "add", receiver.url, "--json", key=key))["id"]
        daemon.ctl("webhook", "test", webhook, key=key)
        with subprocess.Popen(
            [*POSTERNCTL, "webhook", "deliveries", webhook, "--follow", "--json"],
            env=environment(POSTERN_DATA_DIR=str(daemon.data_dir)),
            stdout=subprocess.PIPE,
            text=True,
        ) as following:
            assert following.stdout is not None
            first = json.loads(following.stdout.readline())["data"]
            daemon.ctl("webhook", "test", webhook, key=key)
            second = json.loads(following.stdout.readline())["data"]
            assert {first["status"], second["status"]} <= {"delivered", "pending"}
            assert first["id"] != second["id"]
            following.terminate()
        daemon.ctl("webhook", "remove", webhook, key=key)
