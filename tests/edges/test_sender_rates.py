"""A sender that writes too much is told to wait; what it was not let in with comes in later."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.support import World, a_world, metric
from tests.edges.test_smtp import TIMEOUT_SECONDS
from tests.inside import DaemonInside
from tests.support import as_sent, mail

LIMITED = {"RATE_LOOPBACK": "limited", "RATE_INBOUND_PER_SENDER": "3", "RATE_INBOUND_PER_NETWORK": "6"}


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[DaemonInside]:
    running = DaemonInside(tmp_path / "data", LIMITED).start()
    yield running
    running.stop()


@pytest.fixture
def world(limited: DaemonInside) -> World:
    made = a_world(limited)  # with a mail, which counts
    limited.clock.advance(seconds=60)
    return made


def sent(daemon: DaemonInside, to: str, raw: bytes, sender: str = "ann@foreign.test") -> tuple[int, str]:
    """Try to hand a mail over as a mail server does, and say how that went."""
    with smtplib.SMTP(*daemon.smtp, timeout=TIMEOUT_SECONDS) as server:
        try:
            server.sendmail(sender, [to], raw)
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = refused.recipients[to]
            return code, text.split()[0].decode()
    return 250, ""


def raws(daemon: DaemonInside, world: World) -> list[bytes]:
    """Return what came in after the world's own mail, oldest first."""
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"]
    paths = [f"/v1/messages/{one['id']}/raw" for one in reversed(listed) if one["id"] != world.message]
    return [as_sent(daemon.call("GET", path, key=world.agent_key).body) for path in paths]


def test_the_mail_that_was_deferred_comes_in_later_whole(limited: DaemonInside, world: World) -> None:
    mails = [mail(world.address, subject=f"number {number}") for number in range(5)]
    waiting, rounds = list(mails), []
    while waiting:
        turned_away = []
        for raw in waiting:
            code, status = sent(limited, world.address, raw)
            assert (code, status) in {(250, ""), (450, "4.7.1")}
            if code == 450:
                turned_away.append(raw)
        rounds.append(len(waiting) - len(turned_away))
        waiting = turned_away
        limited.clock.advance(seconds=20)
    assert rounds == [3, 1, 1], "three at once, then one in twenty seconds"
    assert raws(limited, world) == mails
    assert metric(limited, 'postern_noise_total{kind="mails_deferred"}') == 3


def test_another_mailbox_and_another_sender_are_not_held_up(limited: DaemonInside, world: World) -> None:
    other = limited.inbox(world.agent_key)["address"]
    for _ in range(3):
        assert sent(limited, world.address, mail(world.address))[0] == 250
    plus = world.address.replace("@", "+label@")
    for sender in ("ann@foreign.test", "Ann+x@FOREIGN.test"):
        assert sent(limited, plus, mail(plus), sender)[0] == 450
    assert sent(limited, other, mail(other))[0] == 250
    assert sent(limited, world.address, mail(world.address), "bob@foreign.test")[0] == 250


def test_a_sender_of_many_names_is_counted_by_its_network(limited: DaemonInside, world: World) -> None:
    names = [f"{number}@{number}.test" for number in range(7)]
    codes = [sent(limited, world.address, mail(world.address), name)[0] for name in names]
    assert codes == [250] * 6 + [450]
    assert sent(limited, world.address, mail(world.address), "")[0] == 450


def test_a_tenant_has_limits_of_its_own(limited: DaemonInside, world: World) -> None:
    limits = {"rate_inbound_per_sender": 0, "rate_inbound_per_network": 10}
    assert limited.operator("PATCH", f"/v1/tenants/{world.tenant}", {"limits": limits}).status == 200
    codes = [sent(limited, world.address, mail(world.address))[0] for _ in range(11)]
    assert codes == [250] * 10 + [450]


def test_this_machine_is_exempt_unless_told_otherwise(inside: DaemonInside) -> None:
    world = a_world(inside)
    limits = {"rate_inbound_per_sender": 1, "rate_inbound_per_network": 1}
    assert inside.operator("PATCH", f"/v1/tenants/{world.tenant}", {"limits": limits}).status == 200
    assert [sent(inside, world.address, mail(world.address))[0] for _ in range(3)] == [250] * 3
