"""What every receive backend has to do, against the real servers: our own, a Dovecot, a WildDuck."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from tests.edges.support import EPOCH, background, until
from tests.interop.receive_rigs import CatchAll, Ducks, Rig, eventually, rig
from tests.interop.wildduck_server import WildDuck
from tests.support import Answer, RunningDaemon, mail

pytestmark = [pytest.mark.interop, pytest.mark.timeout(240)]
MANY = 200
MESSAGE_MAX_BYTES = 300_000


@dataclass
class World:
    """A daemon on a backend, and an agent of it."""

    daemon: RunningDaemon
    rig: Rig
    key: str
    tenant: str
    agent: str

    def mailbox(self, **wanted: Any) -> str:
        return str(self.daemon.inbox(self.key, **wanted)["address"])

    def deliver(self, to: str, subject: str, **more: Any) -> bytes:
        raw = mail(to, subject=subject, **more)
        eventually(self.rig.deliver, self.daemon, to, raw)
        return raw

    def listed(self, address: str) -> list[dict[str, Any]]:
        answer = self.daemon.call("GET", f"/v1/inboxes/{address}/messages?limit=200", key=self.key)
        found: list[dict[str, Any]] = answer.json["data"]
        return found

    def subjects(self, address: str) -> list[str]:
        return sorted(one["subject"] for one in self.listed(address))

    def arrived(self, address: str, *subjects: str) -> dict[str, dict[str, Any]]:
        """Wait until a mailbox has these mails, and see that it has each once and no other."""
        until(lambda: set(subjects) <= set(self.subjects(address)))
        assert self.subjects(address) == sorted(subjects)
        return {one["subject"]: one for one in self.listed(address)}

    def wait(self, address: str, **asked: Any) -> Answer:
        body = {"timeout_seconds": 60, "since": EPOCH} | asked
        return self.daemon.call("POST", f"/v1/inboxes/{address}/wait", body, key=self.key)


everywhere = pytest.mark.parametrize("world", ["embedded", "imap", "wildduck"], indirect=True, scope="module")
elsewhere = pytest.mark.parametrize("world", ["imap", "wildduck"], indirect=True, scope="module")
catch_all = pytest.mark.parametrize("world", ["imap"], indirect=True, scope="module")
with_accounts = pytest.mark.parametrize("world", ["wildduck"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("r")
    with rig(request.param, home) as server:
        limits = {"MAX_MESSAGE_BYTES": str(MESSAGE_MAX_BYTES)}
        daemon = RunningDaemon(home / "data", server.settings() | limits).start()
        try:
            agent = daemon.agent(max_mailboxes=2 * MANY + 100)
            yield World(daemon, server, agent["agent_key"], agent["tenant_id"], agent["agent_id"])
        finally:
            if daemon.process is not None:
                daemon.stop()


def ducks(world: World) -> WildDuck:
    assert isinstance(world.rig, Ducks)
    return world.rig.server


@everywhere
def test_a_mail_wakes_who_waits_and_is_kept_to_the_octet(world: World) -> None:
    address = world.mailbox()
    waiting = background(lambda: world.wait(address))
    files = {"file.bin": bytes(range(256)) * 40}
    raw = world.deliver(address, "first", text="Your verification code is 730184.\n", attachments=files)
    assert waiting.result(60).json["extracted"]["otp_code"] == "730184"
    one = world.arrived(address, "first")["first"]
    kept = world.daemon.call("GET", f"/v1/messages/{one['id']}/raw", key=world.key).body
    assert raw.rstrip() in kept if world.rig.is_elsewhere is False else kept == world.rig.raw(address, "first")
    file = world.daemon.call("GET", f"/v1/messages/{one['id']}/attachments/0", key=world.key)
    assert file.body == files["file.bin"]


@everywhere
def test_the_operators_mail_comes_to_the_operator(world: World) -> None:
    domain = world.mailbox().partition("@")[2]
    world.deliver(f"abuse@{domain}", "spam from you")
    listed = f"/v1/inboxes/postmaster@{domain}/messages"
    until(lambda: world.daemon.operator("GET", listed).status == 200)
    until(lambda: [one["subject"] for one in world.daemon.operator("GET", listed).json["data"]] == ["spam from you"])


@everywhere
def test_a_label_is_delivered_without_it(world: World) -> None:
    address, other = world.mailbox(), world.mailbox()
    world.deliver(address.replace("@", "+label@"), "labelled")
    world.arrived(address, "labelled")
    assert world.subjects(other) == []


@elsewhere
def test_what_is_read_and_deleted_here_is_so_there(world: World) -> None:
    address = world.mailbox()
    for subject in ("toread", "toremove"):
        world.deliver(address, subject)
    found = world.arrived(address, "toread", "toremove")
    assert world.rig.unread(address, "toread") is True
    path = f"/v1/messages/{found['toread']['id']}"
    assert world.daemon.call("GET", f"{path}?mark_read=true", key=world.key).status == 200
    until(lambda: world.rig.unread(address, "toread") is False)
    assert world.daemon.call("PATCH", path, {"unread": True}, key=world.key).status == 200
    until(lambda: world.rig.unread(address, "toread") is True)
    assert world.daemon.call("DELETE", f"/v1/messages/{found['toremove']['id']}", key=world.key).status == 200
    until(lambda: world.rig.unread(address, "toremove") is None)
    assert world.subjects(address) == ["toread"]


@with_accounts
def test_what_is_read_and_deleted_there_is_so_here(world: World) -> None:
    address = world.mailbox()
    for subject in ("seen", "expunged"):
        world.deliver(address, subject)
    world.arrived(address, "seen", "expunged")
    access = world.daemon.call("POST", f"/v1/inboxes/{address}/credentials", key=world.key).json["imap"]
    client = IMAPClient(access["host"], access["port"], ssl=False)
    client.login(access["username"], access["password"])
    client.select_folder("INBOX")
    by_subject = {one: client.search(["SUBJECT", one]) for one in ("seen", "expunged")}
    client.add_flags(by_subject["seen"], [b"\\Seen"])
    until(lambda: not {one["subject"]: one for one in world.listed(address)}["seen"]["unread"])
    client.delete_messages(by_subject["expunged"])
    client.expunge(by_subject["expunged"])
    until(lambda: world.subjects(address) == ["seen"])
    client.logout()


@elsewhere
def test_a_mail_that_is_too_large_is_left_and_holds_nothing_up(world: World) -> None:
    address = world.mailbox()
    world.deliver(address, "large", attachments={"large.bin": b"x" * MESSAGE_MAX_BYTES})
    world.deliver(address, "small")
    world.arrived(address, "small")
    assert 'mails_too_large"} 1' in world.daemon.call("GET", "/metrics", local=True).body.decode()
    assert world.rig.unread(address, "large") is True


@everywhere
def test_a_mailbox_that_is_made_again_has_nothing_of_the_old_one(world: World) -> None:
    address = world.mailbox(username="again")
    world.deliver(address, "before")
    world.arrived(address, "before")
    assert world.daemon.call("DELETE", f"/v1/inboxes/{address}", key=world.key).status == 200
    body = {"username": "again", "agent_id": world.agent}
    assert world.daemon.operator("POST", "/v1/inboxes", body).status == 201
    assert world.subjects(address) == []
    world.deliver(address, "after")
    world.arrived(address, "after")


@everywhere
def test_many_mailboxes_are_watched_at_once(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        addresses = list(pool.map(lambda _: world.mailbox(), range(MANY)))
        waits = [background(partial(world.wait, address, timeout_seconds=120)) for address in addresses[::20]]
        list(pool.map(lambda one: world.deliver(one, f"for {one}"), addresses))
        assert all(wait.result(120).json["timed_out"] is False for wait in waits)
        list(pool.map(lambda one: world.arrived(one, f"for {one}"), addresses))


@elsewhere
def test_a_server_that_dies_loses_nothing_and_repeats_nothing(world: World) -> None:
    address = world.mailbox()
    subjects = [f"mail {number}" for number in range(12)]
    for subject in subjects[:4]:
        world.deliver(address, subject)
    world.rig.kill()
    world.rig.restart()
    for subject in subjects[4:8]:
        world.deliver(address, subject)
    world.arrived(address, *subjects[:8])
    world.rig.kill()
    until(lambda: world.daemon.call("GET", "/readyz").status == 503)
    world.rig.restart()
    until(lambda: world.daemon.call("GET", "/readyz").status == 200)
    for subject in subjects[8:]:
        world.deliver(address, subject)
    world.arrived(address, *subjects)


@catch_all
def test_a_folder_that_is_numbered_anew_repeats_nothing(world: World) -> None:
    assert isinstance(world.rig, CatchAll)
    address = world.mailbox()
    for subject in ("anew-one", "anew-two"):
        world.deliver(address, subject)
    world.arrived(address, "anew-one", "anew-two")
    with world.rig.server.mailbox("catchall") as imap:
        before = imap.folder_status("INBOX", ["UIDVALIDITY"])
    world.rig.server.renumber()
    with world.rig.server.mailbox("catchall") as imap:
        assert imap.folder_status("INBOX", ["UIDVALIDITY"]) != before
    world.deliver(address, "anew-three")
    found = world.arrived(address, "anew-one", "anew-two", "anew-three")
    path = f"/v1/messages/{found['anew-one']['id']}"
    assert world.daemon.call("PATCH", path, {"unread": False}, key=world.key).status == 200
    until(lambda: world.rig.unread(address, "anew-one") is False)
    assert world.rig.unread(address, "anew-two") is True


@everywhere
def test_a_daemon_that_dies_loses_nothing_and_repeats_nothing(world: World) -> None:
    address = world.mailbox()
    subjects = [f"mail {number}" for number in range(9)]
    for subject in subjects[:3]:
        world.deliver(address, subject)
    world.daemon.kill()
    if world.rig.is_elsewhere:
        for subject in subjects[3:6]:
            world.deliver(address, subject)
    world.daemon.start()
    for subject in subjects[6:] if world.rig.is_elsewhere else subjects[3:]:
        world.deliver(address, subject)
    world.arrived(address, *subjects)
    assert world.daemon.operator("GET", "/v1/audit/verify").json["ok"] is True


@with_accounts
def test_no_mailbox_is_made_while_its_account_cannot_be(world: World) -> None:
    before = world.daemon.call("GET", "/v1/whoami", key=world.key).json
    world.rig.kill()
    refused = world.daemon.call("POST", "/v1/inboxes", {"username": "nowhere", "client_id": "x"}, key=world.key)
    assert (refused.status, refused.code) == (503, "backend_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert world.daemon.call("GET", "/v1/whoami", key=world.key).json == before
    lines = world.daemon.operator("GET", "/v1/audit?limit=2").json["data"]
    assert [(one["entry"]["action"], one["entry"]["outcome"]) for one in lines] == [
        ("rest:inbox:create", "refused"),
        ("rest:inbox:create", "intent"),
    ]
    assert len({one["entry"]["request_id"] for one in lines}) == 1
    world.rig.restart()
    until(lambda: _made(world, "nowhere"))
    world.deliver(f"nowhere@{world.mailbox().partition('@')[2]}", "welcome")
    world.arrived(f"nowhere@{world.mailbox().partition('@')[2]}", "welcome")


def _made(world: World, username: str) -> bool:
    body = {"username": username, "client_id": "x"}
    return world.daemon.call("POST", "/v1/inboxes", body, key=world.key).status in (200, 201)


@with_accounts
def test_an_address_that_others_have_there_is_taken(world: World) -> None:
    domain = world.mailbox().partition("@")[2]
    taken = {"username": "somebody", "password": "their-password-1", "address": f"some.body@{domain}"}
    assert ducks(world).ask("POST", "/users", taken)["success"] is True
    refused = world.daemon.call("POST", "/v1/inboxes", {"username": "somebody"}, key=world.key)
    assert (refused.status, refused.code) == (409, "address_taken")


@everywhere
def test_credentials_are_told_where_there_are_some(world: World) -> None:
    address = world.mailbox()
    shown = world.daemon.ctl("inbox", "credentials", address, key=world.key)
    assert "password" not in shown.stdout
    answer = world.daemon.call("POST", f"/v1/inboxes/{address}/credentials", key=world.key).json
    assert (answer["imap"] is not None) is world.rig.has_accounts
    if not world.rig.has_accounts:
        assert "no IMAP account" in shown.stderr


@elsewhere
def test_config_check_asks_the_server(world: World, tmp_path: Path) -> None:
    given = world.rig.settings()
    assert RunningDaemon(tmp_path / "d", given).ctl("config", "check").returncode == 0
    wrong = {name: "wrong" for name in ("IMAP_PASSWORD", "WILDDUCK_TOKEN") if name in given}
    refused = RunningDaemon(tmp_path / "d", given | wrong).ctl("config", "check", check=False)
    assert refused.returncode == 1
    assert "No mail comes in" in refused.stderr


@with_accounts
def test_an_account_goes_with_its_mailbox(world: World) -> None:
    address = world.mailbox()
    assert ducks(world).ask("GET", f"/addresses/resolve/{address}").get("success") is True
    assert world.daemon.call("DELETE", f"/v1/inboxes/{address}", key=world.key).status == 200
    end = time.monotonic() + 30
    while ducks(world).ask("GET", f"/addresses/resolve/{address}").get("success"):
        assert time.monotonic() < end
