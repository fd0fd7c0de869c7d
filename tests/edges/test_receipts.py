from __future__ import annotations

import pytest

from daemon.api.operations import OPERATIONS, Access, Operation
from tests.edges.examples import EXAMPLES
from tests.edges.support import World, a_world, audit_head, audit_since, links_made
from tests.support import Answer, RunningDaemon

MUTATIONS = [operation for operation in OPERATIONS if operation.effect is not None]
READS = [operation for operation in OPERATIONS if operation.effect is None]
EDGES = ("socket", "http")
LINKS = {"backups.create": "download"}  # what is not to a receipt or a minted secret
RECEIPT = {"Prefer": "receipt"}


@pytest.fixture(scope="module")
def operator_key(daemon: RunningDaemon) -> str:
    return str(daemon.operator("POST", "/v1/operators", {"name": "remote"}).json["operator_key"])


def ask(
    daemon: RunningDaemon,
    operation: Operation,
    world: World,
    edge: str,
    operator_key: str,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Call over the socket as the local operator, or over HTTP with the key that the operation is for."""
    example = EXAMPLES[operation.name](world)
    if edge == "socket":
        return example.send(daemon, operation.name, local=True, headers=headers)
    if operation.access is Access.OPEN:
        return example.send(daemon, operation.name, headers=headers)
    key = operator_key if operation.access is Access.OPERATOR else world.agent_key
    return example.send(daemon, operation.name, key=key, headers=headers)


def named(operation: Operation) -> str:
    return operation.name


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("operation", MUTATIONS, ids=named)
def test_a_mutation_with_prefer_receipt_gives_one_line_and_one_link(
    operation: Operation, edge: str, daemon: RunningDaemon, operator_key: str
) -> None:
    world = a_world(daemon)
    before, links = audit_head(daemon), links_made(daemon)
    answer = ask(daemon, operation, world, edge, operator_key, RECEIPT)

    assert answer.status == operation.status, answer.body
    assert set(answer.json) == {"data", "audit", "link"}
    assert answer.headers["Preference-Applied"] == "receipt"
    line, link = answer.json["audit"], answer.json["link"]
    assert answer.headers["X-Postern-Audit"] == str(line["seq"]) == str(before + 1)
    source = "socket" if edge == "socket" else "rest"
    assert line["action"] == f"{source}:{operation.effect}"
    assert line["outcome"] == "ok"
    assert [entry["action"] for entry in audit_since(daemon, before)] == [line["action"]]

    assert links_made(daemon) == links + 1
    assert link["purpose"] == LINKS.get(operation.name, "reveal" if operation.mints else "receipt")
    assert link["url"].startswith(f"{daemon.http}/l/")


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("operation", MUTATIONS, ids=named)
def test_a_mutation_without_it_answers_plainly_and_names_its_line(
    operation: Operation, edge: str, daemon: RunningDaemon, operator_key: str
) -> None:
    world = a_world(daemon)
    before, links = audit_head(daemon), links_made(daemon)
    answer = ask(daemon, operation, world, edge, operator_key)
    assert answer.status == operation.status, answer.body
    assert "audit" not in answer.json
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["X-Postern-Audit"] == str(before + 1) == str(audit_head(daemon))
    assert links_made(daemon) == links + (operation.name == "links.create")


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("operation", READS, ids=named)
def test_a_read_gives_neither(operation: Operation, edge: str, daemon: RunningDaemon, operator_key: str) -> None:
    world = a_world(daemon)
    before, links = audit_head(daemon), links_made(daemon)
    answer = ask(daemon, operation, world, edge, operator_key, RECEIPT)
    assert answer.status == 200, answer.body
    assert "X-Postern-Audit" not in answer.headers
    assert "Preference-Applied" not in answer.headers
    assert (audit_head(daemon), links_made(daemon)) == (before, links)


def test_a_minted_secret_is_what_its_link_reveals(daemon: RunningDaemon) -> None:
    fields = {
        "enrollment.redeem": "agent_key",
        "keys.mint": "enrollment_token",
        "agents.mint_key": "agent_key",
        "operators.create": "operator_key",
        "webhooks.create": "secret",
        "webhooks.rotate": "secret",
        "secondaries.put": "secret",
    }
    assert set(fields) == {operation.name for operation in MUTATIONS if operation.mints}
    world = a_world(daemon)
    for name, field in fields.items():
        answer = EXAMPLES[name](world).send(daemon, name, local=True, headers=RECEIPT).json
        opened = daemon.call("POST", "/l/" + answer["link"]["url"].rpartition("/")[2]).json
        assert opened["secret"] == answer["data"][field]


def test_a_repeated_request_gets_the_first_answer_and_adds_no_line(daemon: RunningDaemon) -> None:
    key = daemon.agent()["agent_key"]
    first = daemon.call("POST", "/v1/inboxes", {"client_id": "once"}, key=key)
    before = audit_head(daemon)
    again = daemon.call("POST", "/v1/inboxes", {"client_id": "once"}, key=key, headers=RECEIPT)
    assert (first.status, again.status) == (201, 200)
    assert again.json["data"] == first.json
    assert str(again.json["audit"]["seq"]) == first.headers["X-Postern-Audit"] == again.headers["X-Postern-Audit"]
    assert audit_head(daemon) == before


def test_a_refused_mutation_leaves_no_line_of_success(daemon: RunningDaemon) -> None:
    key = daemon.agent()["agent_key"]
    daemon.inbox(key, username="taken")
    before = audit_head(daemon)
    refused = daemon.call("POST", "/v1/inboxes", {"username": "taken"}, key=key, headers=RECEIPT)
    assert (refused.status, refused.code) == (409, "address_taken")
    assert all(line["outcome"] == "refused" for line in audit_since(daemon, before))
