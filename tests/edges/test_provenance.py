from __future__ import annotations

from typing import Any

import pytest

from tests.edges.support import World, a_world, answer_of, waiting
from tests.support import Answer, RunningDaemon, mail

LINK = "https://accounts.foreign.test/verify?token=Zk3vQ8pL1xR7"
BOTH = f"Your verification code is 482913.\n\nOr confirm your address here:\n{LINK}\n"


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon)


def wait_for(daemon: RunningDaemon, world: World, raw: bytes, *, sender: str, **request: Any) -> Answer:
    wait = waiting(daemon, world.address, world.agent_key, **{"timeout_seconds": 3, **request})
    daemon.deliver(world.address, raw, sender=sender)
    return answer_of(wait)


def test_code_and_link_each_tell_where_they_come_from(daemon: RunningDaemon, world: World) -> None:
    raw = mail(world.address, text=BOTH, sender="Foreign <no-reply@mail.foreign.test>")
    extracted = wait_for(daemon, world, raw, sender="bounce@bounces.foreign.test").json["extracted"]
    assert (extracted["otp_code"], extracted["verification_link"]) == ("482913", LINK)
    code, link = extracted["provenance"]["otp_code"], extracted["provenance"]["verification_link"]
    fields = {"confidence", "source", "span", "age_seconds", "authentication", "aligned", "link_domain"}
    assert set(code) == set(link) == fields
    assert code["source"] == link["source"] == "text"
    assert BOTH[code["span"]["start"] : code["span"]["end"]] == "482913"
    assert BOTH[link["span"]["start"] : link["span"]["end"]] == LINK
    assert 0.5 <= code["confidence"] <= 1
    assert 0 <= code["age_seconds"] < 60
    assert code["authentication"] == {"spf": "unknown", "dkim": "none", "dmarc": "unknown"}
    assert (code["aligned"], code["link_domain"]) == (False, None)
    assert (link["aligned"], link["link_domain"]) == (True, "accounts.foreign.test")


@pytest.mark.parametrize(
    ("sender", "link_aligned"),
    [
        ("a@foreign.test", True),
        ("a@deep.mail.foreign.test", True),
        ("a@evil.test", False),
        ("a@foreign.test.evil.test", False),
    ],
)
def test_a_link_is_aligned_by_its_registrable_domain(
    daemon: RunningDaemon, world: World, sender: str, *, link_aligned: bool
) -> None:
    answer = wait_for(daemon, world, mail(world.address, text=BOTH, sender=sender), sender=sender)
    assert answer.json["extracted"]["provenance"]["verification_link"]["aligned"] is link_aligned


def test_an_envelope_that_nobody_checked_vouches_for_no_code(daemon: RunningDaemon, world: World) -> None:
    raw = mail(world.address, sender="security@bank.test")
    answer = wait_for(daemon, world, raw, sender="security@bank.test", require_aligned=True, timeout_seconds=1)
    assert answer.json["timed_out"] is True
    assert answer.json["near_misses"]["reasons"]["aligned"] == 1


def test_what_is_not_aligned_is_withheld_where_that_was_asked(daemon: RunningDaemon, world: World) -> None:
    raw = mail(world.address, text=BOTH, sender="a@foreign.test")
    extracted = wait_for(daemon, world, raw, sender="a@foreign.test", require_aligned=True).json["extracted"]
    assert (extracted["otp_code"], extracted["verification_link"]) == (None, LINK)
    assert extracted["provenance"]["otp_code"] is None


def test_a_mail_with_nothing_good_enough_is_a_near_miss(daemon: RunningDaemon, world: World) -> None:
    raw = mail(world.address, subject="Hello", text="Nothing to see here.\n")
    misses = wait_for(daemon, world, raw, sender="a@foreign.test", min_confidence=0.5, timeout_seconds=1).json
    assert misses["near_misses"]["reasons"]["confidence"] == 1


def test_a_code_is_as_sure_as_was_asked_or_not_told(daemon: RunningDaemon, world: World) -> None:
    raw = mail(world.address, text="Your verification code is 482913.\n")
    sure = wait_for(daemon, world, raw, sender="a@foreign.test").json["extracted"]["provenance"]["otp_code"]
    enough, too_much = sure["confidence"], min(sure["confidence"] + 0.001, 1)
    assert not wait_for(daemon, world, raw, sender="a@foreign.test", min_confidence=enough).json["timed_out"]
    asked = {"min_confidence": too_much, "timeout_seconds": 1}
    assert wait_for(daemon, world, raw, sender="a@foreign.test", **asked).json["timed_out"]


def test_near_misses_tell_how_many_came_and_why_never_what_they_said(daemon: RunningDaemon, world: World) -> None:
    wait = waiting(
        daemon, world.address, world.agent_key, subject="invoice", regex="total", timeout_seconds=2, **{"from": "shop"}
    )
    secret = "unmistakable words"
    daemon.deliver(world.address, mail(world.address, subject=secret, text=secret, sender="x@shop.test"))
    daemon.deliver(
        world.address, mail(world.address, subject="Invoice", text="total: 5", sender=f"{secret} <a@b.test>")
    )
    answer = answer_of(wait)
    misses = answer.json["near_misses"]
    assert misses["arrived"] == 3  # the world's own mail came a little before
    assert misses["reasons"] == {"from": 2, "regex": 2, "since": 1, "subject": 2}
    assert [one["reasons"] for one in misses["messages"]] == [
        ["from"],
        ["subject", "regex"],
        ["from", "subject", "regex", "since"],
    ]
    assert "unmistakable" not in answer.body.decode()


def test_a_mail_that_came_just_before_is_a_near_miss_for_its_time(daemon: RunningDaemon, world: World) -> None:
    answer = daemon.call("POST", f"/v1/inboxes/{world.address}/wait", {"timeout_seconds": 0}, key=world.agent_key)
    assert answer.json["near_misses"]["reasons"] == {"since": 1}
