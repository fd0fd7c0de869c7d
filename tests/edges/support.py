"""What the tests of the edges share: calls at once, conditions that come true, the audit log, one of everything."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.support import Answer, RunningDaemon, mail

T = TypeVar("T")

DEADLINE_SECONDS = 30
EPOCH = "2020-01-01T00:00:00Z"
NOWHERE = "https://hooks.invalid/postern"  # a target that nothing has to look up to know that it fails
BASE = "postern.test"
NO_SUCH_SECRET = "a" * 56


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Run `work(0)` … `work(count - 1)` in threads that start together; return what each returned."""
    start = threading.Barrier(count)

    def one(number: int) -> T:
        start.wait(DEADLINE_SECONDS)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def until(condition: Callable[[], bool]) -> None:
    """Ask until it is true; each asking is a request, so this does not spin."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came true"


def waits_active(daemon: RunningDaemon) -> int:
    return int(daemon.operator("GET", "/v1/stats").json["waits_active"])


def background(work: Callable[[], T]) -> Future[T]:
    """Run `work` beside the test."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  whoever asks for the result shall see it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def waiting(daemon: RunningDaemon, address: str, key: str | None, **request: Any) -> Future[Answer]:
    """Start a wait and return once the daemon has it."""
    before = waits_active(daemon)
    body = {"timeout_seconds": 60, **request}
    local = key is None
    future = background(lambda: daemon.call("POST", f"/v1/inboxes/{address}/wait", body, key=key, local=local))
    until(lambda: future.done() or waits_active(daemon) == before + 1)
    return future


def answer_of(future: Future[Answer]) -> Answer:
    return future.result(DEADLINE_SECONDS)


def audit_head(daemon: RunningDaemon) -> int:
    return int(daemon.operator("GET", "/v1/stats").json["audit_seq"])


def audit_since(daemon: RunningDaemon, seq: int) -> list[dict[str, Any]]:
    """Return the entries of the lines after `seq`, oldest first."""
    answer = daemon.operator("GET", f"/v1/audit?after_seq={seq}&limit=200")
    return [line["entry"] for line in answer.json["data"]]


def links_made(daemon: RunningDaemon) -> int:
    """Return how many links were ever made."""
    return int(looked_up(daemon, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'links'")[0][0])


def looked_up(daemon: RunningDaemon, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the store's file, behind the daemon's back."""
    with closing(sqlite3.connect(f"{daemon.database.as_uri()}?mode=ro", uri=True)) as conn:
        return conn.execute(statement, values).fetchall()


def database_bytes(daemon: RunningDaemon) -> bytes:
    """Return everything that the store has on disk."""
    return b"".join(path.read_bytes() for path in sorted(daemon.data_dir.glob("postern.db*")))


def metric(daemon: RunningDaemon, name: str) -> float:
    """Return the value of a metric; 0 while it is not there."""
    for line in daemon.call("GET", "/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    return 0.0


def without_request_id(answer: Answer) -> dict[str, Any]:
    """Return an error's body as it is to everybody."""
    error: dict[str, Any] = json.loads(answer.body)["error"]
    return {name: value for name, value in error.items() if name != "request_id"}


@dataclass(frozen=True)
class World:
    """A tenant with one of everything."""

    tenant: str
    label: str
    enrollment_key: str
    enrollment_token: str
    agent: str
    agent_key: str
    agent_key_id: str
    inbox: str
    address: str
    message: str
    thread: str
    subject: str
    link: str
    operator: str
    wait: str
    webhook: str
    delivery: str
    blocked: str
    suppressed: str
    backup: str
    domain: str
    audit_seq: int


def a_world(daemon: RunningDaemon, name: str = "World") -> World:
    """Make one of everything."""
    tenant = daemon.operator("POST", "/v1/tenants", {"name": name}).json
    minted = daemon.enrollment_key(tenant["id"], reusable=True)
    redeem = {"enrollment_token": minted["enrollment_token"], "agent_handle": f"agent of {tenant['label']}"}
    enrolled = daemon.call("POST", "/v1/enroll", redeem).json
    key = enrolled["agent_key"]
    answer = daemon.call("POST", "/v1/inboxes", {}, key=key, headers={"Prefer": "receipt"}).json
    inbox = answer["data"]
    subject = f"Subject of {tenant['label']}"
    daemon.deliver(inbox["address"], mail(inbox["address"], subject=subject, attachments={"report.bin": b"\x00report"}))
    listed = daemon.call("GET", f"/v1/inboxes/{inbox['id']}/messages", key=key).json["data"][0]
    wait = f"wait-of-{tenant['label']}"
    for path_of in ({"key": key}, {"local": True}):  # one of the agent's own, and one of the operator's
        durable = {"since": EPOCH, "timeout_seconds": 0, "wait_id": wait}
        assert daemon.call("POST", f"/v1/inboxes/{inbox['id']}/wait", durable, **path_of).status == 200
    hook = {"url": NOWHERE, "events": ["message.received"], "address": inbox["address"]}
    webhook = daemon.call("POST", "/v1/webhooks", hook, key=key).json["id"]
    blocked = f"nobody@{tenant['label']}.blocked.test"
    assert daemon.call("PUT", "/v1/lists/block", {"inbox": inbox["id"], "entry": blocked}, key=key).status == 200
    suppressed = f"someone@{tenant['label']}.invalid"
    assert daemon.operator("PUT", f"/v1/suppressions/{suppressed}?tenant={tenant['id']}", {}).status == 200
    domain = f"{tenant['label']}.customer.test"
    bought = {"name": domain, "tenant_id": tenant["id"], "mode": "purchased"}
    assert daemon.operator("POST", "/v1/domains", bought).status == 201
    record = {"name": f"{tenant['label']}.hosts", "type": "A", "data": ["192.0.2.80"]}
    assert daemon.operator("PUT", f"/v1/zones/{BASE}/records", record).status == 200
    secondary = {"name": f"ns-{tenant['label']}", "host": "192.0.2.53"}
    assert daemon.operator("PUT", f"/v1/zones/{BASE}/secondaries", secondary).status == 200
    return World(
        tenant=tenant["id"],
        label=tenant["label"],
        enrollment_key=minted["id"],
        enrollment_token=minted["enrollment_token"],
        agent=enrolled["agent_id"],
        agent_key=key,
        agent_key_id=key.split("_")[2],
        inbox=inbox["id"],
        address=inbox["address"],
        message=listed["id"],
        thread=listed["thread_id"],
        subject=subject,
        link=answer["link"]["id"],
        operator=daemon.operator("POST", "/v1/operators", {"name": f"operator of {tenant['label']}"}).json["id"],
        wait=wait,
        webhook=webhook,
        delivery=daemon.call("POST", f"/v1/webhooks/{webhook}/test", key=key).json["id"],
        blocked=blocked,
        suppressed=suppressed,
        backup=daemon.operator("POST", "/v1/backups", {}).json["id"],
        domain=domain,
        audit_seq=answer["audit"]["seq"],
    )


def key_with(daemon: RunningDaemon, world: World, *scopes: str, handle: str = "other") -> str:
    """Return a key of another agent of the world's tenant, with these scopes only."""
    return str(daemon.agent(world.tenant, handle, scopes=list(scopes))["agent_key"])
