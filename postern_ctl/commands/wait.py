"""`posternctl wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import diagnostics, output, waited
from postern_ctl.answers import Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import WAIT_DEFAULT_SECONDS, OfTenant, Once, Timeout
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id

WaitId = Annotated[str, typer.Argument(metavar="ID", help="The --wait-id that it was begun with.", show_default=False)]

PAGE_MAX_ROWS = 200
COLUMNS = (
    Column("BEGAN", "began_at", show=output.second),
    Column("MAILBOX", "address", keep=True),
    Column("FOR", "wanted"),
    Column("BY", "actor"),
    Column("UNTIL", "until", show=output.second),
)

app = noun("Waits: those in progress, and durable ones, which are resumed after a lost connection or a restart.")


@command(app, "list", "wait list")
def list_(tenant: OfTenant = None) -> None:
    """List the waits in progress: who waits in which mailbox, for what, and until when; for operators."""
    narrowed = tenant_id(tenant) if tenant else None
    found = list(postern().waits.list(tenant=narrowed, limit=PAGE_MAX_ROWS))
    if output.only_json({"data": found}):
        return
    if not output.table(({**one, "wanted": wanted(one)} for one in found), COLUMNS, essential="request_id"):
        diagnostics.note("Nobody waits. `posternctl inbox wait ADDRESS` would.")


def wanted(wait: Document) -> str:
    """Return what a wait is for, in words."""
    asked = [f"{name} {wait[name]}" for name in ("from", "subject", "regex") if wait[name]]
    return ", ".join(asked + (["to claim"] if wait["claim"] else [])) or "any mail"


@command(app, "resume", "wait resume signup-17 --once")
def resume(wait_id: WaitId, timeout: Timeout = WAIT_DEFAULT_SECONDS, once: Once = False) -> None:
    """Go on with a wait: what came since it was begun counts, and what it was answered stays."""
    waited.check(timeout)
    with diagnostics.progress(f"Waiting on with {wait_id}"):
        answer = postern().waits.resume(wait_id, timeout_seconds=timeout)
    waited.told(answer, timeout, once=once)


@command(app, "drop", "wait drop signup-17")
def drop(wait_id: WaitId) -> None:
    """Forget a wait; a mail that it claimed stays claimed."""
    done(postern().waits.drop(wait_id))
