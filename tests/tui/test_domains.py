"""Domains and zones at the console."""

from __future__ import annotations

from tests.support import RunningDaemon
from tests.tui.conftest import Sit

NAME = "agents.example.com"


async def test_a_domain_is_added_verified_and_removed(daemon: RunningDaemon, sit: Sit) -> None:
    daemon.tenant("Delegating")
    async with sit() as seat:
        await seat.press("9", "n")
        await seat.sees("Add a domain")
        await seat.type(NAME)
        await seat.press("tab")
        await seat.type("Delegating")
        await seat.press("ctrl+s")
        await seat.sees(f"posternctl domain add {NAME} --tenant Delegating", "socket:domain:create")
        await seat.press("escape", "enter")
        await seat.sees("Records to add", "NS")
        await seat.press("escape", "e")
        await seat.sees("DKIM keys", "ed25519")
        await seat.press("escape", "z")
        await seat.sees("▸  Zone", "SOA", "managed")
        await seat.press("escape", "v")
        await seat.sees(f"posternctl domain verify {NAME}")
        await seat.press("escape", "d")
        await seat.sees(f"Remove {NAME}")
        await seat.type(NAME)
        await seat.press("enter")
        await seat.sees(f"posternctl domain remove {NAME}")
        await seat.go("zones")
        await seat.sees("SERIAL", "ours")
