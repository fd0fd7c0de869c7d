"""Webhooks from end to end: a real daemon, a real receiver on the loopback that checks every signature."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from postern_ctl.webhooks import SignatureMismatch
from tests.conftest import Start
from tests.edges.support import a_world, audit_head, audit_since, looked_up, until
from tests.receiver import Receiver
from tests.support import RunningDaemon, mail

RECEIVED = ["message.received"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    running = RunningDaemon(tmp_path_factory.mktemp("hooks") / "data", {"WEBHOOK_ALLOW": "loopback"}).start()
    yield running
    running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def key(daemon: RunningDaemon) -> str:
    return str(daemon.agent()["agent_key"])


def hook(daemon: RunningDaemon, key: str, url: str, **more: Any) -> dict[str, Any]:
    answer = daemon.call("POST", "/v1/webhooks", {"url": url, "events": RECEIVED, **more}, key=key)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def deliveries(daemon: RunningDaemon, key: str, webhook: str, query: str = "") -> list[dict[str, Any]]:
    answer = daemon.call("GET", f"/v1/webhooks/{webhook}/deliveries?{query}", key=key)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def settled(daemon: RunningDaemon, key: str, webhook: str, status: str) -> dict[str, Any]:
    """Return the newest delivery once it is of that status, tried at least once."""
    until(lambda: any(item["status"] == status for item in deliveries(daemon, key, webhook)[:1]))
    return deliveries(daemon, key, webhook)[0]


def test_a_mail_is_told_to_the_webhook_of_its_mailbox(daemon: RunningDaemon, key: str, receiver: Receiver) -> None:
    inbox, other = daemon.inbox(key), daemon.inbox(key)
    made = hook(daemon, key, receiver.url, address=inbox["address"])
    assert made["secret"].startswith("whsec_")
    assert (made["address"], made["status"], made["events"]) == (inbox["address"], "active", RECEIVED)
    daemon.deliver([other["address"], inbox["address"]], mail(inbox["address"], subject="Hellö"))
    arrival = receiver.next()
    message = daemon.call("GET", f"/v1/inboxes/{inbox['id']}/messages", key=key).json["data"][0]
    fields = ("id", "thread_id", "from", "subject", "received_at")
    assert arrival.data == {
        "event": "message.received",
        "inbox": inbox["address"],
        "message": {name: message[name] for name in fields},
    }
    assert message["subject"] == "Hellö"
    verified = arrival.verified(made["secret"])
    assert (verified.data, verified.delivery_id) == (arrival.data, arrival.delivery)
    assert arrival.headers["Content-Type"] == "application/json"
    assert arrival.headers["X-Postern-Event"] == "message.received"
    assert "Cookie" not in arrival.headers
    done = settled(daemon, key, made["id"], "delivered")
    assert done["id"] == arrival.delivery
    assert (done["attempts"], done["response_status"], done["error"], done["next_attempt_at"]) == (1, 200, None, None)
    assert done["message_id"] == message["id"]
    assert receiver.arrivals.empty(), "nothing of the other mailbox"


def test_one_webhook_can_be_of_all_mailboxes_of_an_agent_and_of_no_other(
    daemon: RunningDaemon, key: str, receiver: Receiver
) -> None:
    strangers = daemon.inbox(daemon.agent()["agent_key"])
    before = daemon.inbox(key)
    daemon.deliver(before["address"])  # before there was a webhook
    hook(daemon, key, receiver.url)
    after = daemon.inbox(key)
    daemon.deliver([strangers["address"], before["address"], after["address"]])
    assert {receiver.next().data["inbox"] for _ in range(2)} == {before["address"], after["address"]}
    assert receiver.arrivals.empty()


def test_an_inbox_comes_with_its_webhook_and_shows_the_secret_once(
    daemon: RunningDaemon, key: str, receiver: Receiver
) -> None:
    body = {"client_id": "once", "inbound_webhook_url": receiver.url}
    first = daemon.call("POST", "/v1/inboxes", body, key=key, headers={"Prefer": "receipt"}).json
    again = daemon.call("POST", "/v1/inboxes", body, key=key)
    secret = first["data"]["webhook"]["secret"]
    assert again.status == 200
    assert again.json == {name: value for name, value in first["data"].items() if name != "webhook"}
    assert daemon.call("POST", "/v1/inboxes", {**body, "client_id": None}, key=key).status == 201
    assert daemon.call("POST", "/v1/inboxes", {"client_id": "once"}, key=key).code == "idempotency_conflict"
    assert "webhook" not in daemon.call("POST", "/v1/inboxes", {}, key=key).json
    assert first["link"]["purpose"] == "reveal"
    opened = daemon.call("POST", "/l/" + first["link"]["url"].rpartition("/")[2]).json
    assert opened["secret"] == secret
    daemon.deliver(first["data"]["address"])
    receiver.next().verified(secret)
    shown = daemon.call("GET", f"/v1/webhooks/{first['data']['webhook']['id']}", key=key).json
    assert (shown["address"], shown["events"]) == (first["data"]["address"], RECEIVED)
    assert "secret" not in shown


def test_who_may_not_read_is_told_nothing_by_a_webhook(daemon: RunningDaemon, receiver: Receiver) -> None:
    for scopes in (["mailbox:create"], ["mailbox:create", "mailbox:otp"]):
        poor = daemon.agent(scopes=scopes)["agent_key"]
        before = audit_head(daemon)
        answer = daemon.call("POST", "/v1/inboxes", {"inbound_webhook_url": receiver.url}, key=poor)
        assert (answer.status, answer.code) == (403, "scope_denied")
        assert [line["outcome"] for line in audit_since(daemon, before)] == ["refused"]
        assert daemon.call("GET", "/v1/whoami", key=poor).json["mailboxes_used"] == 0


def test_while_secrets_are_exchanged_both_verify_and_a_day_later_the_new_one_alone(
    daemon: RunningDaemon, key: str, receiver: Receiver
) -> None:
    made = hook(daemon, key, receiver.url)
    rotated = daemon.call("POST", f"/v1/webhooks/{made['id']}/rotate", key=key).json
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"]
    daemon.call("POST", f"/v1/webhooks/{made['id']}/test", key=key)
    arrival = receiver.next()
    arrival.verified(made["secret"])
    arrival.verified(rotated["secret"])
    third = daemon.call("POST", f"/v1/webhooks/{made['id']}/rotate", key=key).json["secret"]
    daemon.call("POST", f"/v1/webhooks/{made['id']}/test", key=key)
    arrival = receiver.next()
    arrival.verified(rotated["secret"])
    arrival.verified(third)
    with pytest.raises(SignatureMismatch):
        arrival.verified(made["secret"])


def test_a_test_tells_how_it_went_and_is_not_repeated(daemon: RunningDaemon, key: str, receiver: Receiver) -> None:
    made = hook(daemon, key, receiver.url)
    good = daemon.call("POST", f"/v1/webhooks/{made['id']}/test", key=key)
    assert (good.status, good.json["status"], good.json["event"]) == (200, "delivered", "webhook.test")
    assert receiver.next().verified(made["secret"]).data["event"] == "webhook.test"
    receiver.reply = 500
    bad = daemon.call("POST", f"/v1/webhooks/{made['id']}/test", key=key).json
    assert (bad["status"], bad["attempts"], bad["response_status"]) == ("dead", 1, 500)
    assert bad["error"] == "the receiver answered 500"
    assert [item["id"] for item in deliveries(daemon, key, made["id"], "status=dead")] == [bad["id"]]


def test_a_replay_is_the_same_delivery_again(daemon: RunningDaemon, key: str, receiver: Receiver) -> None:
    inbox = daemon.inbox(key)
    made = hook(daemon, key, receiver.url)
    daemon.deliver(inbox["address"])
    first = receiver.next()
    settled(daemon, key, made["id"], "delivered")
    replayed = daemon.call("POST", f"/v1/deliveries/{first.delivery}/replay", key=key).json
    second = receiver.next()
    assert (replayed["status"], replayed["attempts"]) == ("delivered", 2)
    assert (second.delivery, second.body) == (first.delivery, first.body)
    assert second.verified(made["secret"]).delivery_id == first.delivery


def test_a_failure_waits_for_its_time_and_a_replay_does_not(
    daemon: RunningDaemon, key: str, receiver: Receiver
) -> None:
    inbox = daemon.inbox(key)
    made = hook(daemon, key, receiver.url)
    receiver.reply = (503, {"Retry-After": "3600"})
    daemon.deliver(inbox["address"])
    receiver.next()
    until(lambda: deliveries(daemon, key, made["id"])[0]["attempts"] == 1)
    (waiting,) = deliveries(daemon, key, made["id"])
    assert (waiting["status"], waiting["response_status"]) == ("pending", 503)
    assert waiting["next_attempt_at"] > waiting["last_attempt_at"]
    assert daemon.call("GET", f"/v1/webhooks/{made['id']}", key=key).json["failing_since"]
    receiver.reply = 204
    assert daemon.call("POST", f"/v1/deliveries/{waiting['id']}/replay", key=key).json["status"] == "delivered"
    assert daemon.call("GET", f"/v1/webhooks/{made['id']}", key=key).json["failing_since"] is None


def test_gone_disables_and_a_test_that_succeeds_enables(daemon: RunningDaemon, key: str, receiver: Receiver) -> None:
    inbox = daemon.inbox(key)
    made = hook(daemon, key, receiver.url)
    receiver.reply = 410
    before = audit_head(daemon)
    daemon.deliver(inbox["address"])
    dead = settled(daemon, key, made["id"], "dead")
    line = audit_since(daemon, before)[-1]
    assert (line["action"], line["target"]) == ("system:webhook:disable", made["id"])
    assert (line["actor"]["type"], line["outcome"]) == ("system", "ok")
    assert "410" in line["reason"]
    shown = daemon.call("GET", f"/v1/webhooks/{made['id']}", key=key).json
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "the receiver answered 410 Gone")
    daemon.deliver(inbox["address"])  # while it is disabled: nobody is told, then or later
    refused = daemon.call("POST", f"/v1/deliveries/{dead['id']}/replay", key=key)
    assert (refused.status, refused.code) == (409, "conflict")
    receiver.reply = 200
    assert daemon.call("POST", f"/v1/webhooks/{made['id']}/test", key=key).json["status"] == "delivered"
    assert daemon.call("GET", f"/v1/webhooks/{made['id']}", key=key).json["status"] == "active"
    assert audit_since(daemon, before)[-1]["action"] == "system:webhook:enable"
    assert daemon.call("POST", f"/v1/deliveries/{dead['id']}/replay", key=key).json["status"] == "delivered"
    assert len(deliveries(daemon, key, made["id"])) == 2


def test_of_a_message_that_was_deleted_nothing_is_told(daemon: RunningDaemon, key: str, receiver: Receiver) -> None:
    inbox = daemon.inbox(key)
    made = hook(daemon, key, receiver.url)
    receiver.reply = 500
    daemon.deliver(inbox["address"])
    receiver.next()
    until(lambda: deliveries(daemon, key, made["id"])[0]["attempts"] == 1)
    message = daemon.call("GET", f"/v1/inboxes/{inbox['id']}/messages", key=key).json["data"][0]["id"]
    daemon.call("DELETE", f"/v1/messages/{message}", key=key)
    delivery = deliveries(daemon, key, made["id"])[0]["id"]
    answer = daemon.call("POST", f"/v1/deliveries/{delivery}/replay", key=key).json
    assert (answer["status"], answer["attempts"]) == ("dropped", 1)
    assert "deleted" in answer["error"]
    assert receiver.arrivals.empty()


def test_what_is_of_a_disabled_agent_waits(daemon: RunningDaemon, receiver: Receiver) -> None:
    enrolled = daemon.agent()
    key, agent = enrolled["agent_key"], enrolled["agent_id"]
    inbox = daemon.inbox(key)
    made = hook(daemon, key, receiver.url)
    daemon.operator("PATCH", f"/v1/agents/{agent}", {"disabled": True})
    daemon.deliver(inbox["address"])
    pending = "SELECT count(*) FROM deliveries WHERE webhook_id = ? AND status = 'pending'"
    until(lambda: looked_up(daemon, pending, made["id"]) == [(1,)])
    daemon.operator("PATCH", f"/v1/agents/{agent}", {"disabled": False})
    assert receiver.arrivals.empty()
    daemon.deliver(inbox["address"])  # a nudge; without one it would look again by itself
    assert len({receiver.next().delivery, receiver.next().delivery}) == 2


def test_a_webhook_goes_with_its_mailbox_and_with_its_tenant(daemon: RunningDaemon, receiver: Receiver) -> None:
    tenant = daemon.tenant("Short-lived")
    key = daemon.agent(tenant)["agent_key"]
    inbox = daemon.inbox(key)
    bound = hook(daemon, key, receiver.url, address=inbox["address"])
    free = hook(daemon, key, receiver.url)
    daemon.deliver(inbox["address"])
    assert {receiver.next().delivery for _ in range(2)}
    assert daemon.call("DELETE", f"/v1/inboxes/{inbox['id']}", key=key).status == 200
    assert daemon.call("GET", f"/v1/webhooks/{bound['id']}", key=key).status == 404
    assert daemon.call("GET", f"/v1/webhooks/{free['id']}", key=key).status == 200
    assert daemon.operator("DELETE", f"/v1/tenants/{tenant}?confirm={tenant}").status == 200
    for table in ("webhooks", "deliveries"):
        assert looked_up(daemon, f"SELECT count(*) FROM {table} WHERE tenant_id = ?", tenant) == [(0,)]


def test_a_deleted_webhook_is_told_nothing_more(daemon: RunningDaemon, key: str, receiver: Receiver) -> None:
    inbox = daemon.inbox(key)
    gone, kept = hook(daemon, key, receiver.url + "/gone"), hook(daemon, key, receiver.url + "/kept")
    assert daemon.call("DELETE", f"/v1/webhooks/{gone['id']}", key=key).json == {"id": gone["id"], "deleted": True}
    daemon.deliver(inbox["address"])
    assert receiver.next().path == "/hook/kept"
    settled(daemon, key, kept["id"], "delivered")
    assert receiver.arrivals.empty()


# ---------------------------------------------------------------------------------------------------- who and what may


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://169.254.169.254/", "events": RECEIVED}, "url"),
        ({"url": "http://example.org/", "events": RECEIVED}, None),
        ({"url": "https://user:secret@example.org/", "events": RECEIVED}, "url"),
        ({"url": "https://" + "x" * 2_000, "events": RECEIVED}, "url"),
        ({"url": "https://example.org/", "events": []}, "events"),
        ({"url": "https://example.org/", "events": ["message.eaten"]}, "events.0"),
        ({"url": "https://example.org/"}, "events"),
        ({"url": "https://example.org/", "events": RECEIVED, "agent_id": "agent_x"}, "agent_id"),
    ],
)
def test_what_makes_no_webhook(daemon: RunningDaemon, key: str, body: dict[str, Any], field: str | None) -> None:
    answer = daemon.call("POST", "/v1/webhooks", body, key=key)
    if field is None:  # here the operator allows the loopback, so a name may lead there: that shows when it is dialled
        assert answer.status == 201
        return
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert [item["field"] for item in answer.json["error"]["details"]] == [field]
    assert b"secret@" not in answer.body


def test_by_default_nothing_inside_and_nothing_plain_is_taken(start: Start) -> None:
    strict = start()
    key = strict.agent()["agent_key"]
    for url in ("http://example.org/", "https://127.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://localhost/"):
        body: dict[str, Any]
        for path, body in (
            ("/v1/webhooks", {"url": url, "events": RECEIVED}),
            ("/v1/inboxes", {"inbound_webhook_url": url}),
        ):
            assert strict.call("POST", path, body, key=key).code == "validation_failed", url
    assert strict.call("GET", "/v1/inboxes", key=key).json["data"] == []


def test_every_kind_of_event_may_be_asked_for_and_each_once(daemon: RunningDaemon, key: str) -> None:
    kinds = ["message.received", "message.sent", "message.delivered", "message.bounced"]
    made = hook(daemon, key, "https://hooks.invalid/", events=[*kinds, *kinds])
    assert made["events"] == kinds


def test_an_agent_has_only_so_many(daemon: RunningDaemon, key: str) -> None:
    for number in range(50):
        hook(daemon, key, f"https://hooks.invalid/{number}")
    refused = daemon.call("POST", "/v1/webhooks", {"url": "https://hooks.invalid/", "events": RECEIVED}, key=key)
    assert (refused.status, refused.code) == (409, "conflict")


def test_an_operator_names_the_agent_or_the_mailbox(daemon: RunningDaemon, receiver: Receiver) -> None:
    tenant = daemon.tenant()
    enrolled, sibling = daemon.agent(tenant, "one"), daemon.agent(tenant, "two")
    inbox = daemon.inbox(enrolled["agent_key"])
    body = {"url": receiver.url, "events": RECEIVED}
    assert daemon.operator("POST", "/v1/webhooks", body).code == "validation_failed"
    assert daemon.operator("POST", "/v1/webhooks", {**body, "agent_id": "agent_x"}).code == "validation_failed"
    wrong = {**body, "agent_id": sibling["agent_id"], "address": inbox["address"]}
    assert daemon.operator("POST", "/v1/webhooks", wrong).code == "validation_failed"
    made = daemon.operator("POST", "/v1/webhooks", {**body, "address": inbox["address"]}).json
    assert made["agent_id"] == enrolled["agent_id"]
    listed = daemon.operator("GET", f"/v1/webhooks?tenant={tenant}").json["data"]
    assert [item["id"] for item in listed] == [made["id"]]
    assert daemon.call("GET", "/v1/webhooks", key=enrolled["agent_key"]).json["data"] == listed
    assert daemon.call("GET", "/v1/webhooks", key=sibling["agent_key"]).json["data"] == []


def test_one_slow_target_does_not_keep_the_others_waiting(daemon: RunningDaemon, key: str) -> None:
    slow, fast = daemon.inbox(key), daemon.inbox(key)
    go_on = threading.Event()

    def dawdle(_: object) -> int:
        go_on.wait(30)
        return 200

    with Receiver(dawdle) as dawdler, Receiver() as quick:
        for number in range(3):
            hook(daemon, key, f"{dawdler.url}/{number}", address=slow["address"])
        hook(daemon, key, quick.url, address=fast["address"])
        for _ in range(4):
            daemon.deliver(slow["address"])
        daemon.deliver(fast["address"])
        assert quick.next().data["inbox"] == fast["address"]
        assert dawdler.arrivals.empty()
        go_on.set()
        assert len({dawdler.next().delivery for _ in range(12)}) == 12


@pytest.mark.parametrize("shut_out", ["agent", "tenant"])
def test_nothing_is_posted_for_who_is_shut_out_and_that_is_said_at_once(daemon: RunningDaemon, shut_out: str) -> None:
    world = a_world(daemon)
    path, body = {
        "agent": (f"/v1/agents/{world.agent}", {"disabled": True}),
        "tenant": (f"/v1/tenants/{world.tenant}", {"suspended": True}),
    }[shut_out]
    assert daemon.operator("PATCH", path, body).status == 200
    for asked in (f"/v1/webhooks/{world.webhook}/test", f"/v1/deliveries/{world.delivery}/replay"):
        refused = daemon.operator("POST", asked)
        assert (refused.status, refused.code) == (409, "conflict")
