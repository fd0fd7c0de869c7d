"""Zones as operators change them, and what the name server answers right after."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dns.zone
import pytest

from tests.conftest import Start
from tests.edges.support import audit_head
from tests.edges.world_of_dns import MX, DnsWorld
from tests.support import Answer
from zones.mailzone import Extra
from zones.zone import BadZone

NAME = "agents.customer.test"
CHANGES = 1_000
AT_ONCE = 8


@pytest.fixture
def world(dns_world: DnsWorld) -> DnsWorld:
    assert dns_world.add(NAME, dns_world.daemon.tenant()).status == 201
    return dns_world


def put(world: DnsWorld, name: str, type: str, *data: str, **more: Any) -> Answer:
    return world.daemon.operator(
        "PUT", f"/v1/zones/{NAME}/records", {"name": name, "type": type, "data": list(data), **more}
    )


def load(world: DnsWorld, text: str, **more: Any) -> Answer:
    return world.daemon.operator("PUT", f"/v1/zones/{NAME}", {"text": text, **more})


def text_of(world: DnsWorld) -> str:
    return str(world.daemon.operator("GET", f"/v1/zones/{NAME}").json["text"])


def test_what_is_asked_after_a_change_has_it(world: DnsWorld) -> None:
    """A thousand times, from several callers at once: the answer to a question after the command is the new one."""

    def change(number: int) -> None:
        name, value = f"host{number % AT_ONCE}", f"192.0.{number // 250}.{number % 250}"
        answer = put(world, name, "A", value)
        assert answer.status == 200, answer.body
        assert world.ask(f"{name}.{NAME}", "A") == [value]

    def one(lane: int) -> None:
        for number in range(lane, CHANGES, AT_ONCE):  # a name of its own for each lane
            change(number)

    began = world.serial(NAME)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(AT_ONCE)))
    assert world.serial(NAME) - began >= CHANGES


def test_records_stand_beside_the_managed_ones(world: DnsWorld) -> None:
    before = world.serial(NAME)
    made = put(world, "@", "TXT", '"site-verification=abc"')
    assert made.status == 200, made.body
    assert made.json["added"] == [f'{NAME}. 300 IN TXT "site-verification=abc"']
    assert (made.json["serial"], world.serial(NAME)) == (before + 1, before + 1)
    assert sorted(world.ask(NAME, "TXT")) == ["site-verification=abc", "v=spf1 ip4:127.0.0.1 -all"]
    assert put(world, f"www.{NAME}", "A", "192.0.2.1", "192.0.2.2").status == 200
    assert world.ask(f"www.{NAME}", "A") == ["192.0.2.1", "192.0.2.2"]
    [address, *_] = world.daemon.operator("GET", f"/v1/zones/{NAME}/records").json["data"]
    assert (address["name"], address["type"], address["problem"]) == (f"www.{NAME}.", "A", None)
    gone = world.daemon.operator("DELETE", f"/v1/zones/{NAME}/records?name=www&type=A")
    assert (gone.status, len(gone.json["removed"])) == (200, 2)
    assert world.message(f"www.{NAME}", "A").rcode() == 3
    again = world.daemon.operator("DELETE", f"/v1/zones/{NAME}/records?name=www&type=A")
    assert (again.status, again.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "type", "data", "told"),
    [
        ("@", "MX", "10 mail.elsewhere.test.", "is managed"),
        ("@", "TXT", '"v=spf1 -all"', "is managed"),
        ("_dmarc", "TXT", '"v=DMARC1; p=none"', "is managed"),
        ("@", "NS", "ns.elsewhere.test.", "POSTERN_NAMESERVERS"),
        ("@", "SOA", "a. b. 1 2 3 4 5", "is managed"),
        ("@", "CNAME", "elsewhere.test.", "cannot stand beside"),
        ("_dmarc", "CNAME", "elsewhere.test.", "cannot stand beside"),
        ("_domainkey", "NS", "ns.elsewhere.test.", "give away names"),
        ("www.elsewhere.test.", "A", "192.0.2.1", "is not in the zone"),
    ],
)
def test_what_would_contradict_what_is_managed_is_refused(
    world: DnsWorld, name: str, type: str, data: str, told: str
) -> None:
    before = world.serial(NAME)
    answer = put(world, name, type, data)
    assert (answer.status, answer.code) == (409, "conflict"), answer.body
    assert told in answer.json["error"]["message"]
    assert world.serial(NAME) == before


@pytest.mark.parametrize(
    ("name", "type", "data", "field"),
    [
        ("www", "A", "192.0.2", "data"),
        ("www", "A", "192.0.2.1\nother A 192.0.2.2", "data"),
        ("www", "A", "192.0.2.1 ; a comment\n", "data"),
        ("www", "A", "(192.0.2.1", "data"),
        ("www", "NOSUCH", "x", "type"),
        ("a..b", "A", "192.0.2.1", "name"),
    ],
)
def test_what_is_no_record_is_refused(world: DnsWorld, name: str, type: str, data: str, field: str) -> None:
    answer = put(world, name, type, data)
    if "comment" in data:  # that is how a zone file has it
        assert answer.status == 200
        return
    assert (answer.status, answer.code) == (422, "validation_failed"), answer.body
    assert [one["field"] for one in answer.json["error"]["details"]] == [field]


def test_a_dry_run_changes_nothing_and_says_what_would(world: DnsWorld) -> None:
    put(world, "www", "A", "192.0.2.1")
    before, lines = text_of(world), audit_head(world.daemon)
    tried = put(world, "www", "A", "192.0.2.9", dry_run=True)
    assert tried.json["removed"] == [f"www.{NAME}. 300 IN A 192.0.2.1"]
    assert tried.json["added"] == [f"www.{NAME}. 300 IN A 192.0.2.9"]
    assert tried.json["dry_run"] is True
    assert "X-Postern-Audit" not in tried.headers
    assert load(world, "", dry_run=True).json["removed"] == [f"www.{NAME}. 300 IN A 192.0.2.1"]
    path = f"/v1/zones/{NAME}/records?name=www&type=A&dry_run=true"
    assert world.daemon.operator("DELETE", path).json["added"] == []
    assert (text_of(world), audit_head(world.daemon)) == (before, lines)
    refused = put(world, "@", "MX", "10 mail.elsewhere.test.", dry_run=True)
    assert (refused.status, refused.code) == (409, "conflict")


def test_an_export_is_imported_as_it_is(world: DnsWorld) -> None:
    put(world, "www", "A", "192.0.2.1")
    put(world, "@", "TXT", '"site-verification=abc"')
    text = text_of(world)
    assert dns.zone.from_text(text, NAME).get_rdataset("www", "A") is not None
    again = load(world, text)
    assert (again.status, again.json["added"], again.json["removed"]) == (200, [], [])
    added = load(world, "mail 60 IN A 192.0.2.2\nblog CNAME www\n", add=True).json
    assert [line.split()[0] for line in added["added"]] == [f"blog.{NAME}.", f"mail.{NAME}."]
    whole = load(world, "other TXT hello\n").json
    assert len(whole["removed"]) == 4
    assert world.ask(f"other.{NAME}", "TXT") == ["hello"]
    assert world.ask(NAME, "MX") == [f"10 {MX}."]


def test_an_import_that_cannot_be_names_the_line_and_changes_nothing(world: DnsWorld) -> None:
    before = text_of(world)
    broken = load(world, "www A 192.0.2.1\nmail A nowhere\n")
    assert (broken.status, broken.code) == (422, "validation_failed")
    assert "line 2" in broken.json["error"]["message"]
    against = load(world, "@ MX 5 mail.elsewhere.test.\nwww A 192.0.2.1\n")
    assert (against.status, against.code) == (409, "conflict")
    twice = load(world, "www CNAME other\nwww A 192.0.2.1\n")
    assert (twice.status, twice.code) == (422, "validation_failed")
    assert text_of(world) == before


def test_what_a_send_backend_wants_is_managed_too(world: DnsWorld) -> None:
    publisher = world.daemon.services.publisher
    wanted = [Extra("@", "TXT", "ms-domain-verification=1"), Extra("s1._domainkey", "CNAME", "s1.provider.test.")]
    world.daemon.run(publisher.set_extra_records(NAME, "provider", wanted))
    assert world.ask(f"s1._domainkey.{NAME}", "CNAME") == ["s1.provider.test."]
    assert "ms-domain-verification=1" in world.ask(NAME, "TXT")
    before = world.serial(NAME)
    world.daemon.run(publisher.set_extra_records(NAME, "provider", wanted))
    assert world.serial(NAME) == before, "the same again is no change"
    with pytest.raises(BadZone):
        world.daemon.run(publisher.set_extra_records(NAME, "other", [Extra("@", "CNAME", "provider.test.")]))
    world.daemon.run(publisher.set_extra_records(NAME, "provider", wanted[:1]))
    assert world.ask(f"s1._domainkey.{NAME}", "CNAME") == []
    assert put(world, "s1._domainkey", "TXT", '"v=DKIM1; p="').status == 200


def test_what_becomes_managed_wins(world: DnsWorld) -> None:
    """An operator's record at a label that a tenant gets later is not answered any more, and says so."""
    record = {"name": "newcomer", "type": "CNAME", "data": ["elsewhere.test."]}
    assert world.daemon.operator("PUT", "/v1/zones/postern.test/records", record).status == 200
    assert world.ask("newcomer.postern.test", "CNAME") == ["elsewhere.test."]
    world.daemon.tenant("Newcomer")
    assert world.ask("newcomer.postern.test", "MX") == [f"10 {MX}."]
    assert world.ask("newcomer.postern.test", "CNAME") == []
    [shown] = world.daemon.operator("GET", "/v1/zones/postern.test/records").json["data"]
    assert "cannot stand beside" in shown["problem"]


def test_unknown_zones_are_not_found(world: DnsWorld) -> None:
    for method, path, body in (
        ("GET", "/v1/zones/nowhere.test", None),
        ("PUT", "/v1/zones/nowhere.test", {"text": ""}),
        ("GET", "/v1/zones/nowhere.test/records", None),
        ("GET", "/v1/zones/nowhere.test/secondaries", None),
    ):
        answer = world.daemon.operator(method, path, body)
        assert (answer.status, answer.code) == (404, "not_found"), path
    listed = world.daemon.operator("GET", "/v1/zones").json["data"]
    assert [(one["name"], one["domain"]) for one in listed] == [(NAME, NAME), ("postern.test", None)]


def test_what_azure_wants_is_published(start: Start) -> None:
    account = f"endpoint=https://azure.invalid/;accesskey={base64.b64encode(b'key').decode()}"
    verification = "postern.test=ms-domain-verification=one, acme.postern.test=ms-domain-verification=two"
    daemon = start(SEND_BACKEND="acs", ACS_CONNECTION_STRING=account, ACS_VERIFICATIONS=verification)
    daemon.tenant()
    text = daemon.operator("GET", "/v1/zones/postern.test").json["text"]
    for owner, found in (("@", "one"), ("acme", "two")):
        assert re.search(rf'^{owner}[^\n]*TXT "ms-domain-verification={found}"$', text, re.MULTILINE), text
    assert text.count("include:spf.protection.outlook.com") == 2
    assert re.search(
        r"^selector1-azurecomm-prod-net\._domainkey\.acme .* CNAME selector1-azurecomm-prod-net", text, re.MULTILINE
    )


def test_a_policy_for_encrypted_mail_is_published_and_served(start: Start) -> None:
    assert start().call("GET", "/.well-known/mta-sts.txt").status == 404
    daemon = start(MTA_STS_HOST="policy.example.com")
    daemon.tenant()
    text = daemon.operator("GET", "/v1/zones/postern.test").json["text"]
    assert re.search(r'^_mta-sts\.acme .* TXT "v=STSv1; id=[a-z0-9]{1,32}"$', text, re.MULTILINE), text
    assert re.search(r"^mta-sts\.acme .* CNAME policy\.example\.com\.$", text, re.MULTILINE), text
    served = daemon.call("GET", "/.well-known/mta-sts.txt")
    assert served.headers["Content-Type"].startswith("text/plain")
    assert served.body.splitlines() == [b"version: STSv1", b"mode: enforce", b"mx: mx.postern.test", b"max_age: 604800"]
