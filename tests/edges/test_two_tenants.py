from __future__ import annotations

import dataclasses

import pytest

from daemon.api.operations import BY_NAME, OPERATIONS, Access, Operation
from tests.edges.examples import EXAMPLES, Example
from tests.edges.support import NO_SUCH_SECRET, World, a_world, audit_head, audit_since, key_with, without_request_id
from tests.support import Answer, RunningDaemon

CLOSED = [operation for operation in OPERATIONS if operation.access is not Access.OPEN]
AGENT_PLANE = [operation for operation in CLOSED if operation.access is not Access.OPERATOR]
SCOPED = [operation for operation in AGENT_PLANE if operation.access is not Access.ANY]
AIMED = [operation for operation in AGENT_PLANE if operation.path_names]
ALL_SCOPES = {Access.CREATE.value, Access.READ.value, Access.SEND.value, "mailbox:otp"}


@pytest.fixture(scope="module")
def ours(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Ours")


@pytest.fixture(scope="module")
def theirs(daemon: RunningDaemon) -> World:
    return a_world(daemon, "Theirs")


def private_words(world: World) -> set[str]:
    """What nobody else may ever read."""
    words = {str(value) for name, value in dataclasses.asdict(world).items() if name != "audit_seq"}
    return words - {world.label}  # part of the name that strangers write mail to


def leaks(answer: Answer, world: World) -> set[str]:
    told = answer.body.decode("utf-8", "replace") + str(dict(answer.headers))
    return {word for word in private_words(world) if word in told}


def named(operation: Operation) -> str:
    return operation.name


def test_every_operation_has_a_row() -> None:
    assert set(EXAMPLES) == set(BY_NAME)


@pytest.mark.parametrize("operation", CLOSED, ids=named)
def test_another_tenants_agent_learns_nothing(
    operation: Operation, daemon: RunningDaemon, ours: World, theirs: World
) -> None:
    example = EXAMPLES[operation.name](ours)
    asked = dataclasses.replace(example, body=None if example.body is None else example.body | example.as_operator)
    answer = asked.send(daemon, operation.name, key=theirs.agent_key)
    assert not leaks(answer, ours)
    if operation.access is Access.OPERATOR:
        assert (answer.status, answer.code) == (403, "scope_denied")
    elif operation.path_names:
        assert (answer.status, answer.code) == (404, "not_found")
    elif example.as_operator:
        assert (answer.status, answer.code) == (422, "validation_failed")
    else:
        assert answer.status == 200


@pytest.mark.parametrize("operation", AIMED, ids=named)
def test_what_is_anothers_looks_like_what_is_not_there(
    operation: Operation, daemon: RunningDaemon, ours: World, theirs: World
) -> None:
    example = EXAMPLES[operation.name](ours)
    nothing = dataclasses.replace(example, path=tuple("inbox_" + "a" * 24 for _ in example.path))
    strange = example.send(daemon, operation.name, key=theirs.agent_key)
    absent = nothing.send(daemon, operation.name, key=theirs.agent_key)
    assert strange.status == absent.status == 404
    assert without_request_id(strange) == without_request_id(absent)
    assert set(strange.headers) == set(absent.headers)


@pytest.mark.parametrize("operation", AIMED, ids=named)
def test_a_sibling_agent_of_the_same_tenant_sees_no_mailbox_of_ours(
    operation: Operation, daemon: RunningDaemon, ours: World
) -> None:
    sibling = key_with(daemon, ours, "mailbox:create", "mailbox:read", "mailbox:send", handle="sibling")
    answer = EXAMPLES[operation.name](ours).send(daemon, operation.name, key=sibling)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("operation", CLOSED, ids=named)
def test_nobody_may_call(operation: Operation, daemon: RunningDaemon, ours: World) -> None:
    answer = EXAMPLES[operation.name](ours).send(daemon, operation.name)
    assert (answer.status, answer.code) == (401, "invalid_api_key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert not leaks(answer, ours)


@pytest.mark.parametrize("operation", SCOPED, ids=named)
def test_a_key_without_the_scope_may_not_call_and_the_refusal_is_recorded(
    operation: Operation, daemon: RunningDaemon, ours: World
) -> None:
    enough = {operation.access.value, operation.or_scope}
    lacking = key_with(daemon, ours, *sorted(ALL_SCOPES - enough), handle="lacking")
    before = audit_head(daemon)
    answer = EXAMPLES[operation.name](ours).send(daemon, operation.name, key=lacking)
    assert (answer.status, answer.code) == (403, "scope_denied")
    lines = audit_since(daemon, before)
    assert [(line["outcome"], line["reason"], line["tenant"]) for line in lines] == [
        ("refused", "scope_denied", ours.tenant)
    ]


@pytest.mark.parametrize("operation", CLOSED, ids=named)
def test_a_revoked_key_may_not_call(operation: Operation, daemon: RunningDaemon, ours: World, revoked: str) -> None:
    answer = EXAMPLES[operation.name](ours).send(daemon, operation.name, key=revoked)
    assert (answer.status, answer.code) == (401, "invalid_api_key")
    assert not leaks(answer, ours)


@pytest.mark.parametrize("operation", CLOSED, ids=named)
def test_an_enrollment_key_only_redeems(operation: Operation, daemon: RunningDaemon, ours: World) -> None:
    answer = EXAMPLES[operation.name](ours).send(daemon, operation.name, key=ours.enrollment_token)
    assert (answer.status, answer.code) == (401, "invalid_api_key")


def test_the_id_of_an_enrollment_key_without_its_secret_redeems_nothing(daemon: RunningDaemon, ours: World) -> None:
    forged = f"pk_enroll_{ours.enrollment_key}_{NO_SUCH_SECRET}"
    answer = Example(body={"enrollment_token": forged}).send(daemon, "enrollment.redeem")
    assert (answer.status, answer.code) == (401, "invalid_enrollment_token")
    assert not leaks(answer, ours)


def test_the_operators_of_the_socket_see_both(daemon: RunningDaemon, ours: World, theirs: World) -> None:
    for world in (ours, theirs):
        answer = EXAMPLES["inboxes.list"](world).send(daemon, "inboxes.list", local=True)
        assert [inbox["address"] for inbox in answer.json["data"]] == [world.address]


@pytest.fixture(scope="module")
def revoked(daemon: RunningDaemon, ours: World) -> str:
    key = key_with(daemon, ours, "mailbox:create", "mailbox:read", handle="revoked")
    assert daemon.operator("DELETE", f"/v1/agent-keys/{key.split('_')[2]}").status == 200
    return key
