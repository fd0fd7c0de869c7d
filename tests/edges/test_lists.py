from __future__ import annotations

import smtplib
from typing import Any

import pytest

from tests.edges.support import World, a_world, audit_head, audit_since
from tests.support import RunningDaemon, mail

AUTHOR = "Ann <ann@news.friends.test>"
ENVELOPE = "bounces@mailer.test"


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Lists")


def put(daemon: RunningDaemon, world: World, name: str, entry: str, **whose: str) -> None:
    body = {"entry": entry} | (whose or {"inbox": world.inbox})
    answer = daemon.operator("PUT", f"/v1/lists/{name}", body)
    assert answer.status == 200, answer.body


def sent(daemon: RunningDaemon, *addresses: str, author: str = AUTHOR, envelope: str = ENVELOPE) -> int:
    """Send a mail; return the code that refused it at RCPT or after DATA, or 250."""
    try:
        daemon.deliver(list(addresses), mail(addresses[0], sender=author), sender=envelope)
    except smtplib.SMTPRecipientsRefused as refused:
        return refused.recipients[addresses[0]][0]
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code
    return 250


def count(daemon: RunningDaemon, address: str, key: str) -> int:
    return len(daemon.call("GET", f"/v1/inboxes/{address}/messages", key=key).json["data"])


@pytest.mark.parametrize(
    "entry",
    ["ann@news.friends.test", "Ann@NEWS.friends.test", "@news.friends.test", "friends.test", "@test", ENVELOPE],
)
@pytest.mark.parametrize("level", ["inbox", "tenant"])
def test_who_is_blocked_is_refused(entry: str, level: str, daemon: RunningDaemon, world: World) -> None:
    assert sent(daemon, world.address) == 250
    put(daemon, world, "block", entry, **{level: world.inbox if level == "inbox" else world.tenant})
    before = count(daemon, world.address, world.agent_key)
    assert sent(daemon, world.address) == 550
    assert count(daemon, world.address, world.agent_key) == before


@pytest.mark.parametrize("entry", ["ann@friends.test", "@s.friends.test", "ew.friends.test", "@other.test"])
def test_others_are_not(entry: str, daemon: RunningDaemon, world: World) -> None:
    put(daemon, world, "block", entry)
    assert sent(daemon, world.address) == 250


def test_a_blocked_envelope_is_refused_at_rcpt_with_all_its_labels(daemon: RunningDaemon, world: World) -> None:
    put(daemon, world, "block", "bounces@mailer.test")
    with smtplib.SMTP(*daemon.smtp) as server:
        server.ehlo("mailer.test")
        server.mail("Bounces+123@MAILER.test")
        code, text = server.rcpt(world.address)
    assert (code, text.split()[0]) == (550, b"5.7.1")


def test_a_mail_goes_to_those_who_want_it(daemon: RunningDaemon, world: World) -> None:
    other = daemon.inbox(world.agent_key)["address"]
    put(daemon, world, "block", "@friends.test")
    assert sent(daemon, world.address, other) == 250
    assert count(daemon, other, world.agent_key) == 1
    assert count(daemon, world.address, world.agent_key) == 1, "the world's own"
    put(daemon, world, "block", "@friends.test", inbox=other)
    assert sent(daemon, world.address, other) == 550


def test_who_allows_some_takes_nobody_else(daemon: RunningDaemon, world: World) -> None:
    put(daemon, world, "allow", "@friends.test")
    assert sent(daemon, world.address) == 250
    assert sent(daemon, world.address, author="x@stranger.test") == 550
    assert sent(daemon, world.address, author="x@stranger.test", envelope="ann@friends.test") == 550, "who is read"
    assert sent(daemon, world.address, author="", envelope="ann@friends.test") == 250, "there is no other author"
    put(daemon, world, "block", "ann@news.friends.test")
    assert sent(daemon, world.address) == 550, "blocked wins"


def test_a_report_on_what_was_sent_comes_home_to_who_allows_few(daemon: RunningDaemon, world: World) -> None:
    put(daemon, world, "allow", "@friends.test")
    body = {"to": "ann@friends.test", "subject": "Hello", "text": "?"}
    answer = daemon.call("POST", f"/v1/inboxes/{world.inbox}/send", body, key=world.agent_key)
    home = world.address.replace("@", f"+bounce-{answer.json['id'].removeprefix('msg_')}@")
    daemon_says = "MAILER-DAEMON@relay.test"
    assert sent(daemon, home, author=daemon_says, envelope="") == 250
    assert sent(daemon, home, author=daemon_says) == 550, "a report has no sender"
    assert sent(daemon, world.address, author=daemon_says, envelope="") == 550
    forged = world.address.replace("@", f"+bounce-{world.message.removeprefix('msg_')}@")
    assert sent(daemon, forged, author=daemon_says, envelope="") == 550, "of no mail that was sent"


def test_a_mailbox_narrows_its_tenants_lists_and_does_not_widen_them(daemon: RunningDaemon, world: World) -> None:
    put(daemon, world, "allow", "@friends.test", tenant=world.tenant)
    put(daemon, world, "allow", "@stranger.test")
    assert sent(daemon, world.address, author="x@stranger.test") == 550
    assert sent(daemon, world.address) == 550
    put(daemon, world, "allow", "@news.friends.test")
    assert sent(daemon, world.address) == 250
    assert sent(daemon, world.address, author="x@friends.test") == 550


def listed(daemon: RunningDaemon, name: str, query: str, **caller: Any) -> list[tuple[str, str | None]]:
    answer = daemon.call("GET", f"/v1/lists/{name}?{query}", **caller)
    assert answer.status == 200, answer.body
    return [(row["entry"], row["inbox_id"]) for row in answer.json["data"]]


def test_lists_are_kept_in_a_normal_form_and_entries_once(daemon: RunningDaemon, world: World) -> None:
    for entry in ("BÜCHER.test", "@xn--bcher-kva.test", "Ann@Friends.test", "ann@friends.TEST."):
        put(daemon, world, "allow", entry)
    put(daemon, world, "allow", "@all.test", tenant=world.tenant)
    own = [("ann@friends.test", world.inbox), ("@xn--bcher-kva.test", world.inbox)]
    assert listed(daemon, "allow", f"inbox={world.address}", key=world.agent_key) == own
    assert listed(daemon, "allow", f"tenant={world.tenant}", local=True) == [("@all.test", None), *own]
    assert listed(daemon, "block", f"inbox={world.address}", local=True) == [(world.blocked, world.inbox)]


def test_an_agent_keeps_the_lists_of_its_own_mailboxes(daemon: RunningDaemon, world: World) -> None:
    before = audit_head(daemon)
    body = {"entry": "@friends.test", "inbox": world.address}
    assert daemon.call("PUT", "/v1/lists/block", body, key=world.agent_key).json["inbox_id"] == world.inbox
    assert sent(daemon, world.address) == 550
    gone = f"/v1/lists/block?entry=@friends.test&inbox={world.inbox}"
    assert daemon.call("DELETE", gone, key=world.agent_key).json["entry"] == "@friends.test"
    assert daemon.call("DELETE", gone, key=world.agent_key).code == "not_found"
    assert sent(daemon, world.address) == 250
    lines = audit_since(daemon, before)
    assert [(line["action"], line["target"]) for line in lines] == [
        ("rest:list:put", f"block:{world.inbox}"),
        ("rest:list:delete", f"block:{world.inbox}"),
    ]
    assert all("friends" not in str(line) for line in lines), "addresses stand there as keyed hashes"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"entry": "@friends.test"}, "validation_failed"),
        ({"entry": "@friends.test", "tenant": "{tenant}"}, "validation_failed"),
        ({"entry": "ann+x@friends.test", "inbox": "{inbox}"}, "validation_failed"),
        ({"entry": "not a domain", "inbox": "{inbox}"}, "validation_failed"),
        ({"entry": "@", "inbox": "{inbox}"}, "validation_failed"),
        ({"entry": "", "inbox": "{inbox}"}, "validation_failed"),
        ({"entry": "@friends.test", "inbox": "inbox_none"}, "not_found"),
    ],
)
def test_what_an_agent_may_not_put(body: dict[str, str], code: str, daemon: RunningDaemon, world: World) -> None:
    told = {name: value.format(tenant=world.tenant, inbox=world.inbox) for name, value in body.items()}
    assert daemon.call("PUT", "/v1/lists/allow", told, key=world.agent_key).code == code
    assert listed(daemon, "allow", f"inbox={world.inbox}", key=world.agent_key) == []


def test_operators_name_whose_list_it_is(daemon: RunningDaemon, world: World) -> None:
    assert daemon.operator("PUT", "/v1/lists/allow", {"entry": "x.test"}).code == "validation_failed"
    assert daemon.operator("PUT", "/v1/lists/allow", {"entry": "x.test", "tenant": "cus_none"}).code == "not_found"
    wrong = {"entry": "x.test", "tenant": "cus_none", "inbox": world.inbox}
    assert daemon.operator("PUT", "/v1/lists/allow", wrong).code == "validation_failed"
    assert daemon.operator("GET", f"/v1/lists/grey?inbox={world.inbox}").code == "not_found"


def test_entries_go_with_their_mailbox_and_their_tenant(daemon: RunningDaemon, world: World) -> None:
    put(daemon, world, "block", "@friends.test", tenant=world.tenant)
    assert daemon.call("DELETE", f"/v1/inboxes/{world.inbox}", key=world.agent_key).status == 200
    assert listed(daemon, "block", f"tenant={world.tenant}", local=True) == [("@friends.test", None)]
    assert daemon.operator("DELETE", f"/v1/tenants/{world.tenant}?confirm={world.tenant}").status == 200


def test_the_command_line_keeps_them(daemon: RunningDaemon, world: World) -> None:
    daemon.ctl("inbox", "block", world.address, "@friends.test", key=world.agent_key)
    assert sent(daemon, world.address) == 550
    shown = daemon.ctl("inbox", "block", world.address, key=world.agent_key).stdout
    assert "@friends.test" in shown
    assert world.blocked in shown
    daemon.ctl("inbox", "block", world.address, "@friends.test", "--remove", key=world.agent_key)
    daemon.ctl("tenant", "allow", world.tenant, "@elsewhere.test")
    assert daemon.ctl("tenant", "allow", world.tenant, "--quiet").stdout == "@elsewhere.test\n"
    assert sent(daemon, world.address) == 550
    wrong = daemon.ctl("tenant", "block", world.tenant, "--remove", check=False)
    assert (wrong.returncode, "Name the sender" in wrong.stderr) == (2, True)
