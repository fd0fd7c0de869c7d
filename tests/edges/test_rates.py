from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.edges.support import answer_of, until, waiting, waits_active
from tests.inside import DaemonInside

BAD = "pk_agent_AAAAAAAAAAAAAAAA_" + "a" * 56


LOW = {
    "RATE_LOOPBACK": "limited",
    "RATE_PER_MINUTE": "20",
    "RATE_WAITS": "2",
    "RATE_STREAMS": "1",
    "RATE_STRANGERS_PER_MINUTE": "4",
}


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[DaemonInside]:
    running = DaemonInside(tmp_path / "data", LOW).start()
    yield running
    running.stop()


def test_a_key_that_asks_too_much_is_told_how_long_to_wait(limited: DaemonInside) -> None:
    enrolled = limited.agent()
    key, other = enrolled["agent_key"], limited.agent()["agent_key"]
    first = limited.call("GET", "/v1/whoami", key=key)
    assert first.headers["RateLimit-Policy"] == '"key";q=20;w=60'
    assert first.headers["RateLimit"] == '"key";r=19;t=3'
    limited.inbox(key)
    answers = [limited.call("GET", "/v1/whoami", key=key) for _ in range(15)]
    assert [answer.status for answer in answers] == [200] * 14 + [429]
    refused = answers[-1]
    assert (refused.code, refused.headers["Retry-After"]) == ("rate_limited", "3")
    assert refused.headers["RateLimit"] == '"key";r=0;t=60'
    assert limited.call("GET", "/v1/whoami", key=other).status == 200

    asked = limited.ctl("inbox", "create", key=key, check=False)
    assert asked.returncode == 1
    assert asked.stderr.count("\n") == 1
    assert "Try again in" in asked.stderr

    limited.clock.advance(seconds=3)
    assert limited.call("GET", "/v1/whoami", key=key).status == 200

    # The operator lifts the tenant's limit; the control socket itself is never limited.
    limits = {"limits": {"rate_per_minute": 1000, "retention_days": 3}}
    changed = limited.operator("PATCH", f"/v1/tenants/{enrolled['tenant_id']}", limits)
    assert changed.json["limits"]["rate_per_minute"] == 1000
    limited.clock.advance(seconds=1)  # an empty bucket fills faster now
    more = limited.call("GET", "/v1/whoami", key=key)
    assert (more.status, more.headers["RateLimit-Policy"]) == (200, '"key";q=1000;w=60')
    for _ in range(30):
        answer = limited.operator("GET", "/v1/stats")
        assert answer.status == 200
        assert "RateLimit" not in answer.headers


def test_a_tenants_limits_change_one_by_one(limited: DaemonInside) -> None:
    path = f"/v1/tenants/{limited.tenant()}"
    for asked, there in (
        ({"rate_waits": 5, "retention_days": 3}, {"rate_waits": 5, "retention_days": 3}),
        ({"rate_streams": 0}, {"rate_waits": 5, "retention_days": 3, "rate_streams": 0}),
        ({"rate_waits": None}, {"retention_days": 3, "rate_streams": 0}),
    ):
        limits = limited.operator("PATCH", path, {"limits": asked}).json["limits"]
        assert {name: most for name, most in limits.items() if most is not None} == there
    refused = limited.operator("PATCH", path, {"limits": {"rate_waits": -1}})
    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (422, "limits.rate_waits")


def test_redeeming_is_counted_by_the_enrollment_key(limited: DaemonInside) -> None:
    first, second = (limited.enrollment_key(limited.tenant())["enrollment_token"] for _ in range(2))
    answers = [limited.call("POST", "/v1/enroll", {"enrollment_token": first}) for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 4 + [429]
    assert limited.call("POST", "/v1/enroll", {"enrollment_token": second}).status == 200


def test_strangers_are_held_up_and_whoever_has_a_key_is_not(limited: DaemonInside) -> None:
    key = limited.agent()["agent_key"]
    token = limited.enrollment_key(limited.tenant())["enrollment_token"]
    tries = [limited.call("GET", "/v1/whoami", key=BAD).status for _ in range(4)]
    assert tries == [401] * 4
    for answer in (
        limited.call("GET", "/v1/whoami", key=BAD),
        limited.call("GET", "/v1/inboxes"),
        limited.call("POST", "/v1/enroll", {"enrollment_token": BAD}),
    ):
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert answer.headers["Retry-After"] == "15"
    assert limited.call("GET", "/v1/whoami", key=key).status == 200
    assert limited.call("POST", "/v1/enroll", {"enrollment_token": token}).status == 200
    assert limited.operator("GET", "/v1/stats").status == 200


def test_waits_and_streams_that_are_open_are_bounded_and_freed(limited: DaemonInside) -> None:
    enrolled = limited.agent()
    key = enrolled["agent_key"]
    limited.operator("PATCH", f"/v1/tenants/{enrolled['tenant_id']}", {"limits": {"rate_per_minute": 1000}})
    address = limited.inbox(key)["address"]
    waits = [waiting(limited, address, key) for _ in range(2)]
    third = limited.call("POST", f"/v1/inboxes/{address}/wait", {"timeout_seconds": 60}, key=key)
    assert (third.status, third.code, third.headers["Retry-After"]) == (429, "rate_limited", "5")
    with ExitStack() as closing:
        stream = limited.connection()
        closing.callback(stream.close)
        stream.request("GET", "/v1/events", headers={"Authorization": f"Bearer {key}"})
        opened = stream.getresponse()
        assert opened.readline() == b": alive\n"
        assert opened.headers["RateLimit"].startswith('"key";r=')
        second = limited.call("GET", "/v1/events", key=key)
        assert (second.status, second.code) == (429, "rate_limited")
    limited.deliver(address)
    assert [answer_of(wait).json["timed_out"] for wait in waits] == [False, False]
    until(lambda: waits_active(limited) == 0)
    until(lambda: limited.call("GET", "/v1/events", key=key).status == 200)
    assert limited.call("POST", f"/v1/inboxes/{address}/wait", {"timeout_seconds": 0}, key=key).status == 200


def test_loopback_is_exempt_unless_configured(start: Start) -> None:
    exempt = start(RATE_PER_MINUTE="2", RATE_STRANGERS_PER_MINUTE="1")
    key = exempt.agent()["agent_key"]
    for _ in range(10):
        answer = exempt.call("GET", "/v1/whoami", key=key)
        assert answer.status == 200
        assert "RateLimit" not in answer.headers
        assert exempt.call("GET", "/v1/whoami", key=BAD).status == 401
