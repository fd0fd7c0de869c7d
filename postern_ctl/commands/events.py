"""`posternctl events`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from postern_ctl import output
from postern_ctl.app import command, single
from postern_ctl.arguments import OfTenant
from postern_ctl.invocation import WrongUsage
from postern_ctl.session import postern, tenant_id
from postern_ctl.streams import StreamEvent

app = single()


@command(app, "events", "events --limit 1 --json")
def events(
    tenant: OfTenant = None,
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="Go on after the event with this id; else from now.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Stop after so many.")] = None,
) -> None:
    """Follow what happens; with --json each event is one document on a line."""
    if limit is not None and limit < 1:
        raise WrongUsage("--limit takes a whole number from 1 on.")
    narrowed = tenant_id(tenant) if tenant else None
    for event in islice(postern().events.stream(tenant=narrowed, last_event_id=after), limit):
        _tell(event)
        output.flush()


def _tell(event: StreamEvent) -> None:
    message = event.data["message"]
    if output.is_json():
        output.json_line({"data": {"id": event.id, **event.data}})
    elif output.is_quiet():
        output.lines([message["id"]])
    else:
        words = (output.second(message["received_at"]), event.event, event.data["inbox"], message["from"])
        output.lines(["  ".join(map(output.cell, (*words, message["subject"])))])
