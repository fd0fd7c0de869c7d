"""`posternctl audit`."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from postern_ctl import diagnostics, output
from postern_ctl.answers import Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import OfTenant, Output
from postern_ctl.diagnostics import Failed
from postern_ctl.files import new_file
from postern_ctl.invocation import WrongUsage
from postern_ctl.offline import asked
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import is_local, postern, secret_from_stdin, tenant_id

TAIL_DEFAULT_LINES = 20
PAGE_MAX_ROWS = 200
KEY_PREFIX = "pk_"
COLUMNS = (
    Column("SEQ", "seq", keep=True),
    Column("TIME", "time", keep=True, show=output.second),
    Column("ACTOR", "actor"),
    Column("ACTION", "action", keep=True),
    Column("TARGET", "target"),
    Column("OUTCOME", "outcome"),
)
_TOLD = ("action", "target", "outcome")
CHECKPOINT_COLUMNS = (
    Column("ID", "id", keep=True),
    Column("LINES", "size"),
    Column("TIME", "time", keep=True, show=output.minute),
    Column("HEAD", "head"),
)

app = noun("The audit trail, and the proof that it is whole.")


@command(app, "tail", "audit tail -n 50 --tenant acme")
def tail(
    lines: Annotated[int, typer.Option("-n", "--lines", metavar="N", help="How many.")] = TAIL_DEFAULT_LINES,
    tenant: OfTenant = None,
    action: Annotated[str | None, typer.Option(metavar="ACTION", help="Only this action.")] = None,
    value: Annotated[str | None, typer.Option(metavar="HASH", help="Only lines with what `audit hash` named.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with each new line, as it is made.")] = False,
) -> None:
    """Show the latest audit lines, the newest last."""
    if lines < 1:
        raise WrongUsage("-n takes a whole number from 1 on.")
    narrowed = tenant_id(tenant) if tenant else None
    if follow:
        _follow({"tenant": narrowed, "action": action, "value": value})
        return
    listing = postern().audit.list(tenant=narrowed, action=action, value=value, limit=min(lines, PAGE_MAX_ROWS))
    found = list(islice(listing, lines))[::-1]
    if output.only_json({"data": found}):
        return
    if not output.table(map(row, found), COLUMNS, essential="seq"):
        diagnostics.note("There is no such line.")


@command(app, "show", "audit show 17")
def show(seq: Annotated[int, typer.Argument(metavar="SEQ", help="The line's number.", show_default=False)]) -> None:
    """Show one audit line whole."""
    data = postern().audit.get(seq).data
    if not output.only_json({"data": data}):
        output.show({"seq": data["seq"], **data["entry"], "prev": data["prev"], "hash": data["hash"]}, essential="seq")


@command(app, "verify", "audit verify --checkpoint kept-elsewhere.json")
def verify(
    checkpoint: Annotated[
        str | None, typer.Option(metavar="FILE", help="A checkpoint that was kept elsewhere.")
    ] = None,
) -> None:
    """Prove that no line was altered, removed or reordered; works with the daemon stopped, too."""
    if is_local():
        result = _verify_offline(checkpoint)
    elif checkpoint is not None:
        raise WrongUsage("--checkpoint works where the data directory is. Leave out --url.")
    else:
        result = postern().audit.verify().data
    if not result["ok"]:
        seq = result["first_bad_seq"]
        where = "The audit chain is broken" if seq is None else f"The audit chain is broken at line {seq}"
        details = ({"field": "seq", "message": str(seq)},) if seq is not None else ()
        message = f"{where}: {result['reason']}. Compare with an export or a backup from before."
        raise Failed("audit_broken", message, details=details)
    output.show({name: result[name] for name in ("ok", "lines", "checkpoints", "head")}, essential="head")


@command(app, "export", "audit export --output audit.jsonl")
def export(output_file: Output = None) -> None:
    """Export every line, oldest first, as JSON lines: the exact bytes that were hashed, and the chain."""
    exported = (
        {name: line[name] for name in ("seq", "line", "prev", "hash")}
        for line in postern().audit.list(after_seq=0, limit=PAGE_MAX_ROWS)
    )
    if output_file is not None:
        with diagnostics.progress("Exporting"), new_file(output_file) as file:
            count = sum(file.write(json.dumps(line).encode() + b"\n") > 0 for line in exported)
        output.show({"file": output_file, "lines": count}, essential="file")
    elif output.is_json():
        output.document({"data": list(exported)})
    else:
        output.lines(map(json.dumps, exported))


@command(app, "hash", "audit hash someone@example.org")
def hash_(
    value: Annotated[str, typer.Argument(help="An address; a key only from stdin, which - stands for.")] = "-",
) -> None:
    """Return the keyed hash under which the log names an address or a key."""
    if value.startswith(KEY_PREFIX):
        raise WrongUsage("A key on the command line can be seen by others. Pipe it in: `posternctl audit hash -`.")
    output.show(postern().audit.hash(secret_from_stdin("value") if value == "-" else value).data, essential="hash")


@command(app, "checkpoint", "audit checkpoint --json > kept-elsewhere.json")
def checkpoint() -> None:
    """Sign a checkpoint now; keep a copy elsewhere, it proves that nothing was cut off since."""
    done(postern().audit.checkpoint())


@command(app, "checkpoints", "audit checkpoints")
def checkpoints() -> None:
    """List signed checkpoints."""
    if not output.table(postern().audit.checkpoints(limit=PAGE_MAX_ROWS), CHECKPOINT_COLUMNS):
        diagnostics.note("There is no checkpoint yet. `posternctl audit checkpoint` signs one.")


def row(line: Document) -> Document:
    """Return an audit line as it is listed for people."""
    entry = line["entry"]  # without its fields when somebody mangled the line
    actor = entry.get("actor") or {}
    who = ":".join(str(actor[name]) for name in ("type", "id") if actor.get(name))
    return {**entry, "seq": line["seq"], "actor": who, "hash": line["hash"]}


def _follow(wanted: dict[str, str | None]) -> None:
    """Print each new line that is as wanted; with --json each is one document."""
    for event in postern().activity.stream():
        line = event.data.get("audit")
        if line is None or any(text not in (None, line["entry"].get(name)) for name, text in wanted.items()):
            continue
        if output.is_json():
            output.json_line({"data": line})
        elif output.is_quiet():
            output.lines([line["seq"]])
        else:
            shown = row(line)
            words = (f"#{shown['seq']}", output.second(shown.get("time")), shown["actor"])
            output.lines(["  ".join(map(output.cell, (*words, *(shown.get(name) for name in _TOLD))))])
        output.flush()


def _kept(path: Path) -> Document:
    """Read a checkpoint, alone or in the document that `audit checkpoint --json` printed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise WrongUsage(f"{path} is no JSON. Give what `posternctl audit checkpoint --json` printed.") from None
    return found.get("data", found)  # type: ignore[no-any-return]  # the model AuditCheckpoint, which the daemon checks


def _verify_offline(checkpoint: str | None) -> Document:
    """Let the daemon's own code check the file: the command line has no database handle."""
    words = [] if checkpoint is None else ["--checkpoint", "/dev/stdin"]
    kept = None if checkpoint is None else json.dumps(_kept(Path(checkpoint)))
    return asked("audit-verify", *words, stdin=kept, told="Checking every line")
