from __future__ import annotations

import pytest

from tests.edges.support import World, a_world, audit_head, audit_since, until
from tests.support import RunningDaemon


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Suppressing")


def path(address: str, tenant: str) -> str:
    return f"/v1/suppressions/{address}?tenant={tenant}"


def test_an_address_is_listed_shown_and_taken_off(daemon: RunningDaemon, world: World) -> None:
    before = audit_head(daemon)
    put = daemon.operator("PUT", path("Jane%2BNews@B%C3%BCcher.example", world.tenant), {"reason": "complaint"})
    assert put.status == 200, put.body
    assert put.json | {"created_at": ""} == {
        "address": "jane@xn--bcher-kva.example",
        "tenant_id": world.tenant,
        "reason": "complaint",
        "blocks": "all",
        "unsubscribed_at": None,
        "message_id": None,
        "created_at": "",
    }
    shown = daemon.operator("GET", path("JANE@xn--bcher-kva.example", world.tenant)).json
    assert shown == put.json
    listed = daemon.operator("GET", f"/v1/suppressions?tenant={world.tenant}").json["data"]
    assert [one["address"] for one in listed] == [shown["address"], world.suppressed]
    gone = daemon.operator("DELETE", path("jane@xn--bcher-kva.example", world.tenant)).json
    assert gone == {
        "address": shown["address"],
        "tenant_id": world.tenant,
        "lifted": "complaint",
        "remains": None,
    }
    assert daemon.operator("GET", path("jane@xn--bcher-kva.example", world.tenant)).status == 404
    assert [line["action"] for line in audit_since(daemon, before)] == [
        "socket:suppression:put",
        "socket:suppression:remove",
    ]
    hashed = daemon.operator("POST", "/v1/audit/hash", {"value": shown["address"]}).json["hash"]
    assert {line["value"] for line in audit_since(daemon, before)} == {hashed}


def test_who_unsubscribed_stays_so_when_a_bounce_is_lifted(daemon: RunningDaemon, world: World) -> None:
    at = path("both@far.test", world.tenant)
    assert daemon.operator("PUT", at, {"reason": "unsubscribe"}).json["blocks"] == "subscribed"
    both = daemon.operator("PUT", at, {"reason": "bounce"}).json
    assert (both["reason"], both["blocks"]) == ("bounce", "all")
    assert both["unsubscribed_at"] is not None
    assert daemon.operator("PUT", at, {}).json["reason"] == "bounce", "the heavier reason stays"
    assert daemon.operator("DELETE", at).json["remains"] == "unsubscribe"
    assert daemon.operator("GET", at).json["blocks"] == "subscribed"
    assert daemon.operator("DELETE", at).json == {
        "address": "both@far.test",
        "tenant_id": world.tenant,
        "lifted": "unsubscribe",
        "remains": None,
    }
    assert daemon.operator("DELETE", at).status == 404


def test_a_list_is_one_tenants_own(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon, "Others")
    assert daemon.operator("GET", path(world.suppressed, other.tenant)).status == 404
    assert daemon.operator("DELETE", path(world.suppressed, other.tenant)).status == 404
    everything = daemon.operator("GET", "/v1/suppressions?limit=200").json["data"]
    assert {world.suppressed, other.suppressed} <= {one["address"] for one in everything}


@pytest.mark.parametrize(
    ("address", "query", "body", "status"),
    [
        ("nobody", "tenant={tenant}", {}, 422),
        ("@far.test", "tenant={tenant}", {}, 422),
        ("a@far.test", "", {}, 422),
        ("a@far.test", "tenant=cus_none", {}, 404),
        ("a@far.test", "tenant={tenant}", {"reason": "spite"}, 422),
        ("a@far.test", "tenant={tenant}", {"why": "x"}, 422),
    ],
)
def test_what_is_no_address_tenant_or_reason_is_refused(
    address: str, query: str, body: dict[str, str], status: int, daemon: RunningDaemon, world: World
) -> None:
    asked = f"/v1/suppressions/{address}?{query.format(tenant=world.tenant)}"
    assert daemon.operator("PUT", asked, body).status == status


def test_a_tenants_list_goes_with_it(daemon: RunningDaemon, world: World) -> None:
    assert daemon.operator("DELETE", f"/v1/tenants/{world.tenant}?confirm={world.tenant}").status == 200
    until(lambda: daemon.operator("GET", f"/v1/suppressions?tenant={world.tenant}").json["data"] == [])


def test_limits_are_a_tenants_own(daemon: RunningDaemon, world: World) -> None:
    at = f"/v1/tenants/{world.tenant}"
    limits = {"send_cap_first": 3, "send_cap_full": 4, "send_cap_ramp_days": 0}
    assert daemon.operator("PATCH", at, {"limits": limits}).json["limits"].items() >= limits.items()
    told = daemon.call("GET", "/v1/whoami", key=world.agent_key).json["sending"]
    assert [(one["address"], one["cap"], one["left"]) for one in told["mailboxes"]] == [(world.address, 4, 4)]
    daemon.operator("PATCH", at, {"limits": dict.fromkeys(limits)})
    told = daemon.call("GET", "/v1/whoami", key=world.agent_key).json["sending"]
    assert (told["karma"], told["karma_factor"], told["brake"]) == (0, 1, "open")
    assert [(one["cap"], one["used"]) for one in told["mailboxes"]] == [(10, 0)]
    for wrong in (-1, 1.5, "10", 10**9):
        assert daemon.operator("PATCH", at, {"limits": {"send_cap_full": wrong}}).status == 422
