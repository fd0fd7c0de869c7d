from __future__ import annotations

from typing import Any

import pytest

from daemon.api.operations import Scope
from tests.edges.support import NO_SUCH_SECRET, at_once, audit_head, audit_since
from tests.support import Answer, RunningDaemon


def redeem(daemon: RunningDaemon, token: str, handle: str | None = None) -> Answer:
    body = {"enrollment_token": token} | ({} if handle is None else {"agent_handle": handle})
    return daemon.call("POST", "/v1/enroll", body)


@pytest.fixture
def tenant(daemon: RunningDaemon) -> str:
    return daemon.tenant()


def mint(daemon: RunningDaemon, tenant: str, **more: Any) -> str:
    return str(daemon.enrollment_key(tenant, **more)["enrollment_token"])


def test_the_same_handle_is_the_same_agent_with_a_fresh_key_each_time(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant)
    first, second = redeem(daemon, token, "builder").json, redeem(daemon, token, "builder").json
    assert first["agent_id"] == second["agent_id"]
    assert first["agent_key"] != second["agent_key"]
    for key in (first["agent_key"], second["agent_key"]):
        assert daemon.call("GET", "/v1/whoami", key=key).json["agent_handle"] == "builder"


def test_without_a_handle_it_is_called_default(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant)
    assert redeem(daemon, token).json["agent_id"] == redeem(daemon, token, "default").json["agent_id"]


def test_redeeming_at_the_same_time_makes_one_agent(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant)
    answers = at_once(16, lambda _: redeem(daemon, token, "twin"))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["agent_id"] for answer in answers}) == 1
    assert len({answer.json["agent_key"] for answer in answers}) == 16


def test_a_handle_means_another_agent_on_another_key(daemon: RunningDaemon, tenant: str) -> None:
    one, other = (redeem(daemon, mint(daemon, tenant), "same").json["agent_id"] for _ in range(2))
    assert one != other


def test_a_key_that_is_not_reusable_is_for_one_agent(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant)
    assert redeem(daemon, token, "first").status == 200
    before = audit_head(daemon)
    refused = redeem(daemon, token, "second")
    assert (refused.status, refused.code) == (409, "enrollment_token_exhausted")
    assert redeem(daemon, token, "first").status == 200
    assert audit_since(daemon, before)[0]["reason"] == "enrollment_token_exhausted"
    assert audit_since(daemon, before)[0]["tenant"] == tenant


def test_only_one_of_many_handles_gets_in_on_a_key_that_is_not_reusable(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant)
    answers = at_once(12, lambda number: redeem(daemon, token, f"racer {number}"))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 11


def test_a_key_that_is_not_reusable_stays_spent_when_its_agent_moves_to_another(
    daemon: RunningDaemon, tenant: str
) -> None:
    old, new = daemon.enrollment_key(tenant), daemon.enrollment_key(tenant)
    agent = redeem(daemon, old["enrollment_token"], "mover").json["agent_id"]
    assert daemon.operator("PATCH", f"/v1/agents/{agent}", {"enrollment_key_id": new["id"]}).status == 200
    for handle in ("mover", "stranger"):
        assert redeem(daemon, old["enrollment_token"], handle).status == 409
        assert redeem(daemon, new["enrollment_token"], handle).status == (200 if handle == "mover" else 409)
    assert redeem(daemon, new["enrollment_token"], "mover").json["agent_id"] == agent


def test_a_reusable_key_lets_many_in(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant, reusable=True)
    assert len({redeem(daemon, token, f"agent {number}").json["agent_id"] for number in range(5)}) == 5


def test_an_exhausted_key_lets_nobody_new_in_but_whom_it_knows(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant, reusable=True, max_mailboxes=1)
    inbox = daemon.inbox(redeem(daemon, token, "known").json["agent_key"])
    refused = redeem(daemon, token, "new")
    assert (refused.status, refused.code) == (409, "enrollment_token_exhausted")
    again = redeem(daemon, token, "known").json
    assert (again["mailboxes_used"], again["mailboxes_max"]) == (1, 1)
    assert daemon.call("GET", f"/v1/inboxes/{inbox['id']}", key=again["agent_key"]).status == 200


def test_redeeming_spends_nothing(daemon: RunningDaemon, tenant: str) -> None:
    token = mint(daemon, tenant, max_mailboxes=3)
    assert [redeem(daemon, token).json["mailboxes_used"] for _ in range(4)] == [0] * 4


@pytest.mark.parametrize(
    "token",
    ["", "nonsense", "pk_enroll_short_x", f"pk_enroll_{'a' * 24}_{NO_SUCH_SECRET}", "pk_enroll_é_ü", "\x00"],
)
def test_an_unknown_token_is_401_and_no_line(daemon: RunningDaemon, token: str) -> None:
    before = audit_head(daemon)
    refused = redeem(daemon, token)
    assert (refused.status, refused.code) == (401, "invalid_enrollment_token")
    assert audit_head(daemon) == before


def test_an_agent_key_and_an_operator_key_do_not_redeem(daemon: RunningDaemon, tenant: str) -> None:
    agent_key = daemon.agent(tenant)["agent_key"]
    operator_key = daemon.operator("POST", "/v1/operators", {"name": "x"}).json["operator_key"]
    for key in (agent_key, operator_key):
        assert redeem(daemon, key).code == "invalid_enrollment_token"


def test_a_revoked_token_says_so_and_creates_no_more(daemon: RunningDaemon, tenant: str) -> None:
    agent = daemon.agent(tenant)
    minted = daemon.enrollment_key(tenant)
    key = redeem(daemon, minted["enrollment_token"]).json["agent_key"]
    assert daemon.operator("DELETE", f"/v1/enrollment-tokens/{minted['id']}").json["revoked"] is True
    refused = redeem(daemon, minted["enrollment_token"])
    assert (refused.status, refused.code) == (401, "enrollment_token_revoked")
    assert daemon.call("POST", "/v1/inboxes", {}, key=key).code == "enrollment_token_revoked"
    assert daemon.call("GET", "/v1/whoami", key=key).status == 200, "agent keys are keys of their own"
    assert daemon.inbox(agent["agent_key"]), "a sibling key is untouched"


def test_scopes_and_domains_of_an_agent_key_are_those_of_its_enrollment_key(daemon: RunningDaemon) -> None:
    answer = daemon.operator("POST", "/v1/tenants", {"name": "Bounded"}).json
    minted = daemon.enrollment_key(answer["id"], scopes=["mailbox:read"], allowed_domains=[answer["domain"].upper()])
    enrolled = redeem(daemon, minted["enrollment_token"]).json
    whoami = daemon.call("GET", "/v1/whoami", key=enrolled["agent_key"]).json
    assert enrolled["scopes"] == whoami["scopes"] == [Scope.READ.value]
    assert enrolled["allowed_domains"] == whoami["allowed_domains"] == [answer["domain"]]
    assert daemon.call("POST", "/v1/inboxes", {}, key=enrolled["agent_key"]).code == "scope_denied"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["mailbox:everything"]},
        {"max_mailboxes": 0},
        {"max_mailboxes": 2.5},
        {"allowed_domains": ["somebody-elses.test"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "tomorrow"},
        {"label": "line\nbreak"},
        {"tenant_id": "cus_nobody"},
        {"surprise": 1},
    ],
)
def test_a_key_with_wrong_bounds_is_not_minted(daemon: RunningDaemon, tenant: str, wrong: dict[str, Any]) -> None:
    body = {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 1} | wrong
    refused = daemon.operator("POST", "/v1/enrollment-tokens", body)
    assert (refused.status, refused.code) == (422, "validation_failed")
    assert refused.json["error"]["details"][0]["field"].startswith(next(iter(wrong)))
