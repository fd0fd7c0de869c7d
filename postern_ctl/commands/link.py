"""`posternctl link`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output
from postern_ctl.app import command, noun
from postern_ctl.arguments import LinkId, OfTenant, Output
from postern_ctl.files import write_new
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, secret_from_stdin, tenant_id

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("PURPOSE", "purpose"),
    Column("STATUS", "status"),
    Column("EXPIRES", "expires_at", show=output.minute),
)

app = noun("One-time links: each opens once, and yields a minted key or the signed receipt of a change.")


@command(app, "create", "link create --audit 17 --expires 1h")
def create(
    audit: Annotated[int, typer.Option(metavar="SEQ", help="The number of an audit line.", show_default=False)],
    expires: Annotated[str, typer.Option(metavar="DURATION", help="How long it can be opened.")] = "24h",
) -> None:
    """Make a link to the signed receipt of an audit line."""
    done(postern().links.create(audit, expires_in_seconds=arguments.seconds(expires, "--expires")))


@command(app, "list", "link list")
def list_(tenant: OfTenant = None) -> None:
    """List one-time links, without their addresses."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().links.list(tenant=narrowed, limit=200), COLUMNS):
        diagnostics.note("There is no link. Every change makes one.")


@command(app, "show", "link show LINK")
def show(link: LinkId) -> None:
    """Show one link: whether it is open, spent or expired."""
    output.show(postern().links.get(link).data)


@command(app, "revoke", "link revoke LINK")
def revoke(link: LinkId) -> None:
    """Revoke a link; what it sealed is erased."""
    done(postern().links.revoke(link))


@command(app, "open", "link open - < link.txt")
def open_(
    url: Annotated[str, typer.Argument(help="The URL or its token; - reads it from stdin.", show_default=False)],
    output_file: Output = None,
) -> None:
    """Open a link, which spends it, and print what it yields; a download goes to --output."""
    try:
        url = secret_from_stdin("link") if url == "-" else url
        data = postern().links.open(url).data
    except ValueError as problem:
        raise WrongUsage(f"That cannot be opened: {problem}.") from None
    if data.get("download") and output_file is not None:
        content = postern().links.download(url, data)
        write_new(output_file, content)
        output.show({"id": data["link_id"], "file": output_file, "size_bytes": len(content)}, essential="file")
        return
    if output.only_json({"data": data}):
        return
    if data.get("download"):
        diagnostics.note("This link is spent now. What it led to can be fetched for a minute.")
        output.lines([data["download"]["url"]])
    elif data.get("secret"):
        diagnostics.note("This link is spent now. Keep the key: it is not shown again.")
        output.lines([data["secret"]])
    elif output.is_quiet():
        output.lines([data["link_id"]])
    else:
        output.block(data.get("receipt") or data)
