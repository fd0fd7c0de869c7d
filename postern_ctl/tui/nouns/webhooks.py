"""Webhooks, and what was delivered to them."""

from __future__ import annotations

from postern_ctl.answers import Answer, Document
from postern_ctl.output import minute
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.views import (
    BAD,
    GOOD,
    QUIET,
    STRONG,
    WARN,
    Action,
    Column,
    Field,
    Values,
    View,
    Way,
    number,
    of,
    pages,
    several,
    state,
    text,
    when,
)


def _add_fields(row: Document) -> list[Field]:
    return [
        Field("url", "URL", hint="where to post to", needed=True),
        Field("agent", "Agent", "--agent", hint="whose it is; can be left out with a mailbox"),
        Field(
            "address", "Mailbox", "--address", hint="only what happens in this one; all of the agent's when left out"
        ),
        Field("event", "Events", "--event", "message.received", "some of message.received,sent,…", True, many=True),
    ]


def _add(desk: Desk, row: Document, values: Values) -> Answer:
    return desk.client.webhooks.create(
        values["url"],
        events=several(values["event"]),
        address=values["address"] or None,
        agent_id=values["agent"] or None,
    )


def _health(row: Document) -> str:
    return "disabled" if row["status"] == "disabled" else "failing" if row["failing_since"] else "active"


WEBHOOKS = View(
    name="webhooks",
    title="Webhooks",
    columns=(
        text("URL", "url", kind=STRONG),
        Column("MAILBOX", of("address", show=lambda address: address or "all")),
        Column("EVENTS", of("events", show=lambda kinds: [kind.removeprefix("message.") for kind in kinds])),
        Column(
            "STATE",
            _health,
            keep=True,
            kind=lambda row: {"active": GOOD, "failing": WARN, "disabled": BAD}[_health(row)],
        ),
        when("CREATED", "created_at"),
    ),
    load=lambda desk, context: pages(desk.client.webhooks.list(tenant=context.get("tenant"), limit=PAGE_ROWS)),
    topics=frozenset({"webhook", "inbox", "agent"}),
    command="webhook list",
    narrowed_by=("tenant",),
    empty="There is no webhook\nWhat happens can be posted to a URL, signed. Press n to add one.",
    called="{url}",
    ways=(Way("enter", "deliveries", "deliveries", {"webhook": "{id}", "called": "{url}"}),),
    actions=(
        Action(
            key="n",
            label="add",
            makes=True,
            title="Add a webhook",
            fields=_add_fields,
            command="webhook add",
            run=_add,
        ),
        Action(
            key="t",
            label="test",
            title="Post a made-up event",
            command="webhook test {id}",
            run=lambda desk, row, values: desk.client.webhooks.test(row["id"]),
        ),
        Action(
            key="x",
            label="new secret",
            title="Give a webhook a new secret",
            warning="For a day deliveries are signed with the old one, too.",
            confirm="rotate",
            command="webhook rotate {id}",
            run=lambda desk, row, values: desk.client.webhooks.rotate(row["id"]),
        ),
        Action(
            key="d",
            label="remove",
            title="Remove a webhook",
            warning="What was still to be delivered is not.",
            confirm="remove",
            command="webhook remove {id}",
            run=lambda desk, row, values: desk.client.webhooks.delete(row["id"]),
        ),
    ),
)
DELIVERIES = View(
    name="deliveries",
    title="Deliveries",
    top=False,
    columns=(
        Column("EVENT", of("event", show=lambda kind: kind.removeprefix("message.")), keep=True),
        state("STATUS", lambda row: str(row["status"])),
        number("TRIES", of("attempts")),
        number("HTTP", of("response_status")),
        Column("NEXT", of("next_attempt_at", show=minute), keep=True, kind=lambda row: QUIET),
        Column("ERROR", of("error"), kind=lambda row: BAD),
        Column("LAST TRY", of("last_attempt_at", show=minute), kind=lambda row: QUIET, spare=True),
        text("ID", "id", kind=QUIET, spare=True),
    ),
    load=lambda desk, context: pages(desk.client.webhooks.deliveries(context["webhook"], limit=PAGE_ROWS)),
    topics=frozenset({"webhook"}),
    follow=lambda desk, context, last: desk.client.webhooks.follow(context["webhook"], limit=1, last_event_id=last),
    command="webhook deliveries {webhook} --follow",
    ways=(
        Way(
            "enter",
            "message",
            "message",
            {"message": "{message_id}", "called": "{event}"},
            lambda row: bool(row["message_id"]),
        ),
    ),
    empty="Nothing was delivered yet\nt on the webhook posts a made-up event.",
    actions=(
        Action(
            key="p",
            label="replay",
            applies=lambda row: row["status"] != "dropped",
            title="Deliver once more",
            command="webhook replay {id}",
            run=lambda desk, row, values: desk.client.webhooks.replay(row["id"]),
        ),
    ),
)

VIEWS = (WEBHOOKS, DELIVERIES)
