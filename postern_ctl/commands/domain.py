"""`posternctl domain`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from postern_ctl import arguments, completion, diagnostics, output
from postern_ctl.answers import Answer, Document
from postern_ctl.app import command, noun
from postern_ctl.arguments import TENANTS, Confirm, OfTenant
from postern_ctl.diagnostics import Exit
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id
from postern_ctl.trials import DryRun, would_go

COLUMNS = (
    Column("NAME", "name", keep=True),
    Column("MODE", "mode"),
    Column("STATUS", "status", keep=True),
    Column("CHECKED", "checked_at", show=output.minute),
    Column("PROBLEM", "problem"),
)
KEY_COLUMNS = (
    Column("SELECTOR", "selector", keep=True),
    Column("STATE", "state"),
    Column("SINCE", "since", show=output.minute),
)
SHOWN = ("name", "mode", "status", "problem", "mailboxes", "checked_at")

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The domain.",
        show_default=False,
        autocompletion=completion.of("domains", "name", "status"),
    ),
]

app = noun("Domains: mail at names of your own.")


@command(app, "add", "domain add agents.example.com --tenant acme --mode delegated")
def add(
    name: Name,
    tenant: Annotated[
        str,
        typer.Option(metavar="TENANT", help="Whose it is; id or name.", show_default=False, autocompletion=TENANTS),
    ],
    mode: Annotated[
        Literal["delegated", "manual", "purchased"],
        typer.Option(metavar="MODE", help="delegated, manual, or purchased: registered by you."),
    ] = "delegated",
) -> None:
    """Add a domain to a tenant; it is served at once, and live when others see it."""
    _done(postern().domains.create(name, tenant_id=tenant_id(tenant), mode=mode))


@command(app, "list", "domain list --tenant acme")
def list_(tenant: OfTenant = None) -> None:
    """List domains, those of the tenants' labels too."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().domains.list(tenant=narrowed, limit=200), COLUMNS, essential="name"):
        diagnostics.note("There is no domain. A tenant brings one along: `posternctl tenant create NAME`.")


@command(app, "show", "domain show agents.example.com")
def show(name: Name) -> None:
    """Show a domain: its status, what is to be done, and its keys."""
    _shown(postern().domains.get(name).data)


@command(app, "records", "domain records agents.example.com")
def records(name: Name) -> None:
    """Print the records to add elsewhere, then those that are served here."""
    found = postern().domains.get(name).data
    served = postern().zones.get(name).data["text"] if _is_served(found) else None
    if output.is_json():
        output.document({"data": {"name": found["name"], "to_add": found["to_add"], "served": served}})
        return
    _to_add(found)
    if served is not None:
        output.emit()
        output.emit(output.style("Served here:", "bold"))
        output.text(served)


@command(app, "verify", "domain verify agents.example.com")
def verify(name: Name) -> None:
    """Look now whether a domain is set up; exit code 1 while it is not."""
    with diagnostics.progress(f"Looking for {name}"):
        answer = postern().domains.verify(name)
    _done(answer)
    if answer.data["status"] != "live":
        raise typer.Exit(Exit.FAILED)


@command(app, "rotate-dkim", "domain rotate-dkim agents.example.com")
def rotate_dkim(name: Name) -> None:
    """Begin to replace a domain's DKIM keys; they change by themselves from here on."""
    _done(postern().domains.rotate_dkim(name))


@command(app, "advance", "domain advance agents.example.com")
def advance(name: Name) -> None:
    """Move a purchased domain on: it is registered now, or it is live now."""
    _done(postern().domains.advance(name))


@command(app, "remove", "domain remove agents.example.com --confirm agents.example.com")
def remove(name: Name, confirm: Confirm = None, dry_run: DryRun = False) -> None:
    """Remove a domain with its zone, its mailboxes and their mail."""
    found = postern().domains.get(name).data
    if dry_run:
        would_go("domain", found["id"], mode=found["mode"], status=found["status"], mailboxes=found["mailboxes"])
        return
    given = None
    if found["mailboxes"]:
        given = arguments.confirmed("the domain", confirm, lambda: str(found["name"]))
    done(postern().domains.delete(found["name"], confirm=given))


def _done(answer: Answer) -> None:
    """Print what became of a domain: for people one screen, with what to do next."""
    if output.is_json() or output.is_quiet():
        done(answer, essential="name")
        return
    _shown(answer.data)
    diagnostics.receipt(answer)


def _shown(data: Document) -> None:
    if output.is_json() or output.is_quiet():
        output.show(data, essential="name")
        return
    output.block({name: data[name] for name in SHOWN if data[name] is not None})
    if data["to_add"] and data["status"] != "live":
        output.emit()
        _to_add(data)
    if data["dkim"]:
        output.emit()
        output.lines(output.layout(data["dkim"], KEY_COLUMNS))
        if data["dkim_next_at"]:
            output.emit(f"Next step of the keys: {output.minute(data['dkim_next_at'])}")
    output.emit()
    output.lines(output.wrapped(data["next"]))


def _to_add(data: Document) -> None:
    """Print the records that somebody has to add, as lines of a zone file, each whole, so that it can be copied."""
    if not data["to_add"]:
        output.emit("There is nothing to add elsewhere.")
        return
    where = "Add in your DNS:" if data["mode"] == "manual" else f"Add in the zone above {data['name']}:"
    output.emit(output.style(where, "bold"))
    for record in data["to_add"]:
        mark = {"ok": "ok", "missing": "missing", "different": "differs"}.get(record["status"], "")
        output.emit(f"{record['name']}. {record['ttl']} IN {record['type']} {_data(record)}" + (mark and f"  ; {mark}"))
        for other in record["found"] if record["status"] == "different" else ():
            output.emit(output.cell(f"  ; found: {other}"))
    if data["mode"] != "manual" and any(record["type"] != "NS" for record in data["to_add"]):
        output.lines(
            output.wrapped(
                f"The name servers are inside {data['name']}, so the zone above needs their addresses, too (glue)."
            )
        )


def _data(record: Document) -> str:
    """Return a record's data as a zone file has it."""
    if record["type"] == "TXT":
        text = record["data"]
        return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
    return str(record["data"]) + ("." if record["type"] in ("NS", "MX", "CNAME") else "")


def _is_served(data: Document) -> bool:
    return data["mode"] in ("delegated", "purchased") and data["status"] != "requested"
