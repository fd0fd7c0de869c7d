from __future__ import annotations

import pytest

from tests.edges.support import EPOCH, World, a_world, background
from tests.support import RunningDaemon, mail

# Patterns that RE2 takes in its stride only as long as it has the memory for them.
GREEDY = ["(((.{1,30}){1,30})Q)", ".{1,900}Q", "(.{1,30}){1,30}Q", "(a+)+$"]
LONG = ("Nothing to find in here. " * 3 + "\n") * 2_000


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    made = a_world(daemon)
    for _ in range(3):
        daemon.deliver(made.address, mail(made.address, text=LONG))
    return made


@pytest.mark.parametrize("pattern", GREEDY)
def test_a_greedy_pattern_is_refused_or_keeps_nobody_waiting(daemon: RunningDaemon, world: World, pattern: str) -> None:
    body = {"regex": pattern, "since": EPOCH, "timeout_seconds": 0}
    asked = background(lambda: daemon.call("POST", f"/v1/inboxes/{world.address}/wait", body, key=world.agent_key))
    while not asked.done():
        assert daemon.call("GET", "/healthz").status == 200
    assert asked.result().status in (200, 422)


def test_octets_that_are_no_text_are_refused_in_an_idempotency_key(daemon: RunningDaemon, world: World) -> None:
    answer = daemon.call("POST", "/v1/inboxes", {}, key=world.agent_key, headers={"Idempotency-Key": "\xff\xfe"})
    assert (answer.status, answer.code) == (400, "bad_request")


@pytest.mark.parametrize("path", ["/v1/audit?after_seq=99999999999999999999999"])
def test_a_number_that_no_row_can_have_is_refused(daemon: RunningDaemon, path: str) -> None:
    assert daemon.operator("GET", path).status == 422
    assert daemon.operator("POST", "/v1/links", {"audit_seq": 2**63}).status == 422
