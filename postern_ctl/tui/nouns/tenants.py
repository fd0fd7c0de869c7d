"""Tenants: what they may, and where they lead."""

from __future__ import annotations

from postern_ctl.answers import Answer, Document
from postern_ctl.invocation import WrongUsage
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.views import (
    Action,
    Field,
    Values,
    View,
    Way,
    pages,
    state,
    text,
    when,
)


def whole(values: Values, name: str) -> int:
    """Read a whole number. Raises `WrongUsage`."""
    try:
        return int(values[name])
    except ValueError:
        raise WrongUsage(f"{name.replace('_', ' ').capitalize()} takes a whole number.") from None


def tenant_id(desk: Desk, tenant: str) -> str:
    """Return the id of a tenant given by id or name. Raises `WrongUsage`."""
    if tenant.startswith("cus_"):
        return tenant
    found = [str(row["id"]) for row in desk.client.tenants.list(limit=200) if row["name"] == tenant]
    if len(found) != 1:
        said = (
            f"{len(found)} tenants are called {tenant!r}; give the id." if found else f"There is no tenant {tenant!r}."
        )
        raise WrongUsage(said)
    return found[0]


def _tenant_state(row: Document) -> str:
    return "suspended" if row["suspended"] else "active"


def _new_tenant(row: Document) -> list[Field]:
    return [
        Field("name", "Name", needed=True, hint="what you call it"),
        Field("label", "Label", "--label", hint="its shared subdomain; from the name when left out"),
    ]


def _limit_fields(row: Document) -> list[Field]:
    limits: dict[str, int | None] = row["limits"]
    return [
        Field(
            name,
            name.replace("_", " ").capitalize(),
            value="" if value is None else str(value),
            hint="follows the settings",
        )
        for name, value in limits.items()
    ]


def _limit(desk: Desk, row: Document, values: Values) -> Answer:
    limits = {name: whole(values, name) if value else None for name, value in values.items()}
    return desk.client.tenants.update(row["id"], limits=limits)


def _limit_options(row: Document, values: Values) -> list[str]:
    was: dict[str, int | None] = row["limits"]
    given = {name: values.get(name) or ("default" if was[name] is not None else "") for name in was}
    return [f"{name}={value}" for name, value in given.items() if value]


_TENANT = {"tenant": "{id}", "called": "{name}"}

TENANTS = View(
    name="tenants",
    title="Tenants",
    columns=(
        text("NAME", "name", kind="strong"),
        text("DOMAIN", "domain"),
        state("STATE", _tenant_state),
        state("SENDING", lambda row: str(row["sending"]["brake"])),
        when("CREATED", "created_at"),
        text("ID", "id", kind="quiet", spare=True),
    ),
    load=lambda desk, context: pages(desk.client.tenants.list(limit=PAGE_ROWS)),
    topics=frozenset({"tenant"}),
    command="tenant list",
    empty="There is no tenant yet\nEverything belongs to one. Press n to make the first.",
    called="{name}",
    ways=(
        Way("enter", "mailboxes", "inboxes", _TENANT),
        Way("a", "agents", "agents", _TENANT),
        Way("e", "keys", "keys", _TENANT),
        Way("w", "webhooks", "webhooks", _TENANT),
        Way("m", "domains", "domains", _TENANT),
        Way("t", "trail", "audit", _TENANT),
    ),
    actions=(
        Action(
            key="n",
            label="new",
            makes=True,
            title="New tenant",
            fields=_new_tenant,
            command="tenant create",
            run=lambda desk, row, values: desk.client.tenants.create(values["name"], label=values["label"] or None),
        ),
        Action(
            key="s",
            label="suspend",
            applies=lambda row: not row["suspended"],
            title="Suspend {name}",
            warning="Every call of its agents is refused from the next one on. Its mail is still taken in.",
            confirm="{name}",
            command="tenant suspend {name}",
            run=lambda desk, row, values: desk.client.tenants.update(row["id"], suspended=True),
        ),
        Action(
            key="s",
            label="resume",
            applies=lambda row: bool(row["suspended"]),
            title="Resume {name}",
            command="tenant resume {name}",
            run=lambda desk, row, values: desk.client.tenants.update(row["id"], suspended=False),
        ),
        Action(
            key="l",
            label="limits",
            title="Limits of {name}",
            fields=_limit_fields,
            command="tenant limit {name}",
            options=_limit_options,
            run=_limit,
        ),
        Action(
            key="b",
            label="lift brake",
            applies=lambda row: row["sending"]["brake"] != "open",
            title="Let {name} send again",
            warning="Complaints have slowed or stopped its sending. They are counted anew.",
            confirm="{name}",
            command="tenant lift-brake {name}",
            run=lambda desk, row, values: desk.client.tenants.lift_brake(row["id"]),
        ),
        Action(
            key="d",
            label="delete",
            title="Delete {name}",
            warning="It goes with all that is its own: mailboxes, mail, agents, keys. Nothing of it can be had back.",
            confirm="{name}",
            command="tenant delete {name} --confirm {name}",
            run=lambda desk, row, values: desk.client.tenants.delete(row["id"], confirm=row["name"]),
        ),
    ),
)

VIEWS = (TENANTS,)
