from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from daemon.keys import signature_holds
from daemon.service.links import RECEIPT_TAG
from tests.edges.support import (
    World,
    a_world,
    at_once,
    audit_head,
    audit_since,
    database_bytes,
    key_with,
    looked_up,
    metric,
)
from tests.inside import DaemonInside
from tests.support import Answer, RunningDaemon

RECEIPT = {"Prefer": "receipt"}
PAGE = {"Accept": "text/html"}


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Links")


def minted(daemon: RunningDaemon, tenant: str, **more: Any) -> dict[str, Any]:
    """Mint an enrollment key with its reveal link; add the link's path."""
    body = {"tenant_id": tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 1}
    answer = daemon.operator("POST", "/v1/enrollment-tokens", body, headers=RECEIPT, **more).json
    return {**answer, "path": path_of(answer["link"]["url"])}


def path_of(url: str) -> str:
    return "/l/" + url.rpartition("/l/")[2]


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code)


def test_of_thirty_two_racers_one_opens_a_link(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    before = audit_head(daemon)
    answers = at_once(32, lambda _: daemon.call("POST", made["path"]))
    assert sorted(answer.status for answer in answers) == [200] + [410] * 31
    (won,) = (answer for answer in answers if answer.status == 200)
    assert won.json["secret"] == made["data"]["enrollment_token"]
    assert won.json["purpose"] == "reveal"
    lines = audit_since(daemon, before)
    assert [line["action"] for line in lines] == ["link:link:open"] * 32
    assert sorted(line["outcome"] for line in lines) == ["ok"] + ["refused"] * 31
    assert {line["reason"] for line in lines} == {None, "spent"}
    assert {line["tenant"] for line in lines} == {world.tenant}


def test_a_spent_link_cannot_fill_the_log(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    assert daemon.call("POST", made["path"]).status == 200
    before = audit_head(daemon)
    assert {daemon.call("POST", made["path"]).status for _ in range(120)} == {410}
    assert len(audit_since(daemon, before)) == 100


def test_looking_never_spends_and_writes_nothing(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    before = audit_head(daemon)
    for _ in range(3):
        for method in ("GET", "HEAD"):
            answer = daemon.call(method, made["path"], headers=PAGE)
            assert answer.status == 200
            assert made["data"]["enrollment_token"] not in answer.body.decode()
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert daemon.call(method, made["path"]).status == 405
    assert audit_head(daemon) == before
    assert daemon.operator("GET", f"/v1/links/{made['link']['id']}").json["status"] == "live"
    assert daemon.call("POST", made["path"]).status == 200


def test_the_page_is_not_kept_not_told_on_and_runs_nothing(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    forged = daemon.call("POST", "/l/" + "A" * 80, headers=PAGE)
    answers = [daemon.call(method, made["path"], headers=PAGE) for method in ("GET", "POST", "POST")]
    assert [answer.status for answer in [*answers, forged]] == [200, 200, 410, 404]
    for answer in [*answers, forged]:
        headers = answer.headers
        assert headers["Content-Type"].startswith("text/html")
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "<script" not in answer.body.decode()
    assert "<form method=" in answers[0].body.decode()
    assert made["data"]["enrollment_token"] in answers[1].body.decode()
    assert daemon.call("POST", minted(daemon, world.tenant)["path"]).headers["Cache-Control"] == "no-store"


def test_a_forged_link_is_404_and_counted_never_recorded(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    genuine = made["path"].removeprefix("/l/")
    raw = base64.urlsafe_b64decode(genuine)
    forged = [base64.urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode() for at in range(60)]
    forged += ["x", "A" * 80, genuine[:-1], genuine + "A", genuine[:-4] + "====", "%C3%A9" * 80, genuine.swapcase()]
    before, counted = audit_head(daemon), metric(daemon, 'postern_noise_total{kind="links_forged"}')
    for token in forged:
        refused(daemon.call("POST", f"/l/{token}"), 404, "not_found")
        refused(daemon.call("GET", f"/l/{token}"), 404, "not_found")
    assert audit_head(daemon) == before
    assert metric(daemon, 'postern_noise_total{kind="links_forged"}') == counted + 2 * len(forged)
    assert daemon.call("POST", made["path"]).status == 200


def test_the_purpose_of_a_token_cannot_be_swapped(daemon: RunningDaemon, world: World) -> None:
    receipt = daemon.operator("POST", "/v1/links", {"audit_seq": world.audit_seq}).json
    raw = bytearray(base64.urlsafe_b64decode(path_of(receipt["url"]).removeprefix("/l/")))
    raw[1] = 2
    refused(daemon.call("POST", "/l/" + base64.urlsafe_b64encode(raw).decode()), 404, "not_found")


@pytest.mark.parametrize("purpose", ["reveal", "receipt"])
def test_an_expired_link_is_410_and_its_secret_erased(inside: DaemonInside, purpose: str) -> None:
    made = minted(inside, inside.tenant())
    if purpose == "receipt":
        made["link"] = inside.operator("POST", "/v1/links", {"audit_seq": 1, "expires_in_seconds": 600}).json
        made["path"] = path_of(made["link"]["url"])
    inside.clock.advance(seconds=600)
    before = audit_head(inside)
    refused(inside.call("GET", made["path"]), 410, "gone")
    refused(inside.call("POST", made["path"]), 410, "gone")
    assert [line["reason"] for line in audit_since(inside, before)] == ["expired"]
    assert inside.operator("GET", f"/v1/links/{made['link']['id']}").json["status"] == "expired"
    assert looked_up(inside, "SELECT count(*) FROM links WHERE sealed IS NOT NULL") == [(0,)]


def test_a_reveal_link_lives_ten_minutes_and_a_receipt_a_day(inside: DaemonInside) -> None:
    now = inside.clock.now_ms()
    tenant = inside.operator("POST", "/v1/tenants", {"name": "x"}, headers=RECEIPT).json
    made = minted(inside, tenant["data"]["id"])
    lives = dict(looked_up(inside, "SELECT id, expires_ms - ? FROM links", now))
    assert lives == {tenant["link"]["id"]: 86_400_000, made["link"]["id"]: 600_000}


def test_a_revoked_link_is_410_and_its_secret_erased(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    link = made["link"]["id"]
    assert daemon.operator("DELETE", f"/v1/links/{link}").json["status"] == "revoked"
    assert looked_up(daemon, "SELECT sealed FROM links WHERE id = ?", link) == [(None,)]
    before = audit_head(daemon)
    refused(daemon.call("POST", made["path"]), 410, "gone")
    assert [line["reason"] for line in audit_since(daemon, before)] == ["revoked"]


def test_a_link_is_dead_when_its_issuer_is(daemon: RunningDaemon, world: World) -> None:
    operator = daemon.operator("POST", "/v1/operators", {"name": "remote"}).json
    body = {"tenant_id": world.tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 1}
    by_operator = daemon.call("POST", "/v1/enrollment-tokens", body, key=operator["operator_key"], headers=RECEIPT)
    redeem = {"enrollment_token": world.enrollment_token, "agent_handle": "h"}
    by_enrollment = daemon.call("POST", "/v1/enroll", redeem, headers=RECEIPT)
    agent_key = key_with(daemon, world, "mailbox:create")
    by_agent = daemon.call("POST", "/v1/inboxes", {}, key=agent_key, headers=RECEIPT)

    daemon.operator("DELETE", f"/v1/operators/{operator['id']}")
    daemon.operator("DELETE", f"/v1/enrollment-tokens/{world.enrollment_key}")
    daemon.operator("DELETE", f"/v1/agent-keys/{agent_key.split('_')[2]}")
    for answer in (by_operator, by_enrollment, by_agent):
        before = audit_head(daemon)
        refused(daemon.call("POST", path_of(answer.json["link"]["url"])), 410, "gone")
        assert [line["reason"] for line in audit_since(daemon, before)] == ["issuer revoked"]


def test_a_secret_is_never_in_clear_in_the_store_and_gone_once_it_was_told(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    secret = made["data"]["enrollment_token"].rpartition("_")[2].encode()
    token = made["path"].removeprefix("/l/").encode()
    ((sealed,),) = looked_up(daemon, "SELECT sealed FROM links WHERE id = ?", made["link"]["id"])
    assert sealed is not None
    assert secret not in sealed
    for word in (secret, token):
        assert word not in database_bytes(daemon)
    assert daemon.call("POST", made["path"]).status == 200
    assert looked_up(daemon, "SELECT sealed FROM links WHERE id = ?", made["link"]["id"]) == [(None,)]
    for word in (secret, token):
        assert word not in database_bytes(daemon)


def test_a_receipt_is_signed_and_tells_the_line(daemon: RunningDaemon, world: World) -> None:
    made = daemon.operator("POST", "/v1/links", {"audit_seq": world.audit_seq}, headers=RECEIPT).json
    assert made["data"]["url"] == made["link"]["url"], "a link needs no further link"
    opened = daemon.call("POST", path_of(made["link"]["url"])).json
    receipt = opened["receipt"]
    line = daemon.operator("GET", f"/v1/audit/{world.audit_seq}").json
    assert {name: receipt[name] for name in ("seq", "line", "prev", "hash")} == {
        name: line[name] for name in ("seq", "line", "prev", "hash")
    }
    assert json.loads(receipt["line"])["target"] == world.inbox
    signed = RECEIPT_TAG + receipt["hash"].encode()
    assert signature_holds(receipt["public_key"], receipt["signature"], signed)
    assert not signature_holds(receipt["public_key"], receipt["signature"], signed + b"x")
    checkpoint = daemon.operator("POST", "/v1/audit/checkpoints").json
    assert receipt["public_key"] == checkpoint["public_key"]


def test_links_are_listed_without_their_address(daemon: RunningDaemon, world: World) -> None:
    made = minted(daemon, world.tenant)
    listed = daemon.operator("GET", f"/v1/links?tenant={world.tenant}")
    assert made["link"]["id"] in listed.body.decode()
    assert made["path"].removeprefix("/l/") not in listed.body.decode()
    assert all(link["url"] is None for link in listed.json["data"])


def test_a_link_to_a_line_that_is_not_there_is_422(daemon: RunningDaemon) -> None:
    for body in ({"audit_seq": 10**15}, {"audit_seq": 0}, {"audit_seq": 1, "expires_in_seconds": 10**9}, {}):
        refused(daemon.operator("POST", "/v1/links", body), 422, "validation_failed")
