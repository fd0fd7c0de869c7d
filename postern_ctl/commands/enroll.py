"""`posternctl enroll`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import diagnostics
from postern_ctl.app import command, single
from postern_ctl.arguments import Reveal
from postern_ctl.invocation import WrongUsage
from postern_ctl.receipts import done
from postern_ctl.session import ENROLLMENT_KEY_PREFIX, loaded, postern, secret_from_stdin

app = single()


@command(app, "enroll", "enroll --token-stdin --handle researcher --reveal < enrollment.key")
def enroll(
    handle: Annotated[str | None, typer.Option(metavar="NAME", help="The agent's name; else 'default'.")] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the key from stdin; else POSTERN_API_KEY, else you are asked.")
    ] = False,
    reveal: Reveal = False,
) -> None:
    """Redeem an enrollment key for an agent key; the same handle is the same agent."""
    answer = postern(with_key=False).enrollment.redeem(_enrollment_key(token_stdin), handle)
    done(answer, essential="agent_id", reveal=reveal)


def _enrollment_key(token_stdin: bool) -> str:
    if token_stdin:
        return secret_from_stdin("enrollment key")
    configured = loaded().settings.api_key or ""
    if configured.startswith(ENROLLMENT_KEY_PREFIX):
        return configured
    if diagnostics.can_ask():
        typed = diagnostics.ask_hidden("Enrollment key:").strip()
        if typed:
            return typed
    raise WrongUsage("No enrollment key. Pipe it in with --token-stdin, or set POSTERN_API_KEY to it.")
