"""`posternctl agent`."""

from __future__ import annotations

from typing import Annotated

import typer

from postern_ctl import arguments, diagnostics, output
from postern_ctl.app import command, noun
from postern_ctl.arguments import AgentId, Expires, OfTenant, Reveal
from postern_ctl.output import Column
from postern_ctl.receipts import done
from postern_ctl.session import postern, tenant_id

COLUMNS = (
    Column("ID", "id", keep=True),
    Column("HANDLE", "handle"),
    Column("STATUS", "status"),
    Column("TENANT", "tenant_id", keep=True),
)
KEY_COLUMNS = (
    Column("ID", "id", keep=True),
    Column("SCOPES", "scopes", show=arguments.short_scopes),
    Column("EXPIRES", "expires_at", show=output.minute),
    Column("REVOKED", "revoked"),
)

app = noun("Agents, and the keys they hold.")


@command(app, "list", "agent list --tenant acme")
def list_(tenant: OfTenant = None) -> None:
    """List agents."""
    narrowed = tenant_id(tenant) if tenant else None
    if not output.table(postern().agents.list(tenant=narrowed, limit=200), COLUMNS):
        diagnostics.note("There is no agent yet. It comes to be when it redeems a key: `posternctl enroll --help`.")


@command(app, "show", "agent show AGENT")
def show(agent: AgentId) -> None:
    """Show one agent."""
    output.show(postern().agents.get(agent).data)


@command(app, "disable", "agent disable AGENT")
def disable(agent: AgentId) -> None:
    """Refuse every call of an agent, from the next one on."""
    _update(agent, disabled=True)


@command(app, "enable", "agent enable AGENT")
def enable(agent: AgentId) -> None:
    """Undo a disablement."""
    _update(agent, disabled=False)


@command(app, "rebind", "agent rebind AGENT --key KEY")
def rebind(
    agent: AgentId,
    key: Annotated[str, typer.Option(metavar="KEY", help="The id of the new enrollment key.", show_default=False)],
) -> None:
    """Bind an agent to another enrollment key of its tenant."""
    _update(agent, enrollment_key_id=key)


@command(app, "keys", "agent keys AGENT")
def keys(agent: AgentId) -> None:
    """List an agent's keys, without their secrets."""
    if not output.table(postern().agents.list_keys(agent, limit=200), KEY_COLUMNS):
        diagnostics.note("This agent has no key. It gets one when it redeems its enrollment key again.")


@command(app, "mint-key", "agent mint-key AGENT --expires 1h")
def mint_key(agent: AgentId, expires: Expires = None, reveal: Reveal = False) -> None:
    """Mint a further key for an agent."""
    done(postern().agents.mint_key(agent, expires_at=arguments.moment(expires)), reveal=reveal)


@command(app, "revoke-key", "agent revoke-key KEY")
def revoke_key(key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.", show_default=False)]) -> None:
    """Revoke one agent key; a wait that it runs ends at once."""
    done(postern().agents.revoke_key(key))


def _update(agent: str, *, disabled: bool | None = None, enrollment_key_id: str | None = None) -> None:
    done(postern().agents.update(agent, disabled=disabled, enrollment_key_id=enrollment_key_id))
