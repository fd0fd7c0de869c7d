"""What comes by itself: who waits, what became of a delivery; and what the daemon was told to do."""

from __future__ import annotations

import pytest

from postern_ctl.client import Postern
from tests.conftest import Start
from tests.edges.support import World, a_world, answer_of, waiting
from tests.receiver import Receiver
from tests.support import RunningDaemon, mail
from tests.tui.conftest import Sit
from tests.tui.seat import LARGE, SMALL, seated


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=str)
async def test_who_waits_shows_while_they_wait(
    daemon: RunningDaemon, world: World, sit: Sit, size: tuple[int, int]
) -> None:
    async with sit(size) as seat:
        await seat.sees("● ready")
        assert "WAITS" not in seat.text
        first = waiting(daemon, world.address, world.agent_key, subject="sesame")
        await seat.sees("WAITS", "UNTIL", "subject sesame")
        waiting(daemon, world.address, world.agent_key, **{"from": "example.com"})
        await seat.sees("from example.com")
        daemon.deliver(world.address, mail(world.address, subject="Open sesame"))
        answer_of(first)
        await seat.sees_no("subject sesame")
        await seat.press("w")
        await seat.sees("Waits in progress", "BEGAN", "from example.com")
        await seat.press("Y")
        assert seat.copied == "posternctl wait list"
        await seat.press("enter")
        await seat.sees("▸  Messages", "Open sesame")
        daemon.operator("DELETE", f"/v1/inboxes/{world.inbox}")
        await seat.go("waits")
        await seat.sees("Nobody waits")
        await seat.press("1")
        await seat.sees("● ready")
        await seat.sees_no("WAITS")


async def test_the_settings_are_the_daemons(start: Start) -> None:
    running = start(MAX_WAIT_MS="1234", ACS_EVENTS_SECRET="not to be seen by anybody at all")
    async with seated(Postern(socket_path=running.ready["socket"]), LARGE) as seat:
        await seat.press("8")
        await seat.sees("version", "0.1.0", running.ready["http"], "running", "max_message_bytes")
        await seat.press("slash")
        await seat.type("max_wait")
        await seat.sees("1234", "environment")
        await seat.press("enter", "y")
        assert seat.copied == "max_wait_ms = 1234"
        await seat.press("escape", "slash")
        await seat.type("acs_events")
        await seat.sees("(set)")
        assert "not to be seen" not in seat.text


async def test_what_becomes_of_a_delivery_shows_by_itself(start: Start) -> None:
    """The event of a mail comes before its delivery is settled, and no audit line tells of that."""
    running = start(WEBHOOK_ALLOW="loopback")
    world = a_world(running)
    with Receiver() as receiver:
        body = {"url": receiver.url, "events": ["message.received"], "address": world.address}
        assert running.operator("POST", "/v1/webhooks", body).status == 201
        async with seated(Postern(socket_path=running.ready["socket"])) as seat:
            await seat.press("6", "enter")
            await seat.sees("Nothing was delivered yet")
            running.deliver(world.address, mail(world.address))
            await seat.sees("received", "delivered")
            receiver.reply = 503
            running.deliver(world.address, mail(world.address))
            await seat.sees("pending", "503")
            await seat.press("escape")
            await seat.sees("Webhooks")
