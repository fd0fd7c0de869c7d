"""Schemathesis on the document that a real daemon serves: once with an agent's key, once with an operator's.

`./justw api-fuzz` runs it whole, with a bound on its time; arguments go to `schemathesis run`. The daemon is a
throw-away one on free ports, with something of everything in it, so that not every id is unknown.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from daemon.api.models import model
from daemon.api.operations import OPERATIONS, Access, Operation
from tests.edges.support import BASE, EPOCH, NOWHERE, World, a_world
from tests.nameserver import name_server
from tests.support import BARE_ENV, RunningDaemon, mail

CASES_MIN = 2_000
CASES_PER_OPERATION = "15"  # beside those that follow from examples, from limits and from links between operations
RUN_MAX_SECONDS = 1_200
ANSWER_MAX_SECONDS = 20  # a webhook's test takes as long as its receiver may
WAIT_MAX_MS = "100"  # a wait is asked for minutes
STREAM_MAX_SECONDS = 0.5  # a stream has no end: what comes first is checked
LEFT = 499  # as the log has it: the caller went away
SEEDED_PROBABILITY = 0.5
ACCEPTED = ("2xx", "401", "403", "404", "409")

# Where a request that is valid by its schema may be refused all the same, and why no schema could say so.
BEYOND_SCHEMAS = {
    "agents.mint_key": "expires_at has to lie ahead",
    "agents.update": "the enrollment key has to be of the agent's tenant",
    "lists.delete": "an entry is an address or a domain, and whose it is depends on who asks",
    "lists.list": "whose list is meant depends on who asks",
    "lists.put": "an entry is an address or a domain, and whose it is depends on who asks",
    "messages.reply": "text or html has to be given; files are base64",
    "messages.send": "recipients are addresses, headers on a list; text or html has to be given; files are base64",
    "domains.create": "the tenant has to be there, and the name one that mail could be sent to",
    "domains.delete": "confirm has to be the domain's name, when there are mailboxes",
    "inboxes.create": "agent_id is for operators; names can be reserved, domains another's, webhook targets forbidden",
    "keys.mint": "tenant and domains have to be there, expires_at has to lie ahead",
    "links.create": "the audit line has to be there",
    "operators.create": "expires_at has to lie ahead",
    "secondaries.put": "host has to be an address",
    "tenants.delete": "confirm has to be the tenant's name",
    "waits.wait": "regex has to be one that RE2 takes",
    "zones.delete_records": "name and type have to be a record's",
    "zones.load": "the text has to be a zone file's",
    "zones.set_records": "name, type and data have to be a record's",
    "webhooks.create": "agent_id is for operators; webhook targets can be forbidden",
}
SIGNED = {"cursor", "last_event_id"}  # made by the server for one list: any other text is 400
STREAMS = {"activity.stream", "events.stream", "webhooks.follow"}
MAY_BE_GONE = {"waits.wait", "waits.resume", "events.stream"}
TAKES_AWAY = {"agents.update", "tenants.update"}  # beside every DELETE: asked of what is not needed further


@dataclass(frozen=True)
class Run:
    """How a run went."""

    clean: bool
    cases: int
    succeeded: frozenset[str]  # the operations that did what was asked at least once
    printed: str


@contextmanager
def seeded() -> Iterator[tuple[RunningDaemon, World, World]]:
    """Start a daemon with something of everything; yield it, a world to ask of, and one to take away from.

    The latter has things of the former's agent wherever an agent may take them away.
    """
    with tempfile.TemporaryDirectory(prefix="postern-fuzz-") as home, name_server() as resolver:
        settings = {"MAX_WAIT_MS": WAIT_MAX_MS, "RESOLVER": str(resolver.at)}  # which knows of nobody
        daemon = RunningDaemon(Path(home) / "data", settings).start()
        try:
            world, other = a_world(daemon, "Acme"), a_world(daemon, "Doomed")
            daemon.deliver(world.address, mail(world.address, subject=f"Re: {world.subject}"))
            yield daemon, world, _doomed(daemon, world, other)
        finally:
            daemon.stop()


def _doomed(daemon: RunningDaemon, world: World, other: World) -> World:
    key = world.agent_key
    inbox = daemon.inbox(key)
    daemon.deliver(world.address)
    message = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=key).json["data"][0]
    hook = {"url": NOWHERE, "events": ["message.received"]}
    webhook = daemon.call("POST", "/v1/webhooks", hook, key=key).json["id"]
    return replace(
        other, inbox=inbox["id"], address=inbox["address"], message=message["id"], wait="doomed", webhook=webhook
    )


def key_to_fuzz_with(daemon: RunningDaemon, world: World, doomed: World, kind: str) -> str:
    """Mint a key, an operator's or the agent's with every scope, and begin its durable waits."""
    key = _minted(daemon, world, kind)
    for wait in (world.wait, doomed.wait):
        durable = {"since": EPOCH, "timeout_seconds": 0, "wait_id": wait}
        assert daemon.call("POST", f"/v1/inboxes/{world.inbox}/wait", durable, key=key).status == 200
    return key


def _minted(daemon: RunningDaemon, world: World, kind: str) -> str:
    if kind == "operator":
        return str(daemon.operator("POST", "/v1/operators", {"name": "fuzzer"}).json["operator_key"])
    scopes = ["mailbox:create", "mailbox:read", "mailbox:send", "mailbox:otp"]
    source = daemon.enrollment_key(world.tenant, scopes=scopes, max_mailboxes=10_000)["id"]
    assert daemon.operator("PATCH", f"/v1/agents/{world.agent}", {"enrollment_key_id": source}).status == 200
    return str(daemon.operator("POST", f"/v1/agents/{world.agent}/keys", {}).json["agent_key"])


def fuzz(kind: str, *arguments: str) -> Run:
    """Run every check with a key of a kind."""
    with seeded() as (daemon, world, doomed), tempfile.TemporaryDirectory(prefix="postern-fuzz-") as folder:
        (Path(folder) / "schemathesis.toml").write_text(configuration(world, doomed))
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{daemon.http}/v1/openapi.json"]
        key = f"Authorization: Bearer {key_to_fuzz_with(daemon, world, doomed, kind)}"
        before = len(daemon.log)
        done = subprocess.run(
            [
                *command,
                "--header",
                key,
                "--checks",
                "all",
                "--max-examples",
                CASES_PER_OPERATION,
                "--no-color",
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=BARE_ENV | {"COLUMNS": "120"},
            timeout=RUN_MAX_SECONDS,
            check=False,
        )
        succeeded = frozenset(_succeeded(daemon.log[before:]))
    counted = re.search(r"(\d+) generated", done.stdout)
    return Run(done.returncode == 0, int(counted[1]) if counted else 0, succeeded, done.stdout)


def _succeeded(log: str) -> Iterator[str]:
    names = {(operation.method, operation.path): operation.name for operation in OPERATIONS}
    for line in map(json.loads, log.splitlines()):
        name = names.get((line.get("method"), line.get("route")))
        left = line.get("status") == LEFT and name in STREAMS  # which nobody hears to the end
        if name is not None and (left or line["status"] < HTTPStatus.MULTIPLE_CHOICES):
            yield name


def configuration(world: World, doomed: World) -> str:
    """Return what Schemathesis is told of each operation: ids that are there, and what else than success is right."""
    lines = ["continue-on-failure = true", "warnings = false", f"request-timeout = {ANSWER_MAX_SECONDS}"]
    values: dict[str, str] = {}
    for operation in OPERATIONS:
        takes = operation.method == "DELETE" or operation.name in TAKES_AWAY
        lines += ["[[operations]]", f"include-operation-id = {json.dumps(operation.name)}"]
        lines += [f"request-timeout = {STREAM_MAX_SECONDS}"] if operation.name in STREAMS else []
        lines += [
            "[operations.checks.positive_data_acceptance]",
            f"expected-statuses = {json.dumps(accepted(operation))}",
        ]
        lines += ["[operations.parameters]"]
        for name, value in real(operation, doomed if takes else world).items():
            values[f"{operation.name}-{name}".replace(".", "-")] = value
            bound = json.dumps(f"{operation.name}-{name}".replace(".", "-"))
            lines.append(f"{json.dumps(name)} = {{ dictionary = {bound}, probability = {SEEDED_PROBABILITY} }}")
    lines += ["[dictionaries]"]
    lines += [f"{json.dumps(name)} = {{ values = [{json.dumps(value)}] }}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def accepted(operation: Operation) -> list[str]:
    """Return the statuses that are right for a request which is valid by its schema."""
    asked = model(operation.query).model_fields if operation.query else {}
    more = ["400"] if SIGNED & set(asked) else []
    more += ["410"] if operation.name in MAY_BE_GONE else []
    return [*ACCEPTED, *more, *(["422"] if operation.name in BEYOND_SCHEMAS else [])]


def real(operation: Operation, world: World) -> dict[str, str]:
    """Return parameters and fields that are there: by their place and name."""
    by_noun = {
        "agents": world.agent,
        "agent-keys": world.agent_key_id,
        "backups": world.backup,
        "deliveries": world.delivery,
        "enrollment-tokens": world.enrollment_key,
        "links": world.link,
        "messages": world.message,
        "operators": world.operator,
        "tenants": world.tenant,
        "threads": world.thread,
        "webhooks": world.webhook,
    }
    collection = operation.path.split("/")[2]
    in_path = {
        "addr": world.address,
        "address": world.suppressed,
        "id": by_noun.get(collection, ""),
        "list": "block",
        "n": "0",
        "name": world.domain if collection == "domains" else BASE,
        "zone": BASE,
        "seq": str(world.audit_seq),
        "wait_id": world.wait,
    }
    found = {f"path.{name}": in_path[name] for name in operation.path_names}
    in_query = {"tenant": world.tenant, "agent": world.agent, "inbox": world.inbox, "confirm": world.tenant}
    in_body = {
        "tenant_id": world.tenant,
        "address": world.address,
        "enrollment_token": world.enrollment_token,
        "url": NOWHERE,
        "inbound_webhook_url": NOWHERE,
    }
    if operation.access is Access.OPERATOR:
        in_body["agent_id"] = world.agent
    for place, form, values in (("query", operation.query, in_query), ("body", operation.request, in_body)):
        fields = model(form).model_fields if form else {}
        found |= {f"{place}.{name}": value for name, value in values.items() if name in fields}
    return found


def main() -> int:
    """Run with both keys, and tell how many cases there were."""
    good = True
    for kind in ("agent", "operator"):
        run = fuzz(kind, *sys.argv[1:])
        enough = run.cases >= CASES_MIN
        verdict = ("clean" if run.clean else "not clean") + ("" if enough else f", fewer than {CASES_MIN}")
        reached = f"{len(run.succeeded)} of {len(OPERATIONS)} operations succeeded at least once"
        sys.stdout.write(f"{run.printed}\n{kind} key: {run.cases} cases, {verdict}; {reached}\n\n")
        sys.stdout.flush()
        good = good and run.clean and enough
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
