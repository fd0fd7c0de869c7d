"""`posternctl`: assembles the nouns and turns every end of a run into an exit code. Imports nothing heavy."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as built

from postern_ctl import invocation
from postern_ctl.app import CONTEXT, Light

PROGRAM = "posternctl"
COMPLETION_VARIABLE = "_POSTERNCTL_COMPLETE"
NOUNS = {
    "demo": "See it work: from nothing to an extracted code, in a throw-away daemon.",
    "init": "Set up: asks little, writes postern.toml, prints the DNS records.",
    "daemon": "Run, inspect and stop the daemon.",
    "tenant": "Customers: everything belongs to exactly one.",
    "key": "Enrollment keys: what an agent redeems, and what bounds it.",
    "agent": "Agents, and the keys they hold.",
    "operator": "Remote operators.",
    "enroll": "Redeem an enrollment key for an agent key.",
    "inbox": "Mailboxes, and waiting for mail.",
    "wait": "Durable waits: resumed after a lost connection or a restart.",
    "message": "The mail in a mailbox.",
    "thread": "Conversations: what answers what in a mailbox.",
    "webhook": "Have events posted to a URL, and see what was delivered.",
    "events": "Follow what happens, as it happens.",
    "domain": "Domains: mail at names of your own.",
    "zone": "Zones: what the name server answers, and what you add to it.",
    "suppression": "Whom a tenant does not write to, and why.",
    "link": "One-time links.",
    "audit": "The audit trail, and the proof that it is whole.",
    "backup": "Backups: made while the daemon runs, verified and restored without it.",
    "keyring": "The master keys, under which secrets are sealed.",
    "console": "Watch and run it all on the whole screen, from the keyboard.",
    "whoami": "Show who you are and what you may do.",
    "mcp": "Serve an AI host over stdio, or write its configuration.",
    "doctor": "Look at everything that could be wrong, and say what to do about it.",
    "config": "The settings in force.",
}


class Root(Light, TyperGroup):
    """All nouns: named here, loaded when one is used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: TyperCommand(name, help=text) for name, text in NOUNS.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load the module of one noun."""
        if cmd_name not in NOUNS:
            return None
        return built(import_module(f"postern_ctl.commands.{cmd_name}").app)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete a noun by its name: loading each would take longer than the rest."""
        from typer._click.shell_completion import CompletionItem

        known = [CompletionItem(name, help=text) for name, text in NOUNS.items() if name.startswith(incomplete)]
        return known or super().shell_complete(ctx, incomplete)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the nouns first, then the flags that are taken anywhere."""
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))
        flags = [(f"{flag} {value}".rstrip(), text) for flag, value, text in invocation.GLOBAL_FLAGS]
        own = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        with formatter.section("Flags, before or after the command"):
            formatter.write_dl(flags + own)


root = typer.Typer(
    cls=Root,
    help="E-mail for AI agents, on your own machine.",
    epilog=f"Start here: {PROGRAM} demo",
    rich_markup_mode=None,
    context_settings=CONTEXT,
    subcommand_metavar="COMMAND ...",
    options_metavar="[FLAGS]",
)


@root.callback()
def _root() -> None:
    """Take nothing: the global flags are gone before typer looks."""


def run(argv: Sequence[str]) -> int:
    """Run one command line and return the exit code; nothing but `SystemExit` of shell completion is raised."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text stream of this process
    try:
        _dispatch(argv)
        sys.stdout.flush()
    except typer.Exit as leaving:
        return leaving.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the exit's flush has somewhere to go
        return 141
    except Exception as error:  # noqa: BLE001  # the edge: whatever went wrong, people get one line
        return _failure(error)
    return 0


def _dispatch(argv: Sequence[str]) -> None:
    program = built(root)
    if COMPLETION_VARIABLE in os.environ:
        program.main(prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE)
    flags, words = invocation.hoist(argv)
    if flags.version:
        from postern_ctl import output

        output.version()
        return
    with program.make_context(PROGRAM, words or ([] if flags.json else ["--help"])) as context:
        program.invoke(context)


def _failure(error: Exception) -> int:
    from postern_ctl import diagnostics, output

    shown = diagnostics.explain(error)
    try:
        if invocation.current().json:
            output.document(shown.document())
            output.flush()
        else:
            diagnostics.problem(shown)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if os.environ.get(diagnostics.DEBUG_VARIABLE):
        diagnostics.trace(error)
    return shown.exit_code
