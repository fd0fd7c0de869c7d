"""Agents: who redeemed a key, and what they hold."""

from __future__ import annotations

from postern_ctl.answers import Document
from postern_ctl.tui.desk import PAGE_ROWS
from postern_ctl.tui.views import (
    QUIET,
    STRONG,
    Action,
    Field,
    View,
    Way,
    number,
    state,
    text,
    when,
    with_names,
)


def _rebind_fields(row: Document) -> list[Field]:
    return [Field("key", "Enrollment key", "--key", hint="the id of another key of its tenant", needed=True)]


_AGENT = {"agent": "{id}", "called": "{handle}"}

AGENTS = View(
    name="agents",
    title="Agents",
    columns=(
        text("HANDLE", "handle", kind=STRONG),
        text("TENANT", "tenant"),
        state("STATE", lambda row: str(row["status"])),
        number("KARMA", lambda row: f"{row['karma']:+.1f}"),
        when("CREATED", "created_at"),
        text("ID", "id", kind=QUIET, spare=True),
    ),
    load=lambda desk, context: with_names(desk, desk.client.agents.list(tenant=context.get("tenant"), limit=PAGE_ROWS)),
    topics=frozenset({"agent", "tenant"}),
    command="agent list",
    narrowed_by=("tenant",),
    empty="There is no agent yet\nOne comes to be when it redeems an enrollment key.",
    called="{handle}",
    ways=(
        Way("enter", "mailboxes", "inboxes", _AGENT),
        Way("e", "its keys", "agent-keys", _AGENT),
    ),
    actions=(
        Action(
            key="s",
            label="disable",
            applies=lambda row: row["status"] == "active",
            title="Disable {handle}",
            warning="Every call of it is refused from the next one on, and its waits end. Its mailboxes stay.",
            confirm="{handle}",
            command="agent disable {id}",
            run=lambda desk, row, values: desk.client.agents.update(row["id"], disabled=True),
        ),
        Action(
            key="s",
            label="enable",
            applies=lambda row: row["status"] != "active",
            title="Enable {handle}",
            command="agent enable {id}",
            run=lambda desk, row, values: desk.client.agents.update(row["id"], disabled=False),
        ),
        Action(
            key="b",
            label="rebind",
            title="Bind {handle} to another enrollment key",
            fields=_rebind_fields,
            command="agent rebind {id}",
            run=lambda desk, row, values: desk.client.agents.update(row["id"], enrollment_key_id=values["key"]),
        ),
    ),
)

VIEWS = (AGENTS,)
