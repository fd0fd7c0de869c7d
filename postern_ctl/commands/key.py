"""`posternctl key`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output
from postern_ctl.app import command, noun
from postern_ctl.arguments import TENANTS, Expires, KeyId, OfTenant, Reveal
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("LABEL", "label"),
    Column("USED", "used_count"),
    Column("MAX", "max_mailboxes"),
    Column("EXPIRES", "expires_at", show=output.minute),
    Column("REVOKED", "revoked"),
)

app = noun("Enrollment keys: what an agent redeems, and what bounds it.")


@command(app, "mint", "key mint --tenant acme --label ci --scope create,read --max-mailboxes 5")
def mint(
    tenant: Annotated[
        str,
        typer.Option(metavar="TENANT", help="Whose key; id or name.", show_default=False, autocompletion=TENANTS),
    ],
    label: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.", show_default=False)],
    scope: Annotated[list[str], typer.Option(metavar="SCOPE", help="create, read, send or otp; again or with commas.")],
    max_mailboxes: Annotated[int, typer.Option(metavar="N", help="How many mailboxes it may ever make.")],
    domain: Annotated[
        list[str] | None, typer.Option(metavar="DOMAIN", help="Only on this domain; may be repeated.")
    ] = None,
    expires: Expires = None,
    reusable: Annotated[bool, typer.Option("--reusable", help="For any number of agents, not only one.")] = False,
    reveal: Reveal = False,
) -> None:
    """Mint an enrollment key; it lives 24 hours unless told otherwise."""
    answer = postern().keys.mint(
        tenant_id=tenant_id(tenant),
        label=label,
        scopes=arguments.scopes(scope),
        max_mailboxes=max_mailboxes,
        allowed_domains=domain or None,
        reusable=reusable,
        expires_at=arguments.moment(expires),
    )
    done(answer, reveal=reveal)


@command(app, "list", "key list --tenant acme")
def list_(tenant: OfTenant = None) -> None:
    """List enrollment keys, without their secrets."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().keys.list(tenant=narrowed, limit=200), COLUMNS):
        diagnostics.note("There is no enrollment key yet. `posternctl key mint --help` shows how to make one.")


@command(app, "show", "key show KEY")
def show(key: KeyId) -> None:
    """Show one enrollment key, without its secret."""
    output.show(postern().keys.get(key).data)


@command(app, "revoke", "key revoke KEY")
def revoke(key: KeyId) -> None:
    """Revoke an enrollment key; it takes effect at once, mailboxes stay."""
    done(postern().keys.revoke(key))
