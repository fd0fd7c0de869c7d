"""`posternctl console`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from postern_ctl import invocation, output
from postern_ctl.app import command, single
from postern_ctl.diagnostics import Exit, Failed
from postern_ctl.invocation import WrongUsage
from postern_ctl.session import postern

app = single()


@command(app, "console", "console --readonly")
def console(
    readonly: Annotated[bool, typer.Option("--readonly", help="Change nothing, whatever is pressed.")] = False,
    theme: Annotated[
        str, typer.Option(metavar="NAME", help="postern, postern-light, or another of :theme.")
    ] = "postern",
) -> None:
    """Watch and run it all on the whole screen, from the keyboard; for operators."""
    if invocation.current().json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUsage("The console needs a terminal. For programs there is --json on every other command.")
    client = postern()
    if client.access.whoami().data["type"] != "operator":
        message = "The console is for operators. Leave out the agent's key, or use an operator's."
        raise Failed("scope_denied", message, Exit.NOT_ALLOWED)
    from postern_ctl.tui.app import Console

    colour = output.colourful(sys.stdout)
    if not colour:
        os.environ["NO_COLOR"] = "1"  # which is what textual goes by
    Console(client, readonly=readonly, theme=theme, colour=colour).run()
