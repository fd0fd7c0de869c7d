"""A daemon whose mail goes out through a relay."""

from __future__ import annotations

from tests.conftest import Start
from tests.edges.support import until
from tests.edges.test_sending import send, settled, shown
from tests.standins.smtp import Relay

BACKEND = {"SEND_BACKEND": "smtp", "SMTP_RELAY_SECURITY": "none"}


def test_a_mail_goes_out_and_what_waits_for_a_relay_goes_out_when_there_is_one(start: Start) -> None:
    with Relay() as relay:
        daemon = start(**BACKEND, SMTP_RELAY="127.0.0.1:1")
        key = daemon.agent()["agent_key"]
        ours = daemon.inbox(key)["address"]
        answer = send(daemon, key, ours)
        until(lambda: bool(shown(daemon, answer.json["id"])["deliveries"][0]["detail"]))
        ready = daemon.call("GET", "/readyz")
        assert (ready.status, ready.json["problems"]) == (
            503,
            ["no mail goes out; `posternctl config check` says why"],
        )
        assert daemon.stop() == 0

        daemon.settings["SMTP_RELAY"] = relay.at
        daemon.start()
        settled(daemon, send(daemon, key, ours, to="john@foreign.test"), "sent")
        assert daemon.call("GET", "/readyz").status == 200
        [mail] = relay.mails
        assert mail.recipients == ("john@foreign.test",)
        assert shown(daemon, answer.json["id"])["status"] == "queued", "until its time comes"


def test_a_crash_while_the_relay_thinks_sends_nothing_twice_and_is_told(start: Start) -> None:
    with Relay() as relay:
        daemon = start(**BACKEND, SMTP_RELAY=relay.at)
        key = daemon.agent()["agent_key"]
        ours = daemon.inbox(key)["address"]
        relay.holds.set()
        answer = send(daemon, key, ours)
        until(lambda: len(relay.mails) == 1)
        daemon.kill()
        relay.holds.clear()
        daemon.start()
        failed = settled(daemon, answer, "failed")
        assert failed["deliveries"][0]["detail"].startswith("unknown outcome")
        assert daemon.stop() == 0
        daemon.start()
        settled(daemon, send(daemon, key, ours, to="john@foreign.test"), "sent")
        assert len(relay.mails) == 2
