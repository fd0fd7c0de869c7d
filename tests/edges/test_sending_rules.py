from __future__ import annotations

import re

import pytest

from daemon.clock import DAY_MS, iso
from daemon.service.sending.reputation import day_of
from daemon.service.sending.rules import Outcome
from daemon.store import inboxes, sends
from daemon.store.database import Tx
from daemon.store.sends import Counted
from tests.conftest import Start
from tests.edges.desk import Desk, a_desk, heard
from tests.edges.support import at_once, audit_head, audit_since, looked_up, metric, until
from tests.inside import DaemonInside
from tests.support import Answer, mail

FAR = "somebody@foreign.test"


@pytest.fixture
def desk(inside: DaemonInside) -> Desk:
    return a_desk(inside)


def facts(answer: Answer) -> dict[str, str]:
    """Return what a refusal says beside its message."""
    return {one["field"]: one["message"] for one in answer.json["error"]["details"]}


# ------------------------------------------------------------------------------------------------------------------ cap


def test_fifty_at_once_on_a_cap_of_ten_are_ten(inside: DaemonInside, desk: Desk) -> None:
    before = audit_head(inside)
    answers = at_once(50, lambda number: desk.send(f"p{number}@foreign.test"))
    assert sorted(answer.status for answer in answers) == [202] * 10 + [429] * 40
    assert {answer.code for answer in answers if answer.status == 429} == {"send_cap_reached"}
    told = desk.sending()
    assert (told["cap"], told["used"], told["left"], told["karma"]) == (10, 10, 0, 0)
    assert [line["action"] for line in audit_since(inside, before)] == ["rest:message:send"] * 10


def test_the_refusal_says_to_the_second_when_to_try_again(inside: DaemonInside, desk: Desk) -> None:
    for _ in range(10):
        desk.sent(FAR)
    refused = desk.send(FAR)
    resets_ms = (inside.clock.now_ms() // DAY_MS + 1) * DAY_MS
    assert (refused.status, refused.code) == (429, "send_cap_reached")
    assert facts(refused) == {
        "rule": "daily_cap",
        "cap": "10",
        "used": "10",
        "recipients": "1",
        "resets_at": iso(resets_ms),
    }
    seconds = int(refused.headers["Retry-After"])
    assert seconds * 1_000 == resets_ms - inside.clock.now_ms()
    inside.clock.advance(seconds=seconds - 1)
    again = desk.send(FAR)
    assert (again.status, again.headers["Retry-After"]) == (429, "1")
    inside.clock.advance(seconds=1)
    assert desk.send(FAR).status == 202


def test_a_send_is_a_recipient(desk: Desk) -> None:
    desk.sent("a@foreign.test", "b@foreign.test", cc="c@foreign.test", bcc=["d@foreign.test"])
    assert desk.sending()["used"] == 4
    some = desk.send(*(f"{number}@foreign.test" for number in range(7)))
    assert (some.status, facts(some)["used"], "Retry-After" in some.headers) == (429, "4", True)
    many = desk.send(*(f"{number}@foreign.test" for number in range(11)))
    assert (many.status, many.code) == (429, "send_cap_reached")
    assert "Retry-After" not in many.headers, "tomorrow would be no better"
    assert "fewer" in many.json["error"]["message"]


def test_the_cap_rises_in_four_weeks(inside: DaemonInside, desk: Desk) -> None:
    caps = []
    for _ in range(5):
        caps.append(desk.sending()["cap"])
        inside.clock.advance(days=7)
        desk = Desk(desk.daemon, desk.tenant, desk.agent, _fresh_key(desk), desk.address)
    assert caps == [10, 20, 30, 40, 50]


def _fresh_key(desk: Desk) -> str:
    """Return a key in place of one that a week has ended."""
    minted = desk.daemon.enrollment_key(desk.tenant)
    desk.daemon.operator("PATCH", f"/v1/agents/{desk.agent}", {"enrollment_key_id": minted["id"]})
    return str(desk.daemon.operator("POST", f"/v1/agents/{desk.agent}/keys", {}).json["agent_key"])


def test_settings_give_the_ramp_and_a_tenant_may_have_its_own(start: Start) -> None:
    daemon = start(SEND_CAP_FIRST="2", SEND_CAP_FULL="4", SEND_CAP_RAMP_DAYS="1")
    desk, other = a_desk(daemon), a_desk(daemon, send_cap_first=1)
    assert (desk.sending()["cap"], other.sending()["cap"]) == (2, 1)
    assert a_desk(daemon, send_cap_first=0).send(FAR).status == 429


def test_an_answer_given_again_spends_nothing(desk: Desk) -> None:
    first = desk.send(FAR, idempotency_key="once")
    assert desk.send(FAR, idempotency_key="once").json == first.json
    assert desk.sending()["used"] == 1


def test_a_reply_is_a_send(inside: DaemonInside, desk: Desk) -> None:
    inside.deliver(desk.address)
    (message,) = inside.call("GET", f"/v1/inboxes/{desk.address}/messages", key=desk.key).json["data"]
    at = f"/v1/messages/{message['id']}/reply"
    for _ in range(10):
        assert inside.call("POST", at, {"text": "Thanks.\n"}, key=desk.key).status == 202
    assert inside.call("POST", at, {"text": "Thanks.\n"}, key=desk.key).code == "send_cap_reached"
    tried = inside.call("POST", at, {"text": "Thanks.\n", "dry_run": True}, key=desk.key).json
    assert [one["rule"] for one in tried["rules"] if not one["ok"]] == ["daily_cap"]


# -------------------------------------------------------------------------------------------------------------- dry run


def test_a_dry_run_names_every_rule_spends_nothing_and_is_right(inside: DaemonInside, desk: Desk) -> None:
    put = inside.operator("PUT", f"/v1/suppressions/not@foreign.test?tenant={desk.tenant}", {})
    assert put.status == 200
    before = audit_head(inside)
    for people, refusing in (
        ([FAR], []),
        (["Not+me@Foreign.test"], ["suppression"]),
        ([f"{number}@foreign.test" for number in range(11)], ["daily_cap"]),
        (["not@foreign.test", *(f"{number}@foreign.test" for number in range(11))], ["suppression", "daily_cap"]),
    ):
        tried = desk.send(*people, dry_run=True)
        assert tried.status == 200
        assert tried.json["would_send"] is (not refusing)
        assert [one["rule"] for one in tried.json["rules"]] == ["complaint_brake", "suppression", "daily_cap"]
        assert [one["rule"] for one in tried.json["rules"] if not one["ok"]] == refusing
        assert (desk.sending()["used"], audit_head(inside)) == (0, before)
        if refusing:
            told = [one["detail"] for one in tried.json["rules"] if not one["ok"]]
            assert desk.send(*people).json["error"]["message"] == told[0]
    assert desk.send(FAR).status == 202


# --------------------------------------------------------------------------------------------------------- suppressions


def test_who_bounced_hard_is_not_written_to_again(inside: DaemonInside, desk: Desk) -> None:
    domain = desk.address.rpartition("@")[2]
    nobody = f"Nobody@{domain}"
    message = desk.sent(nobody)
    until(lambda: inside.call("GET", f"/v1/messages/{message}", key=desk.key).json["status"] == "bounced")
    refused = desk.send(f"nobody+again@{domain}", FAR)
    assert (refused.status, refused.code) == (422, "validation_failed")
    assert facts(refused) == {f"nobody+again@{domain}": "suppressed: bounce"}
    shown = inside.operator("GET", f"/v1/suppressions/{nobody}?tenant={desk.tenant}").json
    assert (shown["reason"], shown["message_id"], shown["blocks"]) == ("bounce", message, "all")
    assert desk.karma() == -20
    assert inside.operator("DELETE", f"/v1/suppressions/{nobody}?tenant={desk.tenant}").status == 200
    assert desk.send(nobody).status == 202


def test_all_who_are_suppressed_are_named(inside: DaemonInside) -> None:
    desk = a_desk(inside, send_cap_first=100)
    message = desk.sent("a@foreign.test", "b@foreign.test", "c@foreign.test", "d@foreign.test")
    heard(inside, desk, message, "a@foreign.test", Outcome.COMPLAINED)
    heard(inside, desk, message, "b@foreign.test", Outcome.BOUNCED_HARD)
    heard(inside, desk, message, "c@foreign.test", Outcome.BOUNCED_SOFT)
    heard(inside, desk, message, "d@foreign.test", Outcome.FAILED)
    refused = desk.send("c@foreign.test", "a@foreign.test", cc="b@foreign.test", bcc="d@foreign.test")
    assert facts(refused) == {"a@foreign.test": "suppressed: complaint", "b@foreign.test": "suppressed: bounce"}
    assert desk.send("c@foreign.test", "d@foreign.test").status == 202


def test_two_tenants_share_no_suppression_no_karma_and_no_cap(inside: DaemonInside, desk: Desk) -> None:
    other, sibling = a_desk(inside), a_desk(inside, desk.tenant)
    message = desk.sent(FAR)
    heard(inside, desk, message, FAR, Outcome.COMPLAINED)
    assert sibling.send(FAR).status == 422, "it is the tenant who is complained about"
    assert other.send(FAR).status == 202
    assert (desk.karma(), sibling.karma(), other.karma()) == (-200, 0, 0)
    assert [one.sending()["used"] for one in (desk, sibling, other)] == [1, 0, 1]
    assert [one["tenant_id"] for one in inside.operator("GET", "/v1/suppressions").json["data"]] == [desk.tenant]


def test_the_same_news_twice_counts_once(inside: DaemonInside, desk: Desk) -> None:
    message = desk.sent(FAR)
    for _ in range(3):
        heard(inside, desk, message, FAR, Outcome.COMPLAINED)
    heard(inside, desk, message, "stranger@foreign.test", Outcome.COMPLAINED)
    assert desk.karma() == -200


# ---------------------------------------------------------------------------------------------------------------- karma


def answer(desk: Desk, message: str, writer: str, **headers: str) -> None:
    """Have somebody answer a message, by SMTP."""
    found = re.search(rb"(?im)^message-id:\s*(<[^>]+>)", desk.raw(message))
    assert found is not None
    reply = {"In-Reply-To": found[1].decode(), **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = mail(desk.address, subject="Re: Hello", sender=f"Jane <{writer}>", headers=reply)
    desk.daemon.deliver(desk.address, raw, sender=writer)


def test_an_answer_earns_once(desk: Desk) -> None:
    message = desk.sent(FAR)
    answer(desk, message, "somebody+me@Foreign.test")
    assert desk.karma() == 10
    answer(desk, message, FAR)
    assert desk.karma() == 10, "one mail, one answer that counts"
    answer(desk, desk.sent(FAR), FAR)
    assert (desk.karma(), desk.sending()["karma_factor"]) == (20, 1.07)


def test_what_is_no_answer_earns_nothing(inside: DaemonInside, desk: Desk) -> None:
    message = desk.sent(FAR)
    answer(desk, message, FAR, Auto_Submitted="auto-replied")
    answer(desk, message, "stranger@foreign.test")
    inside.deliver(desk.address, mail(desk.address, sender=FAR, subject="Another matter"), sender=FAR)
    assert desk.karma() == 0


def test_nobody_earns_from_the_own_tenant(inside: DaemonInside, desk: Desk) -> None:
    sibling, stranger = a_desk(inside, desk.tenant), a_desk(inside)
    for other, earned in ((desk, 0), (sibling, 0), (stranger, 10)):
        message = desk.sent(other.address)
        answer(desk, message, other.address)
        assert desk.karma() == earned


def test_a_mail_in_the_own_house_is_answered_for_real(inside: DaemonInside, desk: Desk) -> None:
    other = a_desk(inside)
    message = desk.sent(other.address)
    at = f"/v1/inboxes/{other.address}/messages"
    until(lambda: inside.call("GET", at, key=other.key).json["data"] != [])
    (arrived,) = inside.call("GET", at, key=other.key).json["data"]
    reply = inside.call("POST", f"/v1/messages/{arrived['id']}/reply", {"text": "Hello!\n"}, key=other.key)
    assert reply.status == 202
    until(lambda: desk.karma() == 10)
    thread = inside.call("GET", f"/v1/messages/{message}", key=desk.key).json["thread_id"]
    assert len(inside.call("GET", f"/v1/threads/{thread}", key=desk.key).json["messages"]) == 2


def test_karma_scales_the_cap_and_comes_back(inside: DaemonInside, desk: Desk) -> None:
    message = desk.sent("a@foreign.test", "b@foreign.test")
    heard(inside, desk, message, "a@foreign.test", Outcome.COMPLAINED)
    assert (desk.sending()["cap"], desk.sending()["karma_factor"]) == (5, 0.5)
    heard(inside, desk, message, "b@foreign.test", Outcome.BOUNCED_HARD)
    assert desk.karma() == -220
    inside.clock.advance(days=3)
    assert desk.karma() == pytest.approx(-111, abs=0.1), "half, and the two sends"
    inside.clock.advance(days=30)
    assert desk.karma() == 0


# ---------------------------------------------------------------------------------------------------------------- brake


def complain(inside: DaemonInside, desk: Desk, count: int) -> None:
    """Send to so many people who all complain."""
    known = looked_up(inside, "SELECT count(*) FROM suppressions")[0][0]
    people = [f"p{known + number}@foreign.test" for number in range(count)]
    message = desk.sent(*people)
    for person in people:
        heard(inside, desk, message, person, Outcome.COMPLAINED)


def test_complaints_throttle_then_stop_until_an_operator_lifts_it(inside: DaemonInside, desk: Desk) -> None:
    sibling = a_desk(inside, desk.tenant)
    at = f"/v1/tenants/{desk.tenant}"
    complain(inside, desk, 1)
    assert inside.operator("GET", at).json["sending"]["brake"] == "open", "one complaint stops no newcomer"
    complain(inside, desk, 1)
    assert inside.operator("GET", at).json["sending"] == {
        "brake": "throttled",
        "complaint_rate": 0.002,
        "sends": 2,
        "complaints": 2,
        "window_days": 7,
        "stopped_at": None,
    }
    assert (sibling.sending()["cap"], sibling.sending()["brake"]) == (5, "throttled")
    before = audit_head(inside)
    complain(inside, sibling, 2)
    lines = [line for line in audit_since(inside, before) if line["actor"]["type"] == "system"]
    assert [(line["action"], line["target"], line["tenant"]) for line in lines] == [
        ("system:tenant:stop_sending", desk.tenant, desk.tenant)
    ]
    stopped = inside.operator("GET", at).json["sending"]
    assert (stopped["brake"], stopped["stopped_at"]) == ("stopped", iso(inside.clock.now_ms()))
    assert inside.operator("GET", "/v1/stats").json["sending_stopped"] == 1
    assert metric(inside, "postern_sending_stopped_tenants") == 1

    for one in (desk, sibling):
        refused = one.send(FAR)
        assert (refused.status, refused.code) == (429, "send_cap_reached")
        assert "Retry-After" not in refused.headers, "waiting does not help"
        assert facts(refused) == {
            "rule": "complaint_brake",
            "complaint_rate": "0.40%",
            "sends": "4",
            "complaints": "4",
        }
        assert "operator" in refused.json["error"]["message"]
        tried = one.send(FAR, dry_run=True).json
        assert tried["rules"][0] == {"rule": "complaint_brake", "ok": False, "detail": refused.json["error"]["message"]}
    assert a_desk(inside).send(FAR).status == 202

    inside.clock.advance(days=10)
    key = a_desk(inside, desk.tenant)
    assert key.send(FAR).status == 429, "time alone lifts nothing"
    lifted = inside.operator("POST", at + "/lift-brake")
    assert (lifted.status, lifted.json["sending"]["brake"]) == (200, "open")
    assert lifted.json["sending"]["complaints"] == 0
    assert inside.operator("GET", "/v1/stats").json["sending_stopped"] == 0
    assert key.send(FAR).status == 202
    complain(inside, key, 1)
    assert inside.operator("GET", at).json["sending"]["brake"] == "open", "what was forgiven does not count again"


def test_sends_that_grow_old_stop_nobody(inside: DaemonInside, desk: Desk) -> None:
    ((inbox,),) = looked_up(inside, "SELECT id FROM inboxes")
    assert inbox

    def many(tx: Tx) -> None:
        row = inboxes.find(tx.conn, inbox)
        assert row is not None
        sends.count(tx, row, day_of(tx.now_ms), Counted.SENT, 5_000)

    inside.run(inside.services.rules._database.write(many))
    inside.clock.advance(days=1)
    desk = a_desk(inside, desk.tenant)
    complain(inside, desk, 4)
    assert inside.operator("GET", f"/v1/tenants/{desk.tenant}").json["sending"]["brake"] == "open"
    inside.clock.advance(days=6)
    sending = inside.operator("GET", f"/v1/tenants/{desk.tenant}").json["sending"]
    assert (sending["complaint_rate"], sending["brake"], sending["stopped_at"]) == (0.004, "throttled", None)
    assert a_desk(inside, desk.tenant).send(FAR).status == 202


def test_a_throttle_ends_with_the_week(inside: DaemonInside, desk: Desk) -> None:
    complain(inside, desk, 2)
    inside.clock.advance(days=6)
    assert inside.operator("GET", f"/v1/tenants/{desk.tenant}").json["sending"]["brake"] == "throttled"
    inside.clock.advance(days=1)
    assert inside.operator("GET", f"/v1/tenants/{desk.tenant}").json["sending"]["brake"] == "open"


# --------------------------------------------------------------------------------------------------------- what is kept


def test_a_deleted_mailbox_leaves_its_sends_with_agent_and_tenant(inside: DaemonInside, desk: Desk) -> None:
    message = desk.sent(FAR)
    heard(inside, desk, message, FAR, Outcome.COMPLAINED)
    assert inside.call("DELETE", f"/v1/inboxes/{desk.address}", key=desk.key).status == 200
    assert desk.karma() == -200
    assert inside.operator("GET", f"/v1/tenants/{desk.tenant}").json["sending"]["complaints"] == 1


def test_counts_are_forgotten_when_they_count_no_more(inside: DaemonInside, desk: Desk) -> None:
    message = desk.sent(FAR)
    heard(inside, desk, message, FAR, Outcome.COMPLAINED)

    def rows() -> list[int]:
        tables = ("send_days", "sent_addresses", "suppressions")
        return [looked_up(inside, f"SELECT count(*) FROM {table}")[0][0] for table in tables]

    inside.clock.advance(days=28)
    inside.run(inside.services.housekeeping.sweep())
    assert rows() == [3, 1, 1]
    inside.clock.advance(days=5)
    inside.run(inside.services.housekeeping.sweep())
    assert rows() == [0, 1, 1]
    inside.clock.advance(days=30)
    inside.run(inside.services.housekeeping.sweep())
    assert rows() == [0, 0, 1], "whom not to write to is never forgotten"


def test_who_may_not_send_is_told_of_no_mailbox(inside: DaemonInside, desk: Desk) -> None:
    minted = inside.enrollment_key(desk.tenant, scopes=["mailbox:create", "mailbox:otp"])
    body = {"enrollment_token": minted["enrollment_token"]}
    key = inside.call("POST", "/v1/enroll", body).json["agent_key"]
    address = inside.inbox(key)["address"]
    whoami = inside.call("GET", "/v1/whoami", key=key)
    assert whoami.json["sending"] is None
    assert address not in whoami.body.decode()
