"""`posternctl thread`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output
from postern_ctl.app import command, noun
from postern_ctl.arguments import Address, Limit
from postern_ctl.output import Column
from postern_ctl.session import postern

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("LAST", "last_message_at", show=output.minute),
    Column("MAILS", "message_count"),
    Column("UNREAD", "unread"),
    Column("SUBJECT", "subject"),
)
MESSAGE_COLUMNS = (
    Column("ID", "id", keep=True),
    Column("RECEIVED", "received_at", show=output.minute),
    Column("FROM", "from"),
    Column("TEXT", "snippet"),
)
ThreadId = Annotated[str, typer.Argument(metavar="THREAD", help="The thread's id.", show_default=False)]

app = noun("Conversations: what answers what in a mailbox.")


@command(app, "list", "thread list ADDRESS")
def list_(address: Address, limit: Limit = arguments.LIMIT_DEFAULT_ROWS) -> None:
    """List a mailbox's threads, newest activity first."""
    page = arguments.page_limit(limit)
    if not output.table(islice(postern().threads.list(address, limit=page), limit), COLUMNS):
        diagnostics.note("There is no mail here. `posternctl inbox wait ADDRESS` waits for some.")


@command(app, "show", "thread show THREAD")
def show(thread: ThreadId, limit: Limit = arguments.LIMIT_DEFAULT_ROWS) -> None:
    """Show a thread and its messages, oldest first."""
    page = arguments.page_limit(limit)
    data = postern().threads.get(thread, limit=page).data
    while data["next_cursor"] and len(data["messages"]) < limit:
        left = min(page, limit - len(data["messages"]))
        more = postern().threads.get(thread, limit=left, cursor=data["next_cursor"]).data
        data = {**more, "messages": data["messages"] + more["messages"]}
    if output.only_json({"data": data}):
        return
    if output.is_quiet():
        output.lines(message["id"] for message in data["messages"])
        return
    output.show({name: value for name, value in data.items() if name not in ("messages", "next_cursor")})
    output.emit()
    output.lines(output.layout(data["messages"], MESSAGE_COLUMNS))
    if data["next_cursor"]:
        diagnostics.note(f"There are {data['message_count']} messages; --limit shows more.")
