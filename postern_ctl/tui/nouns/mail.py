"""Mailboxes, the messages in them, what a search finds, and whom a tenant does not write to."""

from __future__ import annotations

from postern_ctl.answers import Answer, Document
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.views import (
    QUIET,
    STRONG,
    WARN,
    Action,
    Column,
    Field,
    Values,
    View,
    Way,
    kind_of,
    of,
    pages,
    state,
    text,
    when,
    with_names,
)

UNREAD, READ, SENT = "●", " ", "→"


def _new_fields(row: Document) -> list[Field]:
    return [
        Field("agent", "Agent", "--agent", row.get("agent", ""), "the id of the agent whose it is", needed=True),
        Field("username", "Left of the @", "--username", hint="random when left out"),
        Field("domain", "Domain", "--domain", hint="the tenant's shared subdomain when left out"),
        Field("display_name", "Name", "--display-name", hint="what recipients see"),
    ]


def _new(desk: Desk, row: Document, values: Values) -> Answer:
    return desk.client.inboxes.create(
        username=values["username"] or None,
        domain=values["domain"] or None,
        display_name=values["display_name"] or None,
        agent_id=values["agent"],
    )


INBOXES = View(
    name="inboxes",
    title="Mailboxes",
    columns=(
        text("ADDRESS", "address", keep=True, kind=STRONG),
        text("NAME", "display_name"),
        state("STATE", lambda row: str(row["status"])),
        when("CREATED", "created_at"),
        text("ID", "id", kind=QUIET, spare=True),
    ),
    load=lambda desk, context: pages(
        desk.client.inboxes.list(tenant=context.get("tenant"), agent=context.get("agent"), limit=PAGE_ROWS)
    ),
    topics=frozenset({"inbox", "tenant"}),
    command="inbox list",
    narrowed_by=("tenant", "agent"),
    empty="There is no mailbox\nAgents make their own; n makes one for an agent.",
    essential="{address}",
    called="{address}",
    ways=(Way("enter", "messages", "messages", {"inbox": "{address}", "called": "{address}"}),),
    actions=(
        Action(
            key="n",
            label="new",
            makes=True,
            title="New mailbox",
            fields=_new_fields,
            command="inbox create",
            run=_new,
        ),
        Action(
            key="d",
            label="delete",
            title="Delete a mailbox",
            warning="All mail in it goes with it, and nobody else can ever have its address.",
            confirm="{address}",
            command="inbox delete {address} --confirm {address}",
            run=lambda desk, row, values: desk.client.inboxes.delete(row["address"]),
        ),
    ),
)


def _mark(row: Document) -> str:
    return SENT if row["direction"] == "outbound" else UNREAD if row["unread"] else READ


def _people(row: Document) -> str:
    return ", ".join(row["to"]) if row["direction"] == "outbound" else str(row["from"])


def _verdict(row: Document) -> str:
    """Return what the sender's domain says of it: a mail that was sent says how far it got."""
    return str(row["status"]) if row["direction"] == "outbound" else str(row["authentication"]["dmarc"])


_MESSAGE_COLUMNS = (
    Column("", _mark, keep=True, kind=lambda row: STRONG if row["unread"] else QUIET),
    Column("FROM", _people),
    Column("SUBJECT", of("subject"), kind=lambda row: STRONG if row["unread"] else ""),
    Column("DMARC", _verdict, keep=True, kind=lambda row: kind_of(_verdict(row))),
    when("RECEIVED", "received_at"),
)
_INTO = Way("enter", "read", "message", {"message": "{id}", "called": "{subject}"})
MESSAGE_ACTIONS = (
    Action(
        key="u",
        label="unread",
        applies=lambda row: not row["unread"],
        title="Mark unread",
        command="message unread {id}",
        run=lambda desk, row, values: desk.client.messages.update(row["id"], unread=True),
    ),
    Action(
        key="u",
        label="mark read",
        applies=lambda row: bool(row["unread"]),
        title="Mark read",
        command="message read {id}",
        run=lambda desk, row, values: desk.client.messages.update(row["id"], unread=False),
    ),
    Action(
        key="d",
        label="delete",
        title="Delete a message for good",
        warning="Its raw bytes go, too. Nothing of it can be had back.",
        confirm="delete",
        command="message delete {id}",
        run=lambda desk, row, values: desk.client.messages.delete(row["id"]),
    ),
)

MESSAGES = View(
    name="messages",
    title="Messages",
    top=False,
    columns=_MESSAGE_COLUMNS,
    load=lambda desk, context: pages(desk.client.messages.list(context["inbox"], limit=PAGE_ROWS)),
    topics=frozenset({"message", "inbox"}),
    command="message list {inbox}",
    empty="No mail yet\nIt shows here the moment it is on disk.",
    called="{subject}",
    ways=(_INTO,),
    actions=MESSAGE_ACTIONS,
)
SEARCH = View(
    name="search",
    title="Search",
    top=False,
    columns=_MESSAGE_COLUMNS,
    load=lambda desk, context: pages(desk.client.search.find(q=context["q"], limit=PAGE_ROWS)),
    topics=frozenset({"message"}),
    command="message search {q}",
    empty='Nothing was found\nWords, "phrases", prefix*, from:, subject:, has:attachment, before:, after:.',
    called="{subject}",
    ways=(_INTO,),
    actions=MESSAGE_ACTIONS,
)


SUPPRESSIONS = View(
    name="suppressions",
    title="Suppressed addresses",
    columns=(
        text("ADDRESS", "address", kind=STRONG),
        text("TENANT", "tenant"),
        Column("REASON", of("reason"), keep=True, kind=lambda row: WARN),
        text("BLOCKS", "blocks", keep=True),
        when("SINCE", "created_at"),
    ),
    load=lambda desk, context: with_names(
        desk, desk.client.suppressions.list(tenant=context.get("tenant"), limit=PAGE_ROWS)
    ),
    topics=frozenset({"suppression", "message", "tenant"}),
    command="suppression list",
    narrowed_by=("tenant",),
    empty="Nobody is suppressed\nWho bounces, complains or unsubscribes is not written to again, and is listed here.",
    key="{tenant_id} {address}",
    essential="{address}",
    called="{address}",
    actions=(
        Action(
            key="x",
            label="lift",
            title="Write to an address again",
            warning="Its tenant may write to it again. If it bounced or complained before, it may again.",
            confirm="{address}",
            command="suppression remove {address} --tenant {tenant}",
            run=lambda desk, row, values: desk.client.suppressions.remove(row["address"], tenant=row["tenant_id"]),
        ),
    ),
)

VIEWS = (INBOXES, MESSAGES, SEARCH, SUPPRESSIONS)
