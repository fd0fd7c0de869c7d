"""DKIM keys over their life: published, signing, kept, gone; and what the DNS says at each step."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from daemon.mail.signing_key import SigningKey
from tests.edges.world_of_dns import DnsWorld

NAME = "agents.customer.test"
HOURS = 3600


@pytest.fixture
def world(dns_world: DnsWorld) -> DnsWorld:
    dns_world.delegated(NAME, dns_world.daemon.tenant())
    return dns_world


def keys(world: DnsWorld, domain: str = NAME) -> tuple[SigningKey, ...]:
    return world.daemon.run(world.daemon.services.dkim_keys.signing_keys(domain))


def states(world: DnsWorld) -> dict[str, str]:
    return {one["selector"]: one["state"] for one in world.domain(NAME)["dkim"]}


def pass_time(world: DnsWorld, *, seconds: float = 0, days: float = 0) -> None:
    world.daemon.clock.advance(seconds=seconds, days=days)
    world.daemon.run(world.daemon.services.rotation.look())


def published(world: DnsWorld, key: SigningKey) -> bool:
    """Tell whether the public half of a key is what the DNS says."""
    private = key.private_key
    if isinstance(private, Ed25519PrivateKey):
        algorithm, raw = "ed25519", private.public_key().public_bytes_raw()
    else:
        algorithm = "rsa"
        raw = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    texts = world.ask(f"{key.selector}._domainkey.{key.domain}", "TXT")
    return texts == [f"v=DKIM1; k={algorithm}; p={base64.b64encode(raw).decode()}"]


def test_a_domain_signs_with_two_keys_that_are_published(world: DnsWorld) -> None:
    first, second = keys(world)
    assert isinstance(first.private_key, RSAPrivateKey)
    assert first.private_key.key_size == 2048
    assert isinstance(second.private_key, Ed25519PrivateKey)
    assert published(world, first)
    assert published(world, second)
    assert keys(world, "elsewhere.test") == ()


def test_a_rotation_by_hand_goes_step_by_step(world: DnsWorld) -> None:
    old = keys(world)
    started = world.daemon.operator("POST", f"/v1/domains/{NAME}/rotate-dkim")
    assert started.status == 200, started.body
    new = [one["selector"] for one in started.json["dkim"] if one["state"] == "published"]
    assert len(new) == 2
    again = world.daemon.operator("POST", f"/v1/domains/{NAME}/rotate-dkim")
    assert (again.status, again.code) == (409, "conflict")
    for selector in new:
        assert world.ask(f"{selector}._domainkey.{NAME}", "TXT")

    pass_time(world, seconds=1 * HOURS)
    assert keys(world) == old, "not before every cache has forgotten that there was none"
    pass_time(world, seconds=1 * HOURS)
    now = keys(world)
    assert [key.selector for key in now] == sorted(new, reverse=True)
    assert all(published(world, key) for key in now)
    assert all(published(world, key) for key in old), "for the mail that is still on its way"

    pass_time(world, days=6.9)
    assert {states(world)[key.selector] for key in old} == {"kept"}
    pass_time(world, days=0.2)
    assert set(states(world)) == set(new)
    assert not any(published(world, key) for key in old)
    assert [world.lines(f"system:domain:dkim_{step}")[0]["target"].split()[0] for step in ("switch", "retire")] == [
        NAME,
        NAME,
    ]


def test_keys_are_replaced_by_themselves(world: DnsWorld) -> None:
    seen = {key.selector for key in keys(world)}
    for _ in range(3):
        pass_time(world, days=90)
        pass_time(world, seconds=2 * HOURS)
        pass_time(world, days=7)
        now = {key.selector for key in keys(world)}
        assert not now & seen
        assert set(states(world)) == now
        seen |= now


def test_private_halves_are_sealed_and_erased(world: DnsWorld) -> None:
    def sealed() -> list[bytes | None]:
        with closing(sqlite3.connect(world.daemon.database)) as conn:
            return [row[0] for row in conn.execute("SELECT sealed FROM dkim_keys WHERE domain = ?", (NAME,))]

    assert all(sealed())
    assert not any(b"PRIVATE" in (one or b"") for one in sealed())
    world.daemon.operator("POST", f"/v1/domains/{NAME}/rotate-dkim")
    pass_time(world, seconds=2 * HOURS)
    assert sorted(one is None for one in sealed()) == [False, False, True, True]


def test_another_master_key_seals_them_anew(world: DnsWorld) -> None:
    def public(key: SigningKey) -> bytes:
        return key.private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    secondary = {"name": "ns2", "host": "192.0.2.53"}
    assert world.daemon.operator("PUT", f"/v1/zones/{NAME}/secondaries", secondary).status == 200
    before = [public(key) for key in keys(world)]
    rotated = world.daemon.operator("POST", "/v1/keyring/rotate")
    assert rotated.status == 200, rotated.body
    shown = {one["key_id"]: one["sealed_values"] for one in rotated.json["keys"]}
    assert shown[rotated.json["current"]] >= 3
    assert sum(shown.values()) == shown[rotated.json["current"]]
    world.daemon.services.dkim_keys._opened.clear()
    assert [public(key) for key in keys(world)] == before
    world.daemon.operator("PUT", f"/v1/zones/{NAME}/secondaries", {**secondary, "name": "ns3"})
    assert world.daemon.services.publisher._keys_changed is False, "both secondaries' keys were opened and pushed"


def test_a_shared_label_gets_keys_of_its_own_when_it_first_signs(world: DnsWorld) -> None:
    world.daemon.tenant("Writer")
    label = "writer.postern.test"
    assert world.domain(label)["dkim"] == []
    made = keys(world, label)
    assert [key.domain for key in made] == [label, label], "d= is the author's own domain, so DMARC's strict mode holds"
    assert all(published(world, key) for key in made)
    assert [key.selector for key in keys(world, label)] == [key.selector for key in made]
    assert world.domain(label)["dkim_next_at"] == "2027-04-15T08:00:00.000Z"


def test_where_people_add_records_new_keys_sign_once_they_are_seen(world: DnsWorld) -> None:
    name = "hand.customer.test"
    added = world.add(name, world.daemon.tenant("Hand"), "manual").json
    old = {key.selector for key in keys(world, name)}
    pass_time(world, days=100)
    assert {key.selector for key in keys(world, name)} == old, "only people begin, where people add the records"
    records = world.daemon.operator("POST", f"/v1/domains/{name}/rotate-dkim").json["to_add"]
    assert len(records) == len(added["to_add"]) + 2
    pass_time(world, days=1)
    assert {key.selector for key in keys(world, name)} == old
    for record in records:
        if "_domainkey" in record["name"]:
            world.resolver.records[f"{record['name']} TXT"] = [record["data"]]
    pass_time(world, seconds=1 * HOURS)
    assert not {key.selector for key in keys(world, name)} & old
