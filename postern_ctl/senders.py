"""Allow and block lists, of a mailbox and of a tenant: both nouns have the same two verbs."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from postern_ctl import diagnostics, output
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern

COLUMNS = (
    Column("SENDER", "entry", keep=True),
    Column("FOR", "inbox_id", show=lambda inbox: inbox or "all mailboxes"),
    Column("SINCE", "created_at", show=output.minute),
)

Entry = Annotated[
    str | None, typer.Argument(metavar="[SENDER]", help="An address, or @example.com: a domain and all below it.")
]
Remove = Annotated[bool, typer.Option("--remove", help="Take the sender off the list.")]


def listed(
    name: Literal["allow", "block"],
    entry: str | None,
    *,
    remove: bool,
    inbox: str | None = None,
    tenant: str | None = None,
) -> None:
    """Add an entry, remove it, or list what is there."""
    lists = postern().lists
    if entry is not None:
        change = lists.delete if remove else lists.put
        done(change(name, entry=entry, tenant=tenant, inbox=inbox), essential="entry")
        return
    if remove:
        raise WrongUsage("Name the sender to remove.")
    if not output.table(lists.list(name, tenant=tenant, inbox=inbox, limit=200), COLUMNS, essential="entry"):
        diagnostics.note("Nobody is on this list." + (" Mail comes from everybody." if name == "allow" else ""))
