"""`posternctl keyring`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import diagnostics, output, passphrases
from postern_ctl.app import command, noun
from postern_ctl.offline import asked
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern

COLUMNS = (
    Column("KEY", "key_id", keep=True),
    Column("CURRENT", "current"),
    Column("MADE", "created_at", show=output.minute),
    Column("SEALED VALUES", "sealed_values"),
)
FromStdin = Annotated[bool, typer.Option("--passphrase-stdin", help="Read the passphrase from stdin's first line.")]

app = noun("The master keys: what the database's secrets are sealed under. They are never in a backup.")


@command(app, "show", "keyring show")
def show() -> None:
    """Show which master keys there are, and how much each has sealed."""
    data = postern().keyring.get().data
    if not output.only_json({"data": data}):
        output.table(data["keys"], COLUMNS, essential="key_id")


@command(app, "rotate", "keyring rotate")
def rotate() -> None:
    """Make a new master key, and seal every secret anew under it; older keys stay, to verify what they signed."""
    with diagnostics.progress("Sealing anew"):
        made = postern().keyring.rotate()
    done(made)
    diagnostics.note("Your recovery file does not have the new key yet: `posternctl keyring recovery FILE`.")


@command(app, "recovery", "keyring recovery recovery.postern")
def recovery(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file.", show_default=False)],
    passphrase_stdin: FromStdin = False,
) -> None:
    """Write the master keys to a file under a passphrase, to be kept apart from the backups; needs no daemon."""
    passphrase = passphrases.chosen(from_stdin=passphrase_stdin)
    output.show(asked("keyring-recovery", file, "--passphrase-stdin", stdin=passphrase), essential="file")


@command(app, "recover", "keyring recover recovery.postern")
def recover(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `keyring recovery` wrote.", show_default=False)],
    passphrase_stdin: FromStdin = False,
) -> None:
    """Put the master keys of a recovery file into a data directory that has none; needs no daemon."""
    passphrase = passphrases.known(from_stdin=passphrase_stdin)
    output.show(asked("keyring-recover", file, "--passphrase-stdin", stdin=passphrase), essential="file")
