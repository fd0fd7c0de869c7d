"""Domains as operators have them: a real daemon with its name server, a resolver and a parent zone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.edges.world_of_dns import MX, OURS, RESOLVED, DnsWorld
from tests.inside import DaemonInside
from tests.nameserver import SERVFAIL

NAME = "agents.customer.test"


@pytest.fixture
def world(dns_world: DnsWorld) -> DnsWorld:
    return dns_world


def test_a_delegated_domain_is_served_at_once_and_live_when_its_parent_says_so(world: DnsWorld) -> None:
    tenant = world.daemon.tenant()
    assert world.message(NAME, "SOA").rcode() == 5  # REFUSED: no zone of ours
    added = world.add(NAME.upper(), tenant)
    assert added.status == 201, added.body
    assert (added.json["status"], added.json["id"], added.json["mode"]) == ("pending", NAME, "delegated")
    assert [(one["name"], one["type"], one["data"]) for one in added.json["to_add"]] == [
        (NAME, "NS", ns) for ns in OURS
    ]
    assert NAME in added.json["next"]

    assert world.ask(NAME, "NS") == [f"{one}." for one in OURS]
    assert world.ask(NAME, "MX") == [f"10 {MX}."]
    assert world.ask(NAME, "TXT") == ["v=spf1 ip4:127.0.0.1 -all"]
    assert world.ask(f"_dmarc.{NAME}", "TXT")[0].startswith("v=DMARC1;")
    assert world.ask(f"_smtp._tls.{NAME}", "TXT") == [f"v=TLSRPTv1; rua=mailto:postmaster@{NAME}"]
    for key in added.json["dkim"]:
        [text] = world.ask(f"{key['selector']}._domainkey.{NAME}", "TXT")
        assert text.startswith(f"v=DKIM1; k={key['algorithm']}; p=")

    pending = world.verify(NAME)
    assert pending["status"] == "pending"
    assert pending["problem"] == f"customer.test does not delegate {NAME} yet: add the NS records there."
    world.parent.delegations[NAME] = OURS
    assert world.verify(NAME)["status"] == "live"
    [line, _] = world.lines("socket:domain:verify")
    assert line["reason"] == "pending → live"
    assert NAME in world.parent.asked


def test_what_is_lost_is_seen_in_the_background(world: DnsWorld) -> None:
    world.delegated(NAME, world.daemon.tenant())
    world.parent.delegations[NAME] = ["ns1.elsewhere.test", OURS[0]]
    world.daemon.clock.advance(days=1)
    world.daemon.run(world.daemon.services.domain_checks.look())
    lost = world.domain(NAME)
    assert lost["status"] == "degraded"
    assert "ns1.elsewhere.test: remove them" in lost["problem"]
    assert [line["target"] for line in moves(world, "live → degraded: ")] == [NAME]

    world.parent.up = False  # nobody can say: nothing changes
    world.daemon.clock.advance(days=1)
    world.daemon.run(world.daemon.services.domain_checks.look())
    assert world.domain(NAME)["status"] == "degraded"
    assert "could not be checked" in world.domain(NAME)["problem"]

    world.parent.up = True
    world.parent.delegations[NAME] = OURS[:1]
    world.daemon.clock.advance(days=1)
    world.daemon.run(world.daemon.services.domain_checks.look())
    assert world.domain(NAME)["status"] == "live"
    assert OURS[1] in world.domain(NAME)["problem"], "one that is missing is no loss, but worth knowing"
    assert len(moves(world, "degraded → live: ")) == 1


def moves(world: DnsWorld, reason: str) -> list[dict[str, Any]]:
    """Return the lines of what the background saw change."""
    return [line for line in world.lines("system:domain:check") if line["reason"].startswith(reason)]


def test_mailboxes_are_for_live_domains(world: DnsWorld) -> None:
    agent = world.daemon.agent()
    assert world.add(NAME, agent["tenant_id"]).status == 201
    refused = world.daemon.call("POST", "/v1/inboxes", {"domain": NAME}, key=agent["agent_key"])
    assert (refused.status, refused.code) == (409, "conflict")
    assert f"{NAME} is pending" in refused.json["error"]["message"]

    world.parent.delegations[NAME] = OURS
    world.verify(NAME)
    inbox = world.daemon.inbox(agent["agent_key"], domain=NAME, username="sam")
    assert inbox["address"] == f"sam@{NAME}"
    world.daemon.deliver(inbox["address"])
    assert len(world.daemon.call("GET", f"/v1/inboxes/sam@{NAME}/messages", key=agent["agent_key"]).json["data"]) == 1
    other = world.daemon.agent(handle="other")
    assert world.daemon.call("POST", "/v1/inboxes", {"domain": NAME}, key=other["agent_key"]).status == 403

    kept = world.daemon.operator("DELETE", f"/v1/domains/{NAME}")
    assert (kept.status, kept.code) == (422, "validation_failed")
    assert world.daemon.operator("DELETE", f"/v1/domains/{NAME}?confirm={NAME}").status == 200
    assert world.message(NAME, "SOA").rcode() == 5
    assert world.daemon.operator("GET", f"/v1/domains/{NAME}").status == 404

    world.delegated(NAME, other["tenant_id"])  # the domain may be another's; the address is buried
    taken = world.daemon.call("POST", "/v1/inboxes", {"domain": NAME, "username": "sam"}, key=other["agent_key"])
    assert (taken.status, taken.code) == (409, "address_taken")


def test_a_key_places_mailboxes_only_where_it_may(world: DnsWorld) -> None:
    tenant = world.daemon.tenant()
    world.delegated(NAME, tenant)
    here = world.daemon.agent(tenant, allowed_domains=[NAME])["agent_key"]
    assert world.daemon.inbox(here)["domain"] == NAME
    shared = world.daemon.operator("GET", f"/v1/tenants/{tenant}").json["domain"]
    refused = world.daemon.call("POST", "/v1/inboxes", {"domain": shared}, key=here)
    assert (refused.status, refused.code) == (403, "domain_not_allowed")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("co.uk", "public suffix"),
        ("test", "public suffix"),
        ("acme.postern.test", "this server's own zone"),
        ("postern.test", "this server's own zone"),
        ("under_score.customer.test", "letters, digits and hyphens"),
        ("-a.customer.test", "no label"),
    ],
)
def test_what_can_be_no_domain_is_refused(world: DnsWorld, name: str, told: str) -> None:
    answer = world.add(name, world.daemon.tenant())
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert told in answer.json["error"]["message"]


def test_a_name_is_one_tenants_with_all_above_and_below_it(world: DnsWorld) -> None:
    ours, theirs = world.daemon.tenant("Ours"), world.daemon.tenant("Theirs")
    assert world.add(NAME, ours).status == 201
    for name in (NAME, f"below.{NAME}", "customer.test"):
        answer = world.add(name, theirs)
        assert (answer.status, answer.code) == (409, "conflict"), name
    assert world.add(f"below.{NAME}", ours).status == 201
    assert world.add("other.customer.test", theirs).status == 201
    assert world.add("bücher.customer.test", theirs).json["name"] == "xn--bcher-kva.customer.test"
    assert world.domain("b%C3%BCcher.customer.test")["mode"] == "delegated"


@pytest.mark.parametrize("mode", ["delegated", "manual"])
def test_a_name_with_mail_or_an_alias_is_not_offered(world: DnsWorld, mode: str) -> None:
    tenant = world.daemon.tenant()
    world.resolver.records["busy.test MX"] = ["10 mail.elsewhere.test."]
    busy = world.add("busy.test", tenant, mode)
    assert (busy.status, busy.code) == (409, "conflict")
    assert "already gets its mail at mail.elsewhere.test" in busy.json["error"]["message"]
    assert "agents.busy.test" in busy.json["error"]["message"]

    world.resolver.records["alias.test CNAME"] = [f"{MX}."]
    alias = world.add("alias.test", tenant, mode)
    assert (alias.status, alias.code) == (409, "conflict")
    assert f"alias.test is a CNAME for {MX}" in alias.json["error"]["message"]
    assert "RFC 1034, 3.6.2" in alias.json["error"]["message"]

    world.resolver.records["null.test MX"] = ["0 ."]
    assert world.add("null.test", tenant, mode).status == 201, "RFC 7505: it says that it takes no mail"


def test_an_unreachable_resolver_means_pending_with_a_warning(world: DnsWorld) -> None:
    world.resolver.records |= {f"{NAME} MX": SERVFAIL, f"{NAME} CNAME": SERVFAIL, "customer.test NS": SERVFAIL}
    began = time.monotonic()
    added = world.add(NAME, world.daemon.tenant())
    assert time.monotonic() - began < 20, "it never hangs"
    assert (added.status, added.json["status"]) == (201, "pending")
    assert "could not be checked" in added.json["problem"]
    assert world.verify(NAME)["status"] == "pending"
    del world.resolver.records[f"{NAME} MX"], world.resolver.records[f"{NAME} CNAME"]
    world.resolver.records |= RESOLVED
    world.parent.delegations[NAME] = OURS
    assert world.verify(NAME)["status"] == "live"


def test_records_added_by_hand_are_checked_one_by_one(world: DnsWorld) -> None:
    added = world.add(NAME, world.daemon.tenant(), "manual")
    assert added.status == 201, added.body
    assert world.message(NAME, "MX").rcode() == 5, "we do not answer for it"
    kinds = [(one["name"], one["type"]) for one in added.json["to_add"]]
    keys = [f"{key['selector']}._domainkey.{NAME}" for key in added.json["dkim"]]
    assert set(kinds) == {(NAME, "MX"), (NAME, "TXT"), *((key, "TXT") for key in keys), (f"_dmarc.{NAME}", "TXT")} | {
        (f"_smtp._tls.{NAME}", "TXT")
    }
    for record in added.json["to_add"]:
        value = record["data"] + ("." if record["type"] == "MX" else "")
        world.resolver.records[f"{record['name']} {record['type']}"] = [value]
    world.resolver.records[f"{NAME} TXT"] = ["v=spf1 include:elsewhere.test -all", "something=else"]
    world.resolver.records[f"_dmarc.{NAME}"] = []
    del world.resolver.records[f"{keys[0]} TXT"]
    world.resolver.records[f"_dmarc.{NAME} TXT"] = ["v=DMARC1; p=reject"]

    looked = world.verify(NAME)
    assert looked["status"] == "pending"
    found = {(one["name"], one["type"]): one for one in looked["to_add"]}
    assert found[NAME, "MX"]["status"] == "ok"
    assert found[NAME, "TXT"]["status"] == "different"
    assert found[NAME, "TXT"]["found"] == ["v=spf1 include:elsewhere.test -all"]
    assert found[keys[0], "TXT"]["status"] == "missing"
    assert found[keys[1], "TXT"]["status"] == "ok"
    assert found[f"_dmarc.{NAME}", "TXT"]["status"] == "ok", "a policy of their own is as good"
    assert looked["problem"].startswith("2 of 6 records")

    world.resolver.records[f"{NAME} TXT"] = ["V=SPF1 ip4:127.0.0.1  -all".replace("V=SPF1", "v=spf1"), "something=else"]
    world.resolver.records[f"{keys[0]} TXT"] = [found[keys[0], "TXT"]["data"]]
    assert world.verify(NAME)["status"] == "live"
    world.resolver.records[f"{NAME} CNAME"] = [f"{MX}."]
    assert world.verify(NAME)["status"] == "degraded"
    assert "is a CNAME" in world.domain(NAME)["problem"]


def test_a_bought_domain_goes_step_by_step(world: DnsWorld) -> None:
    tenant = world.daemon.tenant()
    asked = world.add("bought.test", tenant, "purchased").json
    assert (asked["status"], asked["dkim"]) == ("requested", [])
    assert "Register bought.test" in asked["next"]
    assert world.message("bought.test", "SOA").rcode() == 5
    early = world.daemon.operator("POST", "/v1/domains/bought.test/rotate-dkim")
    assert (early.status, early.code) == (409, "conflict")
    for status in ("registered", "live"):
        moved = world.daemon.operator("POST", "/v1/domains/bought.test/advance")
        assert (moved.status, moved.json["status"]) == (200, status)
        assert world.ask("bought.test", "MX") == [f"10 {MX}."]
    last = world.daemon.operator("POST", "/v1/domains/bought.test/advance")
    assert (last.status, last.code) == (409, "conflict")
    assert [line["reason"] for line in world.lines("socket:domain:advance")] == [
        "registered → live",
        "requested → registered",
    ]


def test_the_labels_of_tenants_are_answered(world: DnsWorld) -> None:
    before = world.serial("postern.test")
    tenant = world.daemon.tenant("Labelled")
    assert world.serial("postern.test") > before
    assert world.ask("labelled.postern.test", "MX") == [f"10 {MX}."]
    assert world.ask("postern.test", "MX") == [f"10 {MX}."], "postmaster@ the base domain is somebody, too"
    looked = world.verify("labelled.postern.test")
    assert (looked["status"], looked["problem"]) == ("live", None)
    world.daemon.clock.advance(days=1)
    world.daemon.run(world.daemon.services.domain_checks.look())
    assert world.domain("labelled.postern.test")["problem"] is None, "there is nothing to look for outside"
    shared = world.daemon.operator("DELETE", "/v1/domains/labelled.postern.test")
    assert (shared.status, shared.code) == (409, "conflict")
    world.delegated(NAME, tenant)
    assert world.daemon.operator("DELETE", f"/v1/tenants/{tenant}?confirm={tenant}").status == 200
    assert world.message("labelled.postern.test", "MX").rcode() == 3
    assert world.message(NAME, "MX").rcode() == 5


def test_a_restart_serves_the_same_and_other_settings_raise_the_serials(world: DnsWorld) -> None:
    world.delegated(NAME, world.daemon.tenant("Stays"))
    serials = {name: world.serial(name) for name in (NAME, "postern.test")}
    settings = world.daemon.settings
    world.daemon.stop()
    for more, raised in (({}, False), ({"PUBLIC_IPS": "192.0.2.1"}, True), ({"PUBLIC_IPS": "192.0.2.1"}, False)):
        again = DaemonInside(world.daemon.data_dir, settings | more)
        again.clock.advance(days=1)
        world.daemon = again.start()
        now = {name: world.serial(name) for name in serials}
        assert all((now[name] > serials[name]) == raised for name in serials), more
        assert world.ask("stays.postern.test", "MX") == [f"10 {MX}."]
        serials = now
        if more == {} or raised:
            again.stop()
    assert world.ask(NAME, "TXT") == ["v=spf1 ip4:192.0.2.1 -all"]


def test_glue_is_asked_for_when_the_name_servers_are_inside(tmp_path: Path) -> None:
    settings = {"NAMESERVERS": f"ns1.{NAME}, ns2.elsewhere.test", "PUBLIC_IPS": "192.0.2.1, 2001:db8::1"}
    daemon = DaemonInside(tmp_path / "data", settings | {"RESOLVER": "127.0.0.1:1"}).start()
    try:
        body = {"name": NAME, "tenant_id": daemon.tenant()}
        added = daemon.operator("POST", "/v1/domains", body).json
        assert [(one["name"], one["type"], one["data"]) for one in added["to_add"]] == [
            (NAME, "NS", f"ns1.{NAME}"),
            (NAME, "NS", "ns2.elsewhere.test"),
            (f"ns1.{NAME}", "A", "192.0.2.1"),
            (f"ns1.{NAME}", "AAAA", "2001:db8::1"),
        ]
    finally:
        daemon.stop()
