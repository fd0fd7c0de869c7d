"""`posternctl tenant`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import arguments, completion, diagnostics, output, senders
from postern_ctl.app import command, noun
from postern_ctl.arguments import PAGE_MAX_ROWS, Confirm, TenantId
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.senders import Entry, Remove
from postern_ctl.session import postern, tenant_id
from postern_ctl.trials import DryRun, counted, would_go

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("NAME", "name"),
    Column("DOMAIN", "domain"),
    Column("SUSPENDED", "suspended"),
)

LIMITS = (
    "retention_days",
    "rate_per_minute",
    "rate_waits",
    "rate_streams",
    "rate_replies_per_hour",
    "rate_replies_per_day",
    "rate_auto_replies_per_day",
    "rate_inbound_per_sender",
    "rate_inbound_per_network",
    "send_cap_first",
    "send_cap_full",
    "send_cap_ramp_days",
)

app = noun("Customers: everything belongs to exactly one.")


@command(app, "create", "tenant create acme")
def create(
    name: Annotated[str, typer.Argument(help="What you call it.", show_default=False)],
    label: Annotated[str | None, typer.Option(help="Its shared subdomain; from the name when not given.")] = None,
) -> None:
    """Create a tenant."""
    done(postern().tenants.create(name, label=label))


@command(app, "list", "tenant list")
def list_() -> None:
    """List all tenants."""
    if not output.table(postern().tenants.list(limit=200), COLUMNS):
        diagnostics.note("There is no tenant yet. `posternctl tenant create NAME` makes one.")


@command(app, "show", "tenant show acme")
def show(tenant: TenantId) -> None:
    """Show one tenant."""
    output.show(postern().tenants.get(tenant_id(tenant)).data)


@command(app, "allow", "tenant allow acme @github.com")
def allow(tenant: TenantId, entry: Entry = None, remove: Remove = False) -> None:
    """Take mail for all of a tenant's mailboxes from these senders only; without one, list them."""
    senders.listed("allow", entry, remove=remove, tenant=tenant_id(tenant))


@command(app, "block", "tenant block acme spam@example.com")
def block(tenant: TenantId, entry: Entry = None, remove: Remove = False) -> None:
    """Refuse a sender's mail for all of a tenant's mailboxes; without one, list who is refused."""
    senders.listed("block", entry, remove=remove, tenant=tenant_id(tenant))


@command(app, "limit", "tenant limit acme send_cap_full=200 retention_days=30")
def limit(
    tenant: TenantId,
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="LIMIT=N ...",
            help="A number, or `default` to follow the settings again.",
            show_default=False,
            autocompletion=completion.among(f"{name}=" for name in LIMITS),
        ),
    ],
) -> None:
    """Give a tenant limits of its own; the others stay as they are. `tenant show` tells them.

    retention_days; rate_per_minute, rate_waits, rate_streams; rate_replies_per_hour, rate_replies_per_day,
    rate_auto_replies_per_day; rate_inbound_per_sender, rate_inbound_per_network; send_cap_first, send_cap_full,
    send_cap_ramp_days. What each means stands in `config show`.
    """
    limits: dict[str, int | None] = {}
    for word in given:
        name, equals, value = word.partition("=")
        name = name.replace("-", "_")
        if name not in LIMITS or not equals:
            raise WrongUsage(f"There is no limit {word!r}. Give NAME=N, with a name out of {', '.join(LIMITS)}.")
        if value != "default" and not value.isdecimal():
            raise WrongUsage(f"{name} takes a whole number, or `default`; not {value!r}.")
        limits[name] = None if value == "default" else int(value)
    done(postern().tenants.update(tenant_id(tenant), limits=limits))


@command(app, "lift-brake", "tenant lift-brake acme")
def lift_brake(tenant: TenantId) -> None:
    """Let a tenant send again that complaints have stopped; they are counted anew."""
    done(postern().tenants.lift_brake(tenant_id(tenant)))


@command(app, "suspend", "tenant suspend acme")
def suspend(tenant: TenantId) -> None:
    """Refuse every call of a tenant's agents; its mail is still taken in."""
    _suspended(tenant, True)


@command(app, "resume", "tenant resume acme")
def resume(tenant: TenantId) -> None:
    """Undo a suspension."""
    _suspended(tenant, False)


@command(app, "delete", "tenant delete acme --confirm acme")
def delete(tenant: TenantId, confirm: Confirm = None, dry_run: DryRun = False) -> None:
    """Delete a tenant and all that is its own: mailboxes, mail, agents, keys."""
    found = postern().tenants.get(tenant_id(tenant)).data
    if dry_run:
        mailboxes = counted(postern().inboxes.list(tenant=found["id"], limit=PAGE_MAX_ROWS))
        agents = counted(postern().agents.list(tenant=found["id"], limit=PAGE_MAX_ROWS))
        would_go("tenant", found["id"], name=found["name"], mailboxes=mailboxes, agents=agents)
        return
    name = arguments.confirmed("the tenant", confirm, lambda: str(found["name"]))
    done(postern().tenants.delete(found["id"], confirm=name))


def _suspended(tenant: str, suspended: bool) -> None:
    done(postern().tenants.update(tenant_id(tenant), suspended=suspended))
