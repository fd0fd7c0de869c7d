"""What one does at the console, against a real daemon: each change shows its command, its line and its link."""

from __future__ import annotations

import re

from tests.edges.support import World, audit_head, audit_since
from tests.support import RunningDaemon, mail
from tests.tui.conftest import Sit

KEY = re.compile(r"pk_enroll_\w+")


async def test_a_tenant_is_made_suspended_and_deleted(daemon: RunningDaemon, sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("Tenants", "STATE")
        before = audit_head(daemon)
        await seat.press("n")
        await seat.sees("New tenant")
        await seat.type("Blue Bottle")
        await seat.sees("$ posternctl tenant create 'Blue Bottle'")
        await seat.press("ctrl+s")
        await seat.sees(
            "$ posternctl tenant create 'Blue Bottle'", f"audit #{before + 1} socket:tenant:create", "o shows it"
        )
        await seat.press("o")
        await seat.sees("One-time link", "opens once")
        await seat.press("y", "escape", "escape")
        opened = daemon.call("POST", "/l/" + seat.copied.rpartition("/")[2]).json
        assert opened["purpose"] == "receipt"

        await seat.press("slash")
        await seat.type("blue")
        await seat.press("enter")
        await seat.sees("1 of ", "Blue Bottle")
        await seat.press("s")
        await seat.sees("Suspend Blue Bottle", "Type Blue Bottle to go on")
        await seat.type("Blue")
        await seat.press("enter")
        await seat.sees("That is not its name")
        assert audit_head(daemon) == before + 2  # the opened link
        await seat.type(" Bottle")
        await seat.press("enter")
        await seat.sees("suspended", "posternctl tenant suspend")
        await seat.press("s")
        await seat.sees("posternctl tenant resume", "active")
        await seat.press("d")
        await seat.sees("Delete Blue Bottle")
        await seat.type("Blue Bottle")
        await seat.press("enter")
        await seat.sees("Nothing here contains blue")
    actions = [line["action"].partition(":")[2] for line in audit_since(daemon, before)]
    changes = ["tenant:create", "link:open", "tenant:update", "tenant:update", "tenant:delete"]
    assert actions == changes


async def test_limits_are_set_and_given_up(daemon: RunningDaemon, sit: Sit) -> None:
    tenant = daemon.tenant("Limited")
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("Limited")
        await seat.press("l")
        await seat.sees("Limits of Limited")
        await seat.type("30")
        await seat.sees("tenant limit Limited retention_days=30")
        await seat.press("ctrl+s")
        await seat.sees("socket:tenant:update")
        assert daemon.operator("GET", f"/v1/tenants/{tenant}").json["limits"]["retention_days"] == 30
        table = seat.app.page.table  # type: ignore[union-attr]  # a listing
        await seat.until(lambda: table.row["limits"]["retention_days"] == 30)
        await seat.press("l")
        await seat.sees("Limits of Limited")
        field = seat.app.screen.query_one("#field-retention_days")
        field.focus()
        await seat.press("end", "backspace", "backspace", "x", "ctrl+s")
        await seat.sees("takes a whole number")
        field.focus()
        await seat.press("end", "backspace")
        await seat.sees("retention_days=default")
        await seat.press("ctrl+s")
        await seat.sees_no("Limits of Limited")
    assert daemon.operator("GET", f"/v1/tenants/{tenant}").json["limits"]["retention_days"] is None


async def test_a_minted_key_stays_covered_until_it_is_wanted(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    name = daemon.operator("GET", f"/v1/tenants/{world.tenant}").json["name"]
    async with sit() as seat:
        await seat.press("3", "m")
        await seat.sees("Mint an enrollment key")
        field = seat.app.screen.query_one("#field-tenant")
        field.value = name  # type: ignore[attr-defined]  # an Input
        seat.app.screen.query_one("#field-label").focus()
        await seat.type("console")
        await seat.press("ctrl+s")
        await seat.sees("Minted: shown here once", "••••")
        assert not KEY.search(seat.text)
        await seat.press("v")
        await seat.until(lambda: KEY.search(seat.text) is not None)
        await seat.press("v")
        await seat.until(lambda: not KEY.search(seat.text))
        await seat.press("y")
        secret = seat.copied
        await seat.press("o")
        await seat.sees("One-time link", "reveal")
        await seat.press("y", "escape")
        await seat.press("escape")
        await seat.sees("posternctl key mint --tenant", "console")
        assert not KEY.search(seat.text)
        assert daemon.call("POST", "/l/" + seat.copied.rpartition("/")[2]).json["secret"] == secret
        await seat.press("x")
        await seat.sees("Revoke console")
        await seat.type("console")
        await seat.press("enter")
        await seat.sees("revoked")
    assert daemon.call("POST", "/v1/enroll", {"enrollment_token": secret}).code == "enrollment_token_revoked"


async def test_an_agent_is_disabled_and_its_key_revoked(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("4")
        await seat.press("slash")
        handle = daemon.operator("GET", f"/v1/agents/{world.agent}").json["handle"]
        await seat.type(world.label.lower())
        await seat.press("enter")
        await seat.sees(handle[:10], "1 of ")
        await seat.press("s")
        await seat.sees("Every call of it is refused")
        await seat.type(handle)
        await seat.press("enter")
        await seat.sees("disabled", f"posternctl agent disable {world.agent}")
        assert daemon.call("GET", "/v1/whoami", key=world.agent_key).status == 401
        await seat.press("s")
        await seat.sees("posternctl agent enable")
        assert daemon.call("GET", "/v1/whoami", key=world.agent_key).status == 200
        await seat.press("escape", "e")
        await seat.sees("SCOPES", world.agent_key[:20])
        await seat.press("x")
        await seat.sees("Whoever holds it")
        row = seat.app.page.table.row  # type: ignore[union-attr]  # a listing
        await seat.type(row["prefix"])
        await seat.press("enter")
        await seat.sees("revoked")
    assert daemon.call("GET", "/v1/whoami", key=world.agent_key).status == 401


async def test_mail_shows_as_it_comes_and_is_read_with_its_grounds(
    daemon: RunningDaemon, world: World, sit: Sit
) -> None:
    async with sit() as seat:
        await seat.press("5")
        await seat.press("slash")
        await seat.type(world.address)
        await seat.press("enter", "enter")
        await seat.sees(world.address, "Messages")
        text = "Your verification code is 731904.\r\nSee https://foreign.test/verify?token=abc123\r\n"
        daemon.deliver(world.address, mail(world.address, subject="Newly come", text=text))
        await seat.sees("Newly come")
        await seat.press("g", "enter")
        await seat.sees("Extracted", "code  731904", "from text", "DMARC", "Your verification code is 731904.")
        await seat.press("y")
        assert seat.copied == "731904"
        await seat.press("h")
        await seat.sees("Received: ", "Subject: Newly come")
        await seat.press("s")
        await seat.sees("Content-T", "Subject: Newly come")
        await seat.press("a")
        await seat.sees("Nothing is attached")
        message = seat.app.page.context["message"]  # type: ignore[union-attr]  # a message's page
        assert daemon.operator("GET", f"/v1/messages/{message}").json["unread"] is True
        await seat.press("o")
        await seat.sees("One-time link", "download")
        await seat.press("y", "escape")
        opened = daemon.call("POST", "/l/" + seat.copied.rpartition("/")[2]).json
        assert opened["purpose"] == "download"
        await seat.press("u")
        await seat.sees("posternctl message read")
        await seat.press("d")
        await seat.sees("Delete a message for good")
        await seat.type("delete")
        await seat.press("enter")
        await seat.sees("posternctl message delete")
    assert daemon.operator("GET", f"/v1/messages/{message}").status == 404


async def test_what_a_mail_says_can_neither_steer_nor_style(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    raw = (
        f"From: =?utf-8?q?=1B]52=3Bc=3BaGk=3D=07Eve?= <eve@foreign.test>\r\nTo: {world.address}\r\n"
        "Subject: =?utf-8?q?[bold]styled[/bold]_=E2=80=AEturned?=\r\n\r\n[red]text[/red] \x1b[2J\x1b]0;owned\x07\r\n"
    ).encode()
    daemon.deliver(world.address, raw)
    async with sit() as seat:
        seat.app.visit("messages", {"inbox": world.address, "called": world.address}, "inboxes")
        await seat.sees("[bold]styled[/bold]")
        await seat.press("enter")
        await seat.sees("[red]text[/red]")
        for key in "hst":
            await seat.press(key)
            assert not set("\x1b\x07\u202e") & set(seat.text)
        await seat.press("escape", "i")
        await seat.sees("snippet")
        assert not set("\x1b\x07\u202e") & set(seat.text)


async def test_deliveries_are_replayed(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    async with sit((140, 40)) as seat:
        await seat.press("6")
        await seat.sees("https://hooks.invalid/postern")
        await seat.press("t")
        await seat.sees("posternctl webhook test", "socket:webhook:test")
        await seat.press("escape", "enter")
        await seat.sees("Deliveries", "dead", "webhook.test")
        await seat.press("p")
        await seat.sees("posternctl webhook replay", "socket:webhook:replay")


async def test_the_log_is_live_and_proven(daemon: RunningDaemon, sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("7")
        await seat.sees("SEQ", "OUTCOME")
        tenant = daemon.tenant("Noted")
        table = seat.app.page.table  # type: ignore[union-attr]  # a listing
        await seat.until(lambda: table.row is not None and table.row["target"] == tenant)
        await seat.press("i")
        await seat.sees(f"Line {audit_head(daemon)}", tenant, "prev")
        await seat.press("escape", "v")
        await seat.sees("Check the chain", "first bad seq", "yes")
        await seat.press("escape", "o")
        await seat.sees("One-time link", "receipt")
        await seat.press("escape", "escape", "c")
        await seat.sees("posternctl audit checkpoint")


async def test_operators_links_suppressions_and_search(daemon: RunningDaemon, world: World, sit: Sit) -> None:
    daemon.deliver(world.address, mail(world.address, subject="Findable marmalade"))
    async with sit((140, 40)) as seat:
        await seat.go("operators")
        await seat.press("m")
        await seat.sees("Mint a key for a remote operator")
        await seat.type("laptop")
        await seat.press("ctrl+s")
        await seat.sees("Minted: shown here once")
        await seat.press("escape", "escape")
        await seat.sees("laptop", "never")
        await seat.go("links")
        await seat.sees("PURPOSE", "reveal")
        await seat.go("suppressions")
        await seat.sees("Suppressed addresses")
        await seat.go("search marmalade")
        await seat.sees("Findable marmalade")
        await seat.press("enter")
        await seat.sees("From")
