from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.backends.protocols import Arrival
from tests.edges.support import World, a_world, answer_of, waiting
from tests.inside import DaemonInside
from tests.nameserver import SILENCE, NameServer, name_server
from tests.signing import Signer, rsa_key
from tests.support import RunningDaemon, mail

PEER = "8.8.4.4"
RSA, ED25519 = Signer("foreign.test", "r", rsa_key()), Signer("foreign.test", "e")
PASSED_BY_DKIM = {"spf": "unknown", "dkim": "pass", "dmarc": "pass"}


@pytest.fixture
def names() -> Iterator[NameServer]:
    records: dict[str, str | list[str]] = {one.name: [one.record] for one in (RSA, ED25519)}
    records["_dmarc.foreign.test TXT"] = ["v=DMARC1; p=reject"]
    records["foreign.test TXT"] = [f"v=spf1 ip4:{PEER} -all"]
    with name_server(records) as server:
        yield server


@pytest.fixture
def checking(start: Callable[..., RunningDaemon], names: NameServer) -> RunningDaemon:
    return start(RESOLVER=str(names.at))


def code_mail(world: World) -> bytes:
    return mail(world.address, sender="Foreign <no-reply@foreign.test>")


def newest(daemon: RunningDaemon, world: World) -> dict[str, Any]:
    """Return the mailbox's last mail as it is listed."""
    listed: list[dict[str, Any]] = daemon.call(
        "GET", f"/v1/inboxes/{world.address}/messages", key=world.agent_key
    ).json["data"]
    return listed[0]


@pytest.mark.parametrize("signer", [RSA, ED25519])
def test_a_signed_mail_vouches_for_its_code(checking: RunningDaemon, signer: Signer) -> None:
    world = a_world(checking)
    wait = waiting(checking, world.address, world.agent_key, timeout_seconds=30, require_aligned=True)
    checking.deliver(world.address, signer.sign(code_mail(world)), sender="bounce@foreign.test")
    answer = answer_of(wait).json
    assert answer["extracted"]["otp_code"] == "482913"
    code = answer["extracted"]["provenance"]["otp_code"]
    assert (code["aligned"], code["authentication"]) == (True, PASSED_BY_DKIM)
    assert newest(checking, world)["authentication"] == PASSED_BY_DKIM


def test_a_changed_mail_does_not(checking: RunningDaemon, names: NameServer) -> None:
    world = a_world(checking)
    wait = waiting(checking, world.address, world.agent_key, timeout_seconds=2, require_aligned=True)
    changed = RSA.sign(code_mail(world)).replace(b"482913", b"111111")
    checking.deliver(world.address, changed, sender="bounce@foreign.test")
    assert answer_of(wait).json["timed_out"] is True
    assert newest(checking, world)["authentication"] == {"spf": "unknown", "dkim": "fail", "dmarc": "unknown"}
    assert names.asked == []  # the body told already


@pytest.fixture
def inner(tmp_path: Path, names: NameServer) -> Iterator[DaemonInside]:
    running = DaemonInside(tmp_path / "inner", {"RESOLVER": str(names.at)}).start()
    yield running
    running.stop()


def arrive(inner: DaemonInside, world: World, raw: bytes, arrival: Arrival) -> dict[str, Any]:
    """Hand a mail over as a receiver does that has a public peer; return the newest message."""
    inbox = inner.call("GET", f"/v1/inboxes/{world.address}", key=world.agent_key).json["id"]
    assert inner.run(inner.services.messages.receive(arrival, {inbox: world.address}, raw)) == {inbox}
    found = newest(inner, world)["id"]
    message: dict[str, Any] = inner.call("GET", f"/v1/messages/{found}", key=world.agent_key).json
    return message


def test_the_peer_decides_about_spf_and_so_about_alignment(inner: DaemonInside) -> None:
    world = a_world(inner)
    sent = arrive(inner, world, code_mail(world), Arrival("bounce@foreign.test", PEER, "mx.foreign.test"))
    assert sent["authentication"] == {"spf": "pass", "dkim": "none", "dmarc": "pass"}
    assert sent["extracted"]["provenance"]["otp_code"]["aligned"] is True
    forged = arrive(inner, world, code_mail(world), Arrival("bounce@foreign.test", "8.8.9.9", "mx.foreign.test"))
    assert forged["authentication"] == {"spf": "fail", "dkim": "none", "dmarc": "fail"}
    assert forged["extracted"]["provenance"]["otp_code"]["aligned"] is False


def test_a_domain_that_wants_an_exact_match_gets_it(inner: DaemonInside, names: NameServer) -> None:
    world = a_world(inner)
    names.records["mail.foreign.test TXT"] = names.records["foreign.test TXT"]
    arrival = Arrival("bounce@mail.foreign.test", PEER, "mx.foreign.test")
    relaxed = arrive(inner, world, code_mail(world), arrival)
    assert relaxed["extracted"]["provenance"]["otp_code"]["aligned"] is True
    names.records["_dmarc.foreign.test TXT"] = ["v=DMARC1; p=reject; aspf=s"]
    inner.clock.advance(seconds=3_600)
    strict = arrive(inner, world, code_mail(world), arrival)
    assert strict["authentication"] == {"spf": "pass", "dkim": "none", "dmarc": "fail"}
    assert strict["extracted"]["provenance"]["otp_code"]["aligned"] is False


def test_a_mail_is_kept_though_no_name_server_answers(inner: DaemonInside, names: NameServer) -> None:
    names.records = dict.fromkeys(names.records, SILENCE)
    world = a_world(inner)
    kept = arrive(inner, world, RSA.sign(code_mail(world)), Arrival("bounce@foreign.test", PEER, "mx.foreign.test"))
    assert kept["authentication"] == {"spf": "temperror", "dkim": "temperror", "dmarc": "temperror"}


def test_what_a_stranger_writes_about_himself_is_not_believed(
    start: Callable[..., RunningDaemon], names: NameServer
) -> None:
    claim = b"Authentication-Results: mx.home.test; spf=pass; dkim=pass; dmarc=pass\r\n"
    unset = start(RESOLVER=str(names.at))
    world = a_world(unset)
    unset.deliver(world.address, claim + code_mail(world), sender="x@evil.test")
    assert newest(unset, world)["authentication"] == {"spf": "unknown", "dkim": "none", "dmarc": "unknown"}
    elsewhere = start(RESOLVER=str(names.at), TRUSTED_AUTHSERV="mx.home.test", TRUSTED_RELAYS="10.0.0.0/8")
    world = a_world(elsewhere)
    elsewhere.deliver(world.address, claim + code_mail(world), sender="x@evil.test")
    assert newest(elsewhere, world)["authentication"]["dmarc"] != "pass"


def test_a_relay_on_this_machine_is_believed_once_it_is_named(start: Callable[..., RunningDaemon]) -> None:
    relayed = start(TRUSTED_AUTHSERV="mx.home.test")
    world = a_world(relayed)
    claim = b"Authentication-Results: mx.home.test; spf=softfail; dkim=fail; dmarc=pass\r\n"
    relayed.deliver(world.address, claim + code_mail(world), sender="x@elsewhere.test")
    assert newest(relayed, world)["authentication"] == {"spf": "none", "dkim": "fail", "dmarc": "pass"}
