"""`posternctl zone`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from postern_ctl import completion, diagnostics, output, secondary_config
from postern_ctl.answers import Answer, Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import Output
from postern_ctl.files import write_new
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern

COLUMNS = (
    Column("NAME", "name", keep=True),
    Column("SERIAL", "serial"),
    Column("DOMAIN", "domain", show=lambda domain: domain or "(this server's own)"),
    Column("CHANGED", "updated_at", show=output.minute),
)
RECORD_COLUMNS = (
    Column("NAME", "name", keep=True),
    Column("TYPE", "type", keep=True),
    Column("TTL", "ttl"),
    Column("DATA", "data"),
    Column("PROBLEM", "problem"),
)
SECONDARY_COLUMNS = (
    Column("NAME", "name", keep=True),
    Column("HOST", "host", keep=True),
    Column("PORT", "port"),
    Column("KEY", "key_name"),
    Column("SINCE", "created_at", show=output.minute),
)
STDIN = "-"

Name = Annotated[
    str,
    typer.Argument(
        metavar="ZONE", help="The zone's name.", show_default=False, autocompletion=completion.of("zones", "name")
    ),
]
Owner = Annotated[
    str, typer.Argument(metavar="NAME", help="Whose record: under the zone, or whole; @ for the zone's own.")
]
Type = Annotated[str, typer.Argument(metavar="TYPE", help="A, AAAA, TXT, CNAME, …")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; print what would change.")]
Who = Annotated[str, typer.Argument(metavar="NAME", help="Your name for it, for instance ns2.", show_default=False)]

app = noun("Zones: what the name server answers, and what you add to it.")
record = noun("Records of your own beside the managed ones.")
secondary = noun("Name servers that serve a zone, too: by transfer, signed, told of each change.")
app.add_typer(record, name="record")
app.add_typer(secondary, name="secondary")


@command(app, "list", "zone list")
def list_() -> None:
    """List the zones that are served."""
    output.table(postern().zones.list(limit=200), COLUMNS, essential="name")


@command(app, "show", "zone show agents.example.com")
def show(zone: Name) -> None:
    """Show a zone: its serial, the records that you added, its secondaries."""
    found = {name: value for name, value in postern().zones.get(zone).data.items() if name != "text"}
    if output.is_json() or output.is_quiet():
        output.show(found, essential="name")
        return
    output.block(found)
    for title, rows, columns in (
        ("Added by you", list(postern().zones.records(zone, limit=200)), RECORD_COLUMNS),
        ("Secondaries", list(postern().secondaries.list(zone, limit=200)), SECONDARY_COLUMNS),
    ):
        if rows:
            output.emit()
            output.emit(output.style(title, "bold"))
            output.lines(output.layout(rows, columns))
    diagnostics.note(f"\nEvery record: posternctl zone export {found['name']}")


@command(app, "export", "zone export agents.example.com --output zone.txt")
def export(zone: Name, output_file: Output = None) -> None:
    """Print a zone as a zone file, every record of it."""
    found = postern().zones.get(zone).data
    if output_file is not None:
        write_new(output_file, str(found["text"]).encode())
        output.show({"name": found["name"], "file": output_file, "serial": found["serial"]}, essential="file")
    elif not output.only_json({"data": found}):
        output.text(found["text"])


@command(app, "import", "zone import agents.example.com zone.txt --dry-run")
def import_(
    zone: Name,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A zone file, or a part of one; - reads stdin.")],
    add: Annotated[bool, typer.Option("--add", help="Keep what you added before; else it goes.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Add the records of a zone file; what is managed stays, and may be in it as it is."""
    try:
        text = sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
    except OSError as problem:
        raise WrongUsage(f"{file} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise WrongUsage(f"{file} is no text, so it is no zone file.") from None
    _changed(postern().zones.load(zone, text=text, add=add, dry_run=dry_run))


@command(record, "set", "zone record set agents.example.com www A 192.0.2.80")
def set_(
    zone: Name,
    name: Owner,
    type: Type,
    data: Annotated[list[str], typer.Argument(metavar="DATA...", help="The data of each record, as in a zone file.")],
    ttl: Annotated[int, typer.Option(metavar="SECONDS", help="How long answers may be remembered.")] = 300,
    dry_run: DryRun = False,
) -> None:
    """Have these be your records of a name and type; for a TXT give each text as one word."""
    given = [quoted(one) for one in data] if type.upper() == "TXT" else data
    _changed(postern().zones.set_records(zone, name=name, type=type, data=given, ttl=ttl, dry_run=dry_run))


@command(record, "delete", "zone record delete agents.example.com www A")
def delete(zone: Name, name: Owner, type: Type, dry_run: DryRun = False) -> None:
    """Remove your records of a name and type."""
    _changed(postern().zones.delete_records(zone, name=name, type=type, dry_run=dry_run))


@command(record, "list", "zone record list agents.example.com")
def list_records(zone: Name) -> None:
    """List the records that you added."""
    if not output.table(postern().zones.records(zone, limit=200), RECORD_COLUMNS, essential="name"):
        diagnostics.note("You added none. `posternctl zone record set --help` shows how.")


@command(secondary, "add", "zone secondary add agents.example.com ns2 192.0.2.53 --format knot")
def add_secondary(
    zone: Name,
    name: Who,
    host: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where it asks from, and is told of changes.")],
    port: Annotated[int, typer.Option(metavar="PORT", help="Where it listens.")] = 53,
    format: Annotated[
        Literal["knot", "nsd", "bind", "powerdns", "all"],
        typer.Option(metavar="SERVER", help="Whose configuration to print: knot, nsd, bind, powerdns or all."),
    ] = "all",
    primary: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where this server is reached from there, with its port.")
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Print the key itself; else a one-time link shows it.")
    ] = False,
) -> None:
    """Have another name server serve a zone; prints its configuration."""
    answer = postern().secondaries.put(zone, name=name, host=host, port=port)
    done(answer, reveal=reveal, essential="name")
    if output.is_json() or output.is_quiet():
        return
    at = primary or answer.data["primary"] or "192.0.2.1:53"
    key = answer.data["secret"] if reveal else "THE-KEY-BEHIND-THE-LINK"
    for text in secondary_config.of(format, answer.data, at, key):
        output.emit()
        output.text(text)


@command(secondary, "list", "zone secondary list agents.example.com")
def list_secondaries(zone: Name) -> None:
    """List the name servers that serve a zone, too."""
    if not output.table(postern().secondaries.list(zone, limit=200), SECONDARY_COLUMNS, essential="name"):
        diagnostics.note("There is none. `posternctl zone secondary add --help` shows how.")


@command(secondary, "remove", "zone secondary remove agents.example.com ns2")
def remove_secondary(zone: Name, name: Who) -> None:
    """Have a name server serve a zone no longer: its key opens nothing any more."""
    done(postern().secondaries.delete(zone, name=name))


def _changed(answer: Answer) -> None:
    """Print a change as a difference; with --json the document has it."""
    if output.is_json() or output.is_quiet():
        output.receipt(answer, essential="zone")
        return
    data = answer.data
    if not (data["added"] or data["removed"]):
        output.emit("Nothing changes.")
    _difference(data)
    if data["dry_run"]:
        diagnostics.note("Nothing was changed: this was --dry-run.")
    else:
        output.emit(f"Serial {data['serial']}, answered from now on.")
    diagnostics.receipt(answer)


def _difference(data: Document) -> None:
    for sign, name, colour in (("-", "removed", "red"), ("+", "added", "cyan")):
        for line in data[name]:
            output.emit(output.style(f"{sign} {output.cell(line)}", colour))


def quoted(text: str) -> str:
    """Return a text as strings of a zone file, cut where they would be too long (RFC 1035, 3.3.14)."""
    if text.startswith('"'):
        return text
    pieces = [text[at : at + 255] for at in range(0, len(text), 255)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
