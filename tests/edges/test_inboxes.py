from __future__ import annotations

import re
from typing import Any

import pytest

from daemon.api.common import NAME_IN_WORDS
from tests.edges.support import at_once, audit_head, audit_since
from tests.support import RunningDaemon


@pytest.fixture
def key(daemon: RunningDaemon) -> str:
    return str(daemon.agent()["agent_key"])


def test_an_instant_address_is_live_at_once_and_unguessable(daemon: RunningDaemon, key: str) -> None:
    inbox = daemon.inbox(key)
    assert inbox["status"] == "live"
    assert re.fullmatch(r"[a-z2-7]{16}@acme[-0-9]*\.postern\.test", inbox["address"])
    assert inbox["address"].endswith("@" + inbox["domain"])
    daemon.deliver(inbox["address"])


def test_a_chosen_name_is_normalised(daemon: RunningDaemon, key: str) -> None:
    domain = daemon.inbox(key)["domain"]
    inbox = daemon.inbox(key, username="Support.Team_1", domain=domain.upper() + ".", display_name=" Support ")
    assert inbox["address"] == f"support.team_1@{domain}"
    assert inbox["display_name"] == "Support"
    for way in (inbox["address"].upper(), inbox["id"], inbox["address"].replace("@", "+x@")):
        assert daemon.call("GET", f"/v1/inboxes/{way}", key=key).json["id"] == inbox["id"]


@pytest.mark.parametrize(
    "body",
    [
        {"username": "postmaster"},
        {"username": "Abuse"},
        {"username": "a..b"},
        {"username": ".a"},
        {"username": "a."},
        {"username": "a+b"},
        {"username": "a@b"},
        {"username": "a b"},
        {"username": "jöhn"},
        {"username": "\u0430dmin"},  # Cyrillic a
        {"username": "a\r\nb"},
        {"username": "x" * 65},
        {"username": ""},
        {"username": 7},
        {"domain": "-"},
        {"domain": "a" * 64 + ".test"},
        {"display_name": "two\nlines"},
        {"display_name": ""},
        {"client_id": ""},
        {"agent_id": "agent_x"},
        {"surprise": True},
    ],
    ids=str,
)
def test_what_cannot_be_an_address_is_422(daemon: RunningDaemon, key: str, body: dict[str, Any]) -> None:
    refused = daemon.call("POST", "/v1/inboxes", body, key=key)
    assert (refused.status, refused.code) == (422, "validation_failed")
    assert refused.json["error"]["details"][0]["field"] == next(iter(body))


@pytest.mark.parametrize("mark", ["\n", "\x85", "\u061c", "\u200f", "\u2028", "\u2029", "\u202e", "\u2066"], ids=ascii)
def test_no_name_ends_a_line_or_turns_its_direction(daemon: RunningDaemon, key: str, mark: str) -> None:
    name = f"Ann{mark}gpj.exe"
    minting = {"tenant_id": daemon.tenant(), "scopes": ["mailbox:read"], "max_mailboxes": 1, "label": name}
    for field, refused in {
        "display_name": daemon.call("POST", "/v1/inboxes", {"display_name": name}, key=key),
        "agent_handle": daemon.call("POST", "/v1/enroll", {"enrollment_token": "x", "agent_handle": name}),
        "label": daemon.operator("POST", "/v1/enrollment-tokens", minting),
        "name": daemon.operator("POST", "/v1/tenants", {"name": name}),
    }.items():
        assert (refused.status, refused.json["error"]["details"]) == (422, [{"field": field, "message": NAME_IN_WORDS}])


def test_a_name_may_be_in_any_script(daemon: RunningDaemon, key: str) -> None:
    for name in ("שירות לקוחות", "دعم", "Σίσυφος & Söhne", "客服", "👩\u200d🚀 Crew", "क्\u200dष"):
        assert daemon.inbox(key, display_name=name)["display_name"] == name


def test_a_domain_of_somebody_else_is_not_allowed(daemon: RunningDaemon, key: str) -> None:
    theirs = daemon.inbox(daemon.agent()["agent_key"])["domain"]
    for domain in (theirs, "example.com", "postern.test"):
        before = audit_head(daemon)
        refused = daemon.call("POST", "/v1/inboxes", {"domain": domain}, key=key)
        assert (refused.status, refused.code) == (403, "domain_not_allowed")
        assert [line["reason"] for line in audit_since(daemon, before)] == ["domain_not_allowed"]


def test_a_taken_address_is_409_whosever_it_is(daemon: RunningDaemon) -> None:
    tenant = daemon.tenant()
    one, other = (daemon.agent(tenant)["agent_key"] for _ in range(2))
    daemon.inbox(one, username="Taken")
    for key in (one, other):
        refused = daemon.call("POST", "/v1/inboxes", {"username": "tAken"}, key=key)
        assert (refused.status, refused.code) == (409, "address_taken")


def test_one_of_many_gets_a_wanted_address(daemon: RunningDaemon, key: str) -> None:
    answers = at_once(12, lambda _: daemon.call("POST", "/v1/inboxes", {"username": "wanted"}, key=key))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 11


def test_a_deleted_address_is_buried_for_all_but_its_tenants_operator(daemon: RunningDaemon) -> None:
    tenant = daemon.operator("POST", "/v1/tenants", {"name": "Graves", "label": "graves"}).json["id"]
    agent = daemon.agent(tenant)
    inbox = daemon.inbox(agent["agent_key"], username="ghost")
    gone = daemon.call("DELETE", f"/v1/inboxes/{inbox['address']}", key=agent["agent_key"])
    assert gone.json == {"id": inbox["id"], "deleted": True}
    assert daemon.call("GET", f"/v1/inboxes/{inbox['id']}", key=agent["agent_key"]).status == 404
    for key in (agent["agent_key"], daemon.agent(tenant)["agent_key"]):
        assert daemon.call("POST", "/v1/inboxes", {"username": "ghost"}, key=key).code == "address_taken"

    heir = daemon.agent(tenant)
    again = daemon.operator("POST", "/v1/inboxes", {"username": "ghost", "agent_id": heir["agent_id"]})
    assert again.status == 201
    assert again.json["address"] == inbox["address"]
    assert again.json["id"] != inbox["id"]
    assert daemon.call("GET", f"/v1/inboxes/{inbox['address']}", key=agent["agent_key"]).status == 404


def test_the_addresses_of_a_deleted_tenant_are_nobody_elses(daemon: RunningDaemon) -> None:
    first = daemon.operator("POST", "/v1/tenants", {"name": "Phoenix", "label": "phoenix"}).json["id"]
    daemon.inbox(daemon.agent(first)["agent_key"], username="root-of-trust")
    assert daemon.operator("DELETE", f"/v1/tenants/{first}?confirm=wrong").code == "validation_failed"
    assert daemon.operator("DELETE", f"/v1/tenants/{first}").code == "validation_failed"
    assert daemon.operator("DELETE", f"/v1/tenants/{first}?confirm=Phoenix").json["deleted"] is True
    assert daemon.operator("GET", f"/v1/tenants/{first}").status == 404

    second = daemon.operator("POST", "/v1/tenants", {"name": "Phoenix", "label": "phoenix"}).json["id"]
    agent = daemon.agent(second)
    wanted = {"username": "root-of-trust"}
    assert daemon.call("POST", "/v1/inboxes", wanted, key=agent["agent_key"]).code == "address_taken"
    assert daemon.operator("POST", "/v1/inboxes", wanted | {"agent_id": agent["agent_id"]}).code == "address_taken"


def test_fifty_creates_at_once_on_a_quota_of_ten_make_exactly_ten(daemon: RunningDaemon) -> None:
    agent = daemon.agent(max_mailboxes=10)
    answers = at_once(50, lambda _: daemon.call("POST", "/v1/inboxes", {}, key=agent["agent_key"]))
    assert sorted(answer.status for answer in answers) == [201] * 10 + [409] * 40
    assert {answer.code for answer in answers if answer.status == 409} == {"enrollment_token_exhausted"}
    assert daemon.operator("GET", f"/v1/enrollment-tokens/{agent['enrollment_key_id']}").json["used_count"] == 10
    assert len(daemon.call("GET", "/v1/inboxes", key=agent["agent_key"]).json["data"]) == 10


def test_deleting_a_mailbox_refunds_nothing(daemon: RunningDaemon) -> None:
    key = daemon.agent(max_mailboxes=1)["agent_key"]
    daemon.call("DELETE", f"/v1/inboxes/{daemon.inbox(key)['id']}", key=key)
    assert daemon.call("POST", "/v1/inboxes", {}, key=key).code == "enrollment_token_exhausted"
    assert daemon.call("GET", "/v1/whoami", key=key).json["mailboxes_left"] == 0


def test_a_refused_create_costs_nothing(daemon: RunningDaemon) -> None:
    key = daemon.agent(max_mailboxes=2)["agent_key"]
    daemon.inbox(key, username="mine")
    for body in ({"username": "mine"}, {"username": "a b"}, {"domain": "example.com"}):
        assert daemon.call("POST", "/v1/inboxes", body, key=key).status != 201
    assert daemon.call("GET", "/v1/whoami", key=key).json["mailboxes_used"] == 1


def test_the_same_client_id_is_the_same_mailbox(daemon: RunningDaemon, key: str) -> None:
    body = {"client_id": "job 7", "display_name": "Job"}
    first, again = (daemon.call("POST", "/v1/inboxes", body, key=key) for _ in range(2))
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    by_header = {"Idempotency-Key": "job 7"}
    assert daemon.call("POST", "/v1/inboxes", {"display_name": "Job"}, key=key, headers=by_header).json == first.json
    for other in ({"client_id": "job 7"}, body | {"username": "else"}):
        refused = daemon.call("POST", "/v1/inboxes", other, key=key)
        assert (refused.status, refused.code) == (409, "idempotency_conflict")
    assert daemon.call("GET", "/v1/whoami", key=key).json["mailboxes_used"] == 1


def test_the_same_client_id_at_the_same_time_makes_one_mailbox(daemon: RunningDaemon, key: str) -> None:
    answers = at_once(16, lambda _: daemon.call("POST", "/v1/inboxes", {"client_id": "race"}, key=key))
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


def test_a_client_id_is_its_agents_own_and_ends_with_the_mailbox(daemon: RunningDaemon, key: str) -> None:
    body = {"client_id": "shared word"}
    mine = daemon.inbox(key, **body)
    theirs = daemon.inbox(daemon.agent()["agent_key"], **body)
    assert mine["id"] != theirs["id"]
    daemon.call("DELETE", f"/v1/inboxes/{mine['id']}", key=key)
    assert daemon.inbox(key, **body)["id"] != mine["id"]


def test_an_empty_idempotency_key_is_none(daemon: RunningDaemon, key: str) -> None:
    headers = {"Idempotency-Key": ""}
    made = [daemon.call("POST", "/v1/inboxes", {}, key=key, headers=headers).json["id"] for _ in range(2)]
    assert len(set(made)) == 2


def test_mail_to_a_plus_address_is_the_mailboxs(daemon: RunningDaemon, key: str) -> None:
    inbox = daemon.inbox(key)
    local, _, domain = inbox["address"].partition("@")
    for to in (f"{local}+news@{domain}", f"{local.upper()}+A+B@{domain.upper()}", inbox["address"]):
        daemon.deliver(to)
    assert len(daemon.call("GET", f"/v1/inboxes/{inbox['id']}/messages", key=key).json["data"]) == 3


def test_an_operator_names_the_agent_of_a_mailbox(daemon: RunningDaemon) -> None:
    agent = daemon.agent(max_mailboxes=1)
    assert daemon.operator("POST", "/v1/inboxes", {}).code == "validation_failed"
    assert daemon.operator("POST", "/v1/inboxes", {"agent_id": "agent_nobody"}).code == "validation_failed"
    assert daemon.operator("POST", "/v1/inboxes", {"agent_id": agent["agent_id"]}).status == 201
    assert daemon.call("POST", "/v1/inboxes", {}, key=agent["agent_key"]).code == "enrollment_token_exhausted"
