"""`postmaster@` and `abuse@` reach the operator, whatever the domain (RFC 2142; RFC 5321, 4.5.1)."""

from __future__ import annotations

import pytest

from tests.conftest import Start
from tests.edges.support import World, a_world, audit_head, audit_since
from tests.edges.test_smtp import HEAD, wire
from tests.support import RunningDaemon

NAMES = ("postmaster", "abuse", "PostMaster", "abuse+report")


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Operated")


def subjects(daemon: RunningDaemon, address: str) -> list[str]:
    answer = daemon.operator("GET", f"/v1/inboxes/{address}/messages")
    assert answer.status == 200, answer.body
    return [one["subject"] for one in reversed(answer.json["data"])]


def deliver(daemon: RunningDaemon, to: str, subject: str) -> None:
    daemon.deliver(to, f"From: a@foreign.test\r\nSubject: {subject}\r\n\r\nx\r\n".encode())


def test_a_tenants_operator_has_one_mailbox_made_with_its_first_mail(daemon: RunningDaemon, world: World) -> None:
    domain = world.address.partition("@")[2]
    shown = daemon.operator("GET", f"/v1/tenants/{world.tenant}").json
    assert shown["operator_mailbox"] == f"postmaster@{domain}"
    before = audit_head(daemon)
    for name in NAMES:
        deliver(daemon, f"{name}@{domain}", name)
    assert subjects(daemon, shown["operator_mailbox"]) == list(NAMES)
    lines = audit_since(daemon, before)
    assert [(line["action"], line["tenant"]) for line in lines] == [("system:inbox:create", world.tenant)]


def test_no_agent_sees_it_and_its_owner_is_nobody(daemon: RunningDaemon, world: World) -> None:
    agents = daemon.operator("GET", f"/v1/agents?tenant={world.tenant}").json
    keys = daemon.operator("GET", f"/v1/enrollment-tokens?tenant={world.tenant}").json
    count = daemon.operator("GET", "/v1/stats").json["agents"]
    address = f"postmaster@{world.address.partition('@')[2]}"
    deliver(daemon, address, "x")
    assert daemon.call("GET", f"/v1/inboxes/{address}", key=world.agent_key).code == "not_found"
    mine = daemon.call("GET", "/v1/inboxes", key=world.agent_key).json["data"]
    assert [one["address"] for one in mine] == [world.address]
    assert daemon.operator("GET", f"/v1/agents?tenant={world.tenant}").json == agents
    assert daemon.operator("GET", f"/v1/enrollment-tokens?tenant={world.tenant}").json == keys
    assert daemon.operator("GET", "/v1/stats").json["agents"] == count


@pytest.mark.parametrize("name", ["postmaster", "Abuse", "hostmaster", "webmaster", "security", "mailer-daemon", "noc"])
def test_nobody_else_can_have_such_a_name(name: str, daemon: RunningDaemon, world: World) -> None:
    for caller in ({"key": world.agent_key}, {"local": True}):
        body = {"username": name} | ({"agent_id": world.agent} if "local" in caller else {})
        assert daemon.call("POST", "/v1/inboxes", body, **caller).code == "validation_failed"


def test_a_tenants_lists_do_not_cut_its_operator_off(daemon: RunningDaemon, world: World) -> None:
    for name in ("allow", "block"):
        body = {"entry": "@friends.test" if name == "allow" else "@foreign.test", "tenant": world.tenant}
        assert daemon.operator("PUT", f"/v1/lists/{name}", body).status == 200
    address = f"abuse@{world.address.partition('@')[2]}"
    for number in range(2):
        deliver(daemon, address, f"let me in {number}")
    assert len(subjects(daemon, address.replace("abuse", "postmaster"))) == 2


def test_deleted_it_is_made_again(daemon: RunningDaemon, world: World) -> None:
    address = f"postmaster@{world.address.partition('@')[2]}"
    deliver(daemon, address, "first")
    assert daemon.operator("DELETE", f"/v1/inboxes/{address}").status == 200
    deliver(daemon, address, "second")
    assert subjects(daemon, address) == ["second"]
    assert daemon.operator("DELETE", f"/v1/tenants/{world.tenant}?confirm={world.tenant}").status == 200


def test_the_base_domain_and_the_mail_host_have_one_too(start: Start) -> None:
    daemon = start(SUSPENDED_MAIL="defer")
    with wire(daemon) as server:
        assert server.send(b"EHLO foreign.test\r\n") == 250
        for number, to in enumerate((b"<postmaster>", b"<PostMaster@mx.postern.test>", b"<abuse@postern.test>")):
            assert server.send(b"MAIL FROM:<a@foreign.test>\r\n") == 250
            assert server.send(b"RCPT TO:" + to + b"\r\n") == 250
            assert server.send(b"DATA\r\n") == 354
            assert server.send(HEAD.replace(b"raw", b"%d" % number) + b"x\r\n.\r\n") == 250
        assert server.send(b"MAIL FROM:<a@foreign.test>\r\n") == 250
        for to in (b"abuse", b"postmaster@mx.postern.invalid", b"hostmaster@postern.test"):
            assert server.send(b"RCPT TO:<" + to + b">\r\n") == 550
    assert subjects(daemon, "postmaster@postern.test") == ["0", "1", "2"]
    assert [one["domain"] for one in daemon.operator("GET", "/v1/tenants").json["data"]] == ["postern.test"]


def test_one_mail_to_both_names_is_one_message(daemon: RunningDaemon, world: World) -> None:
    domain = world.address.partition("@")[2]
    both = [f"postmaster@{domain}", f"abuse@{domain}"]
    daemon.deliver(both, HEAD + b"x\r\n")
    daemon.deliver(both, HEAD + b"y\r\n")
    assert len(subjects(daemon, both[0])) == 2
