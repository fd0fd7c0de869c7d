from __future__ import annotations

import pytest

from daemon.api.operations import OPERATIONS, Access, Operation, Scope
from tests.edges.examples import EXAMPLES
from tests.edges.support import EPOCH, World, a_world
from tests.support import RunningDaemon, mail

SCOPED = [operation for operation in OPERATIONS if operation.access in (Access.CREATE, Access.READ, Access.SEND)]
SECRET = "unmistakable words"


@pytest.fixture(scope="module")
def world(daemon: RunningDaemon) -> World:
    """A world whose agent holds a key that may only have codes."""
    made = a_world(daemon)
    minted = daemon.enrollment_key(made.tenant, scopes=["mailbox:otp"])
    rebound = daemon.operator("PATCH", f"/v1/agents/{made.agent}", {"enrollment_key_id": minted["id"]})
    assert rebound.status == 200, rebound.body
    return made


@pytest.fixture(scope="module")
def only_codes(daemon: RunningDaemon, world: World) -> str:
    return str(daemon.operator("POST", f"/v1/agents/{world.agent}/keys", {}).json["agent_key"])


def named(operation: Operation) -> str:
    return operation.name


@pytest.mark.parametrize("operation", [one for one in SCOPED if one.or_scope is None], ids=named)
def test_everything_but_codes_is_refused(
    operation: Operation, daemon: RunningDaemon, world: World, only_codes: str
) -> None:
    answer = EXAMPLES[operation.name](world).send(daemon, operation.name, key=only_codes)
    assert (answer.status, answer.code) == (403, "scope_denied")


def test_the_lesser_scope_is_for_waits_alone() -> None:
    lesser = {operation.name: operation.or_scope for operation in OPERATIONS if operation.or_scope}
    assert lesser == dict.fromkeys(("waits.wait", "waits.resume", "waits.drop"), Scope.OTP)


@pytest.mark.parametrize("how", ["wait", "resume"])
def test_a_code_comes_without_a_word_of_the_mail(
    daemon: RunningDaemon, world: World, only_codes: str, how: str
) -> None:
    raw = mail(
        world.address,
        subject=SECRET,
        text=f"{SECRET}\n\nYour verification code is 575757.\n\n{SECRET}\nusername: bob\npassword: hunter22\n",
        sender=f"{SECRET} <unmistakable@foreign.test>",
    )
    daemon.deliver(world.address, raw)
    body = {"since": EPOCH, "timeout_seconds": 0, "wait_id": f"otp-{how}"}
    answer = daemon.call("POST", f"/v1/inboxes/{world.address}/wait", body, key=only_codes)
    if how == "resume":
        answer = daemon.call("GET", f"/v1/waits/otp-{how}?timeout_seconds=0", key=only_codes)
    assert answer.status == 200, answer.body
    assert answer.json["message"]["subject"] is None
    assert answer.json["message"]["from"] is None
    assert answer.json["extracted"]["credentials"] is None
    for word in ("unmistakable", "hunter22", "bob"):
        assert word not in answer.body.decode()


@pytest.mark.parametrize("question", [{"regex": "^u"}, {"subject": "unm"}])
def test_it_cannot_be_read_by_questions(
    daemon: RunningDaemon, world: World, only_codes: str, question: dict[str, str]
) -> None:
    body = {"since": EPOCH, "timeout_seconds": 0, **question}
    answer = daemon.call("POST", f"/v1/inboxes/{world.address}/wait", body, key=only_codes)
    assert (answer.status, answer.code) == (403, "scope_denied")
