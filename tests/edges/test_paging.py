from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.edges.support import World, a_world
from tests.support import RunningDaemon, mail


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    """One with seven messages, mailboxes, agents and keys at least."""
    made = a_world(daemon)
    for number in range(7):
        daemon.deliver(made.address, mail(made.address, subject=f"mail {number}"))
        daemon.inbox(made.agent_key)
        daemon.agent(made.tenant, scopes=["mailbox:read"])
        daemon.operator("POST", f"/v1/agents/{made.agent}/keys", {})
        daemon.operator("POST", "/v1/audit/checkpoints")
        daemon.operator("POST", "/v1/operators", {"name": "x"}, headers={"Prefer": "receipt"})
    return made


LISTS: dict[str, Callable[[World], str]] = {
    "inboxes": lambda w: f"/v1/inboxes?agent={w.agent}",
    "messages": lambda w: f"/v1/inboxes/{w.address}/messages?direction=inbound",
    "threads": lambda w: f"/v1/inboxes/{w.address}/threads?",
    "search": lambda w: f"/v1/search?q=code&inbox={w.address}",
    "tenants": lambda w: "/v1/tenants?",
    "keys": lambda w: f"/v1/enrollment-tokens?tenant={w.tenant}",
    "agents": lambda w: f"/v1/agents?tenant={w.tenant}",
    "agent keys": lambda w: f"/v1/agents/{w.agent}/keys?",
    "operators": lambda w: "/v1/operators?",
    "links": lambda w: "/v1/links?",
    "audit lines": lambda w: f"/v1/audit?tenant={w.tenant}",
    "audit lines upwards": lambda w: f"/v1/audit?tenant={w.tenant}&after_seq=1",
    "checkpoints": lambda w: "/v1/audit/checkpoints?",
}


def pages(daemon: RunningDaemon, path: str, limit: int, between: Callable[[], object] = lambda: None) -> list[object]:
    """Walk through a list, doing something else between the pages."""
    found, cursor = [], ""
    while True:
        page = daemon.operator("GET", f"{path}&limit={limit}{cursor}").json
        assert set(page) == {"data", "next_cursor"}
        assert len(page["data"]) <= limit
        found += [item.get("id") or item.get("seq") for item in page["data"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
        between()


@pytest.mark.parametrize("name", LISTS)
def test_pages_add_up_to_the_list(name: str, daemon: RunningDaemon, world: World) -> None:
    path = LISTS[name](world)
    for _ in range(7 if name == "tenants" else 0):
        daemon.tenant()
    whole = pages(daemon, path, 200)
    assert len(whole) == len(set(whole)) >= 7
    assert pages(daemon, path, 3) == whole


def test_a_walk_sees_nothing_twice_while_others_add(daemon: RunningDaemon, world: World) -> None:
    before = pages(daemon, LISTS["messages"](world), 200)
    seen = pages(daemon, LISTS["messages"](world), 2, between=lambda: daemon.deliver(world.address))
    assert seen == before


def test_a_page_that_is_just_full_has_no_next(daemon: RunningDaemon, world: World) -> None:
    path = LISTS["agent keys"](world)
    count = len(pages(daemon, path, 200))
    assert daemon.operator("GET", f"{path}&limit={count}").json["next_cursor"] is None
    assert daemon.operator("GET", f"{path}&limit={count - 1}").json["next_cursor"] is not None


def test_a_cursor_is_bound_to_its_query(daemon: RunningDaemon, world: World) -> None:
    path = LISTS["messages"](world)
    cursor = daemon.operator("GET", f"{path}&limit=1").json["next_cursor"]
    other = a_world(daemon, "Other")
    for strange in (
        f"/v1/inboxes/{world.address}/messages?limit=1",
        f"{path}&unread_only=true",
        LISTS["messages"](other),
        *(LISTS[name](world) for name in LISTS if name != "messages"),
    ):
        answer = daemon.operator("GET", f"{strange}&cursor={cursor}")
        assert (answer.status, answer.code) == (400, "bad_request"), strange
    assert daemon.operator("GET", f"{path}&limit=5&cursor={cursor}").status == 200, "a limit is no part of it"


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "\x00", "=" * 8, "A" * 27, "A" * 28, "-_" * 20])
def test_a_bad_cursor_is_400(daemon: RunningDaemon, world: World, cursor: str) -> None:
    answer = daemon.call("GET", f"/v1/inboxes?cursor={quote(cursor)}", key=world.agent_key)
    assert (answer.status, answer.code) == (400, "bad_request")


def test_an_altered_cursor_is_400(daemon: RunningDaemon, world: World) -> None:
    path = LISTS["agents"](world)
    cursor = daemon.operator("GET", f"{path}&limit=1").json["next_cursor"]
    for position in range(len(cursor)):
        altered = cursor[:position] + ("A" if cursor[position] != "A" else "Q") + cursor[position + 1 :]
        assert daemon.operator("GET", f"{path}&cursor={altered}").status == 400, position


def test_a_cursor_of_another_agent_is_400(daemon: RunningDaemon, world: World) -> None:
    other = a_world(daemon, "Other")
    cursor = daemon.call("GET", "/v1/inboxes?limit=1", key=world.agent_key).json["next_cursor"]
    assert daemon.call("GET", f"/v1/inboxes?cursor={cursor}", key=other.agent_key).status == 400
