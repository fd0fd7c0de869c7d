"""Two throw-away tenants, and every operation of an agent tried from one on what is the other's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from daemon.api.operations import OPERATIONS, Access, Answers, Operation
from daemon.errors import Code, PosternError
from postern_ctl.answers import Document, Refused
from postern_ctl.client import Postern
from postern_ctl.reachable import finding
from postern_ctl.session import postern
from postern_ctl.transport import Transport, segment

SCOPES = ["mailbox:create", "mailbox:read", "mailbox:send"]
BODIES: dict[str, Document] = {
    "waits.wait": {"timeout_seconds": 0},
    "messages.send": {"to": "nobody@example.invalid", "subject": "-", "text": "-"},
    "messages.reply": {"text": "-"},
    "messages.update": {"unread": False},
}
NOBODYS = {"id": "zzzzzzzzzzzzzzzzzzzzzzzz", "addr": "nobody@nowhere.invalid", "wait_id": "nobody", "n": "0"}


@dataclass(frozen=True, slots=True)
class _House:
    """One tenant, with an agent that has something of most things."""

    tenant: str
    name: str
    agent_id: str
    transport: Transport
    things: dict[str, str]


def tried() -> list[Document]:
    """Make both, try, remove both, and return what was found. Raises what the client raises."""
    operator = postern()
    houses: list[_House] = []
    try:
        houses += [_house(operator, f"isolation-{name}-{secrets.token_hex(4)}") for name in ("a", "b")]
        return list(_across(*houses))
    finally:
        for house in houses:
            with suppress(PosternError):
                operator.tenants.delete(house.tenant, confirm=house.name)


def _house(operator: Postern, name: str) -> _House:
    tenant = operator.tenants.create(name).data
    minted = operator.keys.mint(tenant_id=tenant["id"], label=name, scopes=SCOPES, max_mailboxes=1).data
    enrolled = operator.enrollment.redeem(minted["enrollment_token"]).data
    client = operator.with_key(enrolled["agent_key"])
    inbox = client.inboxes.create().data
    sent = client.messages.send(inbox["address"], to=inbox["address"], subject=name, text=name).data
    webhook = client.webhooks.create("https://hooks.example.invalid/", events=["message.received"]).data
    client.waits.wait(inbox["address"], timeout_seconds=0, wait_id=f"wait-{name}")
    things = {
        "addr": inbox["address"],
        "messages": sent["id"],
        "threads": sent["thread_id"],
        "webhooks": webhook["id"],
        "deliveries": client.webhooks.test(webhook["id"]).data["id"],
        "wait_id": f"wait-{name}",
        "n": "0",
    }
    return _House(tenant["id"], name, enrolled["agent_id"], client.transport, things)


def _across(mine: _House, others: _House) -> Iterator[Document]:
    tried_count = 0
    for operation in OPERATIONS:
        if operation.access in (Access.OPEN, Access.OPERATOR) or operation.answers is Answers.STREAM:
            continue
        names = operation.path_names
        theirs = [_thing(operation, name, others.things) for name in names]
        if any(value is None for value in theirs):
            continue
        tried_count += 1
        if not names:
            problem = _told(operation, mine, others)
        else:
            seen = _asked(mine, operation, theirs)
            nobodys = _asked(mine, operation, [NOBODYS.get(name, "0") for name in names])
            alike = seen == nobodys and seen in (Code.NOT_FOUND, Code.SCOPE_DENIED)
            problem = None if alike else f"{seen} for another's, {nobodys} for what is not there"
        if problem is not None:
            fix = "Stop the daemon and report this: it must never happen."
            yield finding(operation.name, "failed", problem, fix)
    yield finding("isolation", "ok", f"{tried_count} operations tried across two tenants")


def _thing(operation: Operation, name: str, things: dict[str, str]) -> str | None:
    return things.get(operation.path.split("/")[2] if name == "id" else name)


def _asked(house: _House, operation: Operation, values: list[Any]) -> str:
    """Make the call as an agent; return the code of its refusal, or that it was done."""
    escaped = dict(zip(operation.path_names, map(segment, values), strict=True))
    body = BODIES.get(operation.name, {}) if operation.request else None
    try:
        house.transport.request(operation.method, operation.path.format_map(escaped), body=body)
    except Refused as refusal:
        return refusal.code.value
    return "done"


def _told(operation: Operation, mine: _House, others: _House) -> str | None:
    """Look whether a list or a search of ours holds anything of theirs."""
    if operation.method != "GET":
        return None
    query = {"q": others.name} if operation.name == "search.find" else {}
    with suppress(Refused):
        text = mine.transport.request("GET", operation.path, query=query).body.decode()
        for value in (others.tenant, others.agent_id, *others.things.values()):
            if len(value) > 1 and value in text:
                return f"it shows {value}, which is another tenant's"
    return None
