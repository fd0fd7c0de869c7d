"""`posternctl operator`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output
from postern_ctl.app import command, noun
from postern_ctl.arguments import Expires, Reveal
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("NAME", "name"),
    Column("EXPIRES", "expires_at", show=output.minute),
    Column("REVOKED", "revoked"),
)

app = noun("Remote operators. On this machine, whoever may open the control socket is one already.")


@command(app, "create", "operator create laptop --expires 30d")
def create(
    name: Annotated[str, typer.Argument(help="Who or what it is.", show_default=False)],
    expires: Expires = None,
    reveal: Reveal = False,
) -> None:
    """Create a remote operator; its key lives until it is revoked unless told otherwise."""
    done(postern().operators.create(name, expires_at=arguments.moment(expires)), reveal=reveal)


@command(app, "list", "operator list")
def list_() -> None:
    """List remote operators."""
    if not output.table(postern().operators.list(limit=200), COLUMNS):
        diagnostics.note("There is no remote operator. `posternctl operator create NAME` makes one.")


@command(app, "show", "operator show OPERATOR")
def show(operator: Annotated[str, typer.Argument(metavar="OPERATOR", help="Its id.", show_default=False)]) -> None:
    """Show one remote operator."""
    output.show(postern().operators.get(operator).data)


@command(app, "revoke", "operator revoke OPERATOR")
def revoke(operator: Annotated[str, typer.Argument(metavar="OPERATOR", help="Its id.", show_default=False)]) -> None:
    """Revoke a remote operator's key."""
    done(postern().operators.revoke(operator))
