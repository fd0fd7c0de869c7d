"""`posternctl suppression`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import diagnostics, output
from postern_ctl.app import command, noun
from postern_ctl.arguments import OfTenant
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id

COLUMNS = (
    Column("ADDRESS", "address", keep=True),
    Column("REASON", "reason"),
    Column("BLOCKS", "blocks"),
    Column("SINCE", "created_at", show=output.minute),
)

Who = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address written to.", show_default=False)]
Tenant = Annotated[str, typer.Option(metavar="TENANT", help="Whose list; id or name.", show_default=False)]

app = noun("Whom a tenant does not write to, and why.")


@command(app, "list", "suppression list --tenant acme")
def list_(tenant: OfTenant = None) -> None:
    """List suppressed addresses."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().suppressions.list(tenant=narrowed, limit=200), COLUMNS, essential="address"):
        diagnostics.note("There is no suppressed address: nobody bounced, complained or unsubscribed.")


@command(app, "show", "suppression show someone@example.org --tenant acme")
def show(address: Who, tenant: Tenant) -> None:
    """Show why an address is not written to."""
    output.show(postern().suppressions.get(address, tenant=tenant_id(tenant)).data, essential="address")


@command(app, "add", "suppression add someone@example.org --tenant acme")
def add(
    address: Who,
    tenant: Tenant,
    reason: Annotated[
        str, typer.Option(metavar="REASON", help="manual, bounce, complaint; unsubscribe: from subscribed mail only.")
    ] = "manual",
) -> None:
    """Have a tenant not write to an address."""
    done(postern().suppressions.put(address, tenant=tenant_id(tenant), reason=reason), essential="address")


@command(app, "remove", "suppression remove someone@example.org --tenant acme")
def remove(address: Who, tenant: Tenant) -> None:
    """Have a tenant write to an address again; an unsubscribe takes a second removal."""
    done(postern().suppressions.remove(address, tenant=tenant_id(tenant)), essential="address")
