"""The waits in progress: who waits in which mailbox, for what, and until when."""

from __future__ import annotations

from postern_ctl.answers import Document
from postern_ctl.commands.wait import wanted
from postern_ctl.output import second
from postern_ctl.tui.desk import PAGE_ROWS
from postern_ctl.tui.views import QUIET, STRONG, Column, View, Way, of, pages, text


def clock(timestamp: str | None) -> str:
    """Return the time of day."""
    return (second(timestamp) or "")[-8:]


def wait_columns(title: str) -> tuple[Column, ...]:
    """Return the columns of a table of waits; the first is headed by what the table is."""
    return (
        Column(title, of("began_at", show=clock), True, lambda row: QUIET),
        Column("UNTIL", of("until", show=clock), True),
        text("MAILBOX", "address", kind=STRONG),
        Column("FOR", wanted),
        text("BY", "actor", kind=QUIET, spare=True),
    )


def into_mailbox(wait: Document) -> dict[str, str]:
    """Return the context of the mailbox that somebody waits in."""
    return {"inbox": wait["address"], "called": wait["address"]}


WAITS = View(
    name="waits",
    title="Waits in progress",
    columns=wait_columns("BEGAN"),
    load=lambda desk, context: pages(desk.client.waits.list(tenant=context.get("tenant"), limit=PAGE_ROWS)),
    topics=frozenset({"wait"}),
    command="wait list",
    narrowed_by=("tenant",),
    empty="Nobody waits\nAn agent that waits for a code, or a link, shows here until it has it.",
    essential="{address}",
    key="{request_id}",
    called="{address}",
    ways=(Way("enter", "its mailbox", "messages", {"inbox": "{address}", "called": "{address}"}),),
)

VIEWS = (WAITS,)
