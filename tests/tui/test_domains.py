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


async def test_records_are_set_and_deleted_after_a_look_at_what_changes(daemon: RunningDaemon, sit: Sit) -> None:
    daemon.operator("POST", "/v1/domains", {"name": NAME, "tenant_id": daemon.tenant("Zoned"), "mode": "delegated"})
    async with sit() as seat:
        await seat.go("zones")
        await seat.sees(NAME)
        await seat.press("enter")
        await seat.sees("SOA", "managed")
        await seat.press("n")
        await seat.sees(f"Set records of {NAME}")
        for words in ("www", "A", "192.0.2.1 | 192.0.2.2"):
            await seat.type(words)
            await seat.press("tab")
        await seat.sees(f"posternctl zone record set {NAME} www A 192.0.2.1", "192.0.2.2 --ttl 300")
        await seat.press("ctrl+s")
        await seat.sees("to go on", f"+ www.{NAME}. 300 IN A 192.0.2.1", f"+ www.{NAME}. 300 IN A 192.0.2.2")
        await seat.type("mail")
        await seat.press("enter")
        await seat.sees("That is not its name")
        await seat.press("escape")
        await seat.sees_no("to go on")
        await seat.press("ctrl+s")
        await seat.sees("+ www")
        await seat.type("www")
        await seat.press("enter")
        await seat.sees_no("to go on")
        await seat.sees("socket:zone:set_records", "added")
        await seat.press("escape", "slash")
        await seat.type("192.0.2.2")
        await seat.press("enter", "n")
        await seat.sees("192.0.2.1 | 192.0.2.2")
        await seat.press("ctrl+s")
        await seat.sees("Nothing would change.")
        await seat.type("www")
        await seat.press("enter", "escape", "escape", "d")
        await seat.sees("Delete all added A records of www", f"- www.{NAME}. 300 IN A 192.0.2.1")
        await seat.type("www")
        await seat.press("enter")
        await seat.sees(f"posternctl zone record delete {NAME} www A")
        await seat.press("escape", "escape", "G", "d")
        assert seat.app.page is seat.app.screen, "what is managed cannot be deleted"


async def test_what_a_zone_cannot_have_is_told_before_it_is_done(daemon: RunningDaemon, sit: Sit) -> None:
    async with sit() as seat:
        await seat.go("zones")
        await seat.sees("postern.test")
        await seat.press("G", "enter")
        await seat.sees("SOA")
        await seat.press("n")
        for words in ("mx", "CNAME", "elsewhere.example."):
            await seat.type(words)
            await seat.press("tab")
        await seat.press("ctrl+s")
        await seat.sees("to go on", "managed")
        await seat.type("mx")
        await seat.press("enter")
        await seat.press("escape")
        await seat.sees("elsewhere.example.", "Set records of postern.test")
        assert daemon.operator("GET", "/v1/zones/postern.test/records").json["data"] == []


async def test_of_many_changes_the_first_are_shown_and_the_rest_counted(daemon: RunningDaemon, sit: Sit) -> None:
    async with sit() as seat:
        await seat.go("zones")
        await seat.sees("postern.test")
        await seat.press("G", "enter")
        await seat.sees("SOA")
        await seat.press("n")
        for words in ("many", "A", "|".join(f"192.0.2.{number}" for number in range(8))):
            await seat.type(words)
            await seat.press("tab")
        await seat.press("ctrl+s")
        await seat.sees("+ many.postern.test. 300 IN A 192.0.2.0", "… and 4 more", "Type many to go on", "esc leave")


async def test_secondaries_come_and_go(daemon: RunningDaemon, sit: Sit) -> None:
    async with sit() as seat:
        await seat.go("zones")
        await seat.sees("postern.test")
        await seat.press("G", "w")
        await seat.sees("Nobody else serves this zone")
        await seat.press("n")
        await seat.type("ns9")
        await seat.press("tab")
        await seat.type("192.0.2.53")
        await seat.press("ctrl+s")
        await seat.sees("Minted: shown here once")
        await seat.press("escape", "escape")
        await seat.sees("ns9", "192.0.2.53")
        await seat.press("d")
        await seat.type("ns9")
        await seat.press("enter")
        await seat.sees("posternctl zone secondary remove postern.test ns9")


async def test_only_what_we_answer_for_leads_to_a_zone(daemon: RunningDaemon, sit: Sit) -> None:
    ours = {"name": "printed.example.org", "tenant_id": daemon.tenant("Printing"), "mode": "manual"}
    assert daemon.operator("POST", "/v1/domains", ours).status == 201
    async with sit() as seat:
        await seat.press("9", "slash")
        await seat.type("printed.example")
        await seat.press("enter")
        await seat.sees("1 of ", "records", "DKIM keys")
        assert "z zone" not in seat.text
        await seat.press("z")
        assert seat.app.page is not None
        assert seat.app.page.tab == "domains"
        await seat.sees("printed.example.org")
