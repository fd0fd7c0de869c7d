from __future__ import annotations

import pytest

from tests.edges.support import (
    World,
    a_world,
    answer_of,
    at_once,
    audit_head,
    audit_since,
    key_with,
    until,
    waiting,
    waits_active,
)
from tests.support import Answer, RunningDaemon, mail


@pytest.fixture
def world(daemon: RunningDaemon) -> World:
    return a_world(daemon)


def begin(daemon: RunningDaemon, world: World, wait_id: str, key: str | None = None, **request: object) -> Answer:
    body = {"wait_id": wait_id, "timeout_seconds": 0, **request}
    return daemon.call("POST", f"/v1/inboxes/{world.address}/wait", body, key=key or world.agent_key)


def resume(daemon: RunningDaemon, world: World, wait_id: str, seconds: float = 0) -> Answer:
    return daemon.call("GET", f"/v1/waits/{wait_id}?timeout_seconds={seconds}", key=world.agent_key)


def code_in(answer: Answer) -> str | None:
    assert answer.status == 200, answer.body
    return None if answer.json["timed_out"] else str(answer.json["extracted"]["otp_code"])


def code_mail(world: World, code: str) -> bytes:
    return mail(world.address, text=f"Your verification code is {code}.\n")


def test_a_wait_that_lost_its_connection_is_resumed_with_what_came_meanwhile(
    daemon: RunningDaemon, world: World
) -> None:
    active = waits_active(daemon)
    connection = daemon.connection()
    headers = {"Authorization": f"Bearer {world.agent_key}", "Content-Type": "application/json"}
    connection.request("POST", f"/v1/inboxes/{world.address}/wait", b'{"wait_id": "lost"}', headers)
    until(lambda: waits_active(daemon) == active + 1)
    connection.close()
    until(lambda: waits_active(daemon) == active)
    daemon.deliver(world.address, code_mail(world, "271828"))
    assert code_in(resume(daemon, world, "lost")) == "271828"


def test_a_wait_survives_a_kill_of_the_daemon(daemon: RunningDaemon, world: World) -> None:
    assert code_in(begin(daemon, world, "survivor")) is None
    daemon.kill()
    daemon.start()
    daemon.deliver(world.address, code_mail(world, "314159"))
    assert code_in(resume(daemon, world, "survivor")) == "314159"


def test_what_a_wait_was_answered_stays_its_answer(daemon: RunningDaemon, world: World) -> None:
    begin(daemon, world, "stays")
    daemon.deliver(world.address, code_mail(world, "111222"))
    assert code_in(resume(daemon, world, "stays")) == "111222"
    daemon.deliver(world.address, code_mail(world, "333444"))
    assert code_in(resume(daemon, world, "stays")) == "111222"
    assert code_in(begin(daemon, world, "stays")) == "111222"


def test_the_same_id_for_another_wait_is_a_conflict(daemon: RunningDaemon, world: World) -> None:
    begin(daemon, world, "taken")
    answer = begin(daemon, world, "taken", subject="something else")
    assert (answer.status, answer.code) == (409, "idempotency_conflict")


def test_ids_are_each_callers_own(daemon: RunningDaemon, world: World) -> None:
    begin(daemon, world, "mine")
    other = a_world(daemon)
    answer = daemon.call("GET", "/v1/waits/mine?timeout_seconds=0", key=other.agent_key)
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_dropped_wait_is_gone(daemon: RunningDaemon, world: World) -> None:
    begin(daemon, world, "dropped")
    assert daemon.call("DELETE", "/v1/waits/dropped", key=world.agent_key).json == {"id": "dropped", "deleted": True}
    assert resume(daemon, world, "dropped").status == 404


def test_of_many_claimers_one_gets_the_code(daemon: RunningDaemon, world: World) -> None:
    waits = [waiting(daemon, world.address, world.agent_key, claim=True, timeout_seconds=3) for _ in range(6)]
    before = audit_head(daemon)
    daemon.deliver(world.address, code_mail(world, "606060"))
    answers = [answer_of(wait) for wait in waits]
    assert sorted(code_in(answer) or "" for answer in answers) == ["", "", "", "", "", "606060"]
    losers = [answer.json["near_misses"] for answer in answers if answer.json["timed_out"]]
    assert [misses["reasons"]["claimed"] for misses in losers] == [1] * 5
    assert [line["action"] for line in audit_since(daemon, before)] == ["rest:message:claim"]


def test_each_of_as_many_codes_goes_to_another_claimer(daemon: RunningDaemon, world: World) -> None:
    codes = [f"70{number}70{number}" for number in range(5)]
    for code in codes:
        daemon.deliver(world.address, code_mail(world, code))
    since = "2020-01-01T00:00:00Z"

    def claim(number: int) -> Answer:
        return begin(daemon, world, f"claimer-{number}", claim=True, since=since, regex="code is 70")

    given = at_once(len(codes) + 1, claim)
    assert sorted(code_in(answer) or "" for answer in given) == ["", *codes]
    again = [resume(daemon, world, f"claimer-{number}") for number in range(len(codes) + 1)]
    assert [code_in(answer) for answer in again] == [code_in(answer) for answer in given]


def test_a_claim_is_a_mutation_with_its_line_and_its_link(daemon: RunningDaemon, world: World) -> None:
    daemon.deliver(world.address, code_mail(world, "818181"))
    body = {"claim": True, "since": "2020-01-01T00:00:00Z", "timeout_seconds": 0}
    answer = daemon.call(
        "POST", f"/v1/inboxes/{world.address}/wait", body, key=world.agent_key, headers={"Prefer": "receipt"}
    )
    assert set(answer.json) == {"data", "audit", "link"}
    assert answer.json["audit"]["action"] == "rest:message:claim"
    assert answer.json["data"]["extracted"]["otp_code"] == "818181"


def test_a_wait_without_a_claim_sees_what_another_claimed(daemon: RunningDaemon, world: World) -> None:
    plain = waiting(daemon, world.address, world.agent_key)
    claiming = waiting(daemon, world.address, world.agent_key, claim=True)
    daemon.deliver(world.address, code_mail(world, "919191"))
    assert code_in(answer_of(plain)) == code_in(answer_of(claiming)) == "919191"


def test_a_wait_of_a_deleted_mailbox_goes_with_it(daemon: RunningDaemon, world: World) -> None:
    begin(daemon, world, "orphan")
    assert daemon.call("DELETE", f"/v1/inboxes/{world.address}", key=world.agent_key).status == 200
    assert resume(daemon, world, "orphan").status == 404


def test_posternctl_begins_resumes_and_drops(daemon: RunningDaemon, world: World) -> None:
    key = key_with(daemon, world, "mailbox:create", "mailbox:read")
    address = daemon.inbox(key)["address"]
    begun = daemon.ctl("inbox", "wait", address, "--wait-id", "cli-1", "--timeout", "0", key=key, check=False)
    assert begun.returncode == 6
    daemon.deliver(address, mail(address))
    assert daemon.ctl("wait", "resume", "cli-1", "--once", key=key).stdout == "482913\n"
    dropped = daemon.ctl("wait", "drop", "cli-1", key=key)
    assert "wait:drop" in dropped.stderr
    assert daemon.ctl("wait", "resume", "cli-1", key=key, check=False).returncode == 4


def test_a_wait_whose_answer_was_deleted_does_not_answer_with_another(daemon: RunningDaemon, world: World) -> None:
    begin(daemon, world, "once")
    daemon.deliver(world.address, code_mail(world, "555666"))
    message = resume(daemon, world, "once").json["message"]["id"]
    assert daemon.call("DELETE", f"/v1/messages/{message}", key=world.agent_key).status == 200
    daemon.deliver(world.address, code_mail(world, "777888"))
    answer = resume(daemon, world, "once")
    assert (answer.status, answer.code) == (410, "gone")


def test_one_claim_over_two_connections_is_one_line(daemon: RunningDaemon, world: World) -> None:
    waits = [waiting(daemon, world.address, world.agent_key, wait_id="twice", claim=True) for _ in range(2)]
    before = audit_head(daemon)
    daemon.deliver(world.address, code_mail(world, "242424"))
    assert [code_in(answer_of(wait)) for wait in waits] == ["242424", "242424"]
    assert [line["action"] for line in audit_since(daemon, before)] == ["rest:message:claim"]
