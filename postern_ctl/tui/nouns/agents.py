"""Agents: who redeemed a key, and what they hold."""

from __future__ import annotations

from postern_ctl.answers import Document
from postern_ctl.tui.desk import PAGE_ROWS
from postern_ctl.tui.views import (
    Action,
    Context,
    Field,
    View,
    Way,
    flags,
    number,
    state,
    text,
    when,
    with_names,
)


def _rebind_fields(row: Document, context: Context) -> list[Field]:
    return [Field("key", "Enrollment key", "--key", hint="the id of another key of its tenant", needed=True)]


def _agent_of(row: Document) -> Context:
    return {"agent": row["id"], "called": row["handle"]}


AGENTS = View(
    name="agents",
    title="Agents",
    columns=(
        text("HANDLE", "handle", kind="strong"),
        text("TENANT", "tenant"),
        state("STATE", lambda row: str(row["status"])),
        number("KARMA", lambda row: f"{row['karma']:+.1f}"),
        when("CREATED", "created_at"),
        text("ID", "id", kind="quiet", spare=True),
    ),
    load=lambda desk, context: with_names(desk, desk.client.agents.list(tenant=context.get("tenant"), limit=PAGE_ROWS)),
    topics=frozenset({"agent", "tenant"}),
    command=lambda context: ["agent", "list", *(["--tenant", context["called"]] if "tenant" in context else [])],
    empty="There is no agent yet\nOne comes to be when it redeems an enrollment key.",
    called=lambda row: str(row["handle"]),
    ways=(
        Way("enter", "mailboxes", "inboxes", _agent_of),
        Way("e", "its keys", "agent-keys", _agent_of),
    ),
    actions=(
        Action(
            key="s",
            label="disable",
            applies=lambda row: row["status"] == "active",
            title=lambda row: f"Disable {row['handle']}",
            warning="Every call of it is refused from the next one on, and its waits end. Its mailboxes stay.",
            confirm=lambda row: str(row["handle"]),
            command=lambda row, values: ["agent", "disable", row["id"]],
            run=lambda desk, row, values: desk.client.agents.update(row["id"], disabled=True),
        ),
        Action(
            key="s",
            label="enable",
            applies=lambda row: row["status"] != "active",
            title=lambda row: f"Enable {row['handle']}",
            command=lambda row, values: ["agent", "enable", row["id"]],
            run=lambda desk, row, values: desk.client.agents.update(row["id"], disabled=False),
        ),
        Action(
            key="b",
            label="rebind",
            title=lambda row: f"Bind {row['handle']} to another enrollment key",
            fields=_rebind_fields,
            command=lambda row, values: ["agent", "rebind", row["id"], *flags(_rebind_fields(row, {}), values)],
            run=lambda desk, row, values: desk.client.agents.update(row["id"], enrollment_key_id=values["key"]),
        ),
    ),
)

VIEWS = (AGENTS,)
