"""`posternctl wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import diagnostics, waited
from postern_ctl.app import command, noun
from postern_ctl.arguments import WAIT_DEFAULT_SECONDS, Once, Timeout
from postern_ctl.receipts import done
from postern_ctl.session import postern

WaitId = Annotated[str, typer.Argument(metavar="ID", help="The --wait-id that it was begun with.", show_default=False)]

app = noun("Durable waits: begun with `inbox wait --wait-id`, resumed after a lost connection or a restart.")


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
