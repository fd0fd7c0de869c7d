"""`posternctl backup`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import completion, diagnostics, output, passphrases
from postern_ctl.answers import Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import Output
from postern_ctl.diagnostics import Failed
from postern_ctl.files import new_file
from postern_ctl.offline import asked
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern
from postern_ctl.trials import DryRun, would_go

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("MADE", "created_at", show=output.minute),
    Column("BYTES", "size_bytes"),
    Column("ENCRYPTED", "encrypted"),
    Column("MESSAGES", "messages"),
)
LOCKED = "It is encrypted: the passphrase is needed."
BackupId = Annotated[
    str,
    typer.Argument(
        metavar="BACKUP",
        help="Its id.",
        show_default=False,
        autocompletion=completion.of("backups", "id", "created_at"),
    ),
]
File = Annotated[str, typer.Argument(metavar="FILE", help="The backup.", show_default=False)]
FromStdin = Annotated[bool, typer.Option("--passphrase-stdin", help="Read the passphrase from stdin's first line.")]

app = noun("Backups: the whole database in one checked file. The master key is never in it.")


@command(app, "create", "backup create --encrypt --output postern.backup")
def create(
    output_file: Output = None,
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Ask for a passphrase, and encrypt under it.")] = False,
    passphrase_stdin: FromStdin = False,
) -> None:
    """Back everything up, while the daemon goes on; with --output, to a file of yours, too."""
    passphrase = passphrases.chosen(from_stdin=passphrase_stdin) if encrypt or passphrase_stdin else None
    with diagnostics.progress("Backing up"):
        made = postern().backups.create(passphrase=passphrase)
        if output_file is not None:
            _save(made.data["id"], output_file)
            made.data["file"] = output_file
    done(made)
    diagnostics.note("The master key is not in it. Keep that apart: `posternctl keyring recovery`.")


@command(app, "list", "backup list")
def list_() -> None:
    """List backups in the data directory, newest first."""
    if not output.table(postern().backups.list(limit=200), COLUMNS):
        diagnostics.note("There is no backup yet. `posternctl backup create` makes one.")


@command(app, "show", "backup show BACKUP")
def show(backup: BackupId) -> None:
    """Show one backup."""
    output.show(postern().backups.get(backup).data)


@command(app, "save", "backup save BACKUP --output postern.backup")
def save(
    backup: BackupId,
    output_file: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="A new file.")],
) -> None:
    """Copy a backup to a file of yours."""
    with diagnostics.progress("Copying"):
        size = _save(backup, output_file)
    output.show({"id": backup, "file": output_file, "size_bytes": size}, essential="file")


@command(app, "link", "backup link BACKUP")
def link(backup: BackupId) -> None:
    """Make a one-time link to a backup."""
    done(postern().backups.content(backup, link=True))


@command(app, "verify", "backup verify postern.backup")
def verify(file: File, passphrase_stdin: FromStdin = False) -> None:
    """Restore a backup into a temporary place, and check file, database and audit chain; needs no daemon."""
    _checked(_with_passphrase("backup-verify", file, passphrase_stdin, "Checking"))


@command(app, "restore", "backup restore postern.backup --data-dir ./restored")
def restore(file: File, passphrase_stdin: FromStdin = False) -> None:
    """Put a backup's database into a data directory that has none, after checking it; needs no daemon."""
    found = _with_passphrase("backup-restore", file, passphrase_stdin, "Restoring")
    _checked(found)
    if not found["signatures_checked"]:
        diagnostics.note(
            "The master key is not there: copy master.key into the data directory, or run "
            "`posternctl keyring recover FILE`, before the daemon starts."
        )


@command(app, "delete", "backup delete BACKUP")
def delete(backup: BackupId, dry_run: DryRun = False) -> None:
    """Remove a backup from the data directory."""
    if dry_run:
        found = postern().backups.get(backup).data
        would_go("backup", found["id"], file=found["file"], created_at=found["created_at"])
        return
    done(postern().backups.delete(backup))


def _save(backup: str, path: str) -> int:
    with postern().backups.content(backup) as pieces, new_file(path) as file:
        return sum(map(file.write, pieces))


def _with_passphrase(verb: str, file: str, from_stdin: bool, told: str) -> Document:
    if from_stdin:
        return asked(verb, file, "--passphrase-stdin", stdin=passphrases.known(from_stdin=True), told=told)
    try:
        return asked(verb, file, told=told)
    except Failed as problem:
        if problem.message != LOCKED:
            raise
        return asked(verb, file, "--passphrase-stdin", stdin=passphrases.known(from_stdin=False), told=told)


def _checked(found: Document) -> None:
    if not found["ok"]:
        raise Failed("backup_broken", f"The backup does not hold: {found['problem']}. Use another one.")
    output.show({name: value for name, value in found.items() if name != "problem"}, essential="id")
