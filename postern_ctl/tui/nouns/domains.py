"""Domains with what they need from others, and the keys that sign for them."""

from __future__ import annotations

from collections.abc import Iterator

from postern_ctl.answers import Document, Page
from postern_ctl.output import minute
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.nouns.tenants import tenant_id
from postern_ctl.tui.views import (
    QUIET,
    STRONG,
    WARN,
    Action,
    Column,
    Context,
    Field,
    View,
    Way,
    of,
    one_page,
    state,
    text,
    when,
    with_names,
)


def _add_fields(row: Document) -> list[Field]:
    return [
        Field("name", "Domain", hint="agents.example.com", needed=True),
        Field("tenant", "Tenant", "--tenant", row.get("called", ""), "its name or id", needed=True),
        Field("mode", "Mode", "--mode", "delegated", "delegated, manual or purchased", needed=True),
    ]


_DOMAIN = {"domain": "{name}", "called": "{name}"}
_ZONE = {"zone": "{name}", "called": "{name}"}


def _served(row: Document) -> bool:
    """Tell whether we answer for it: then it has a zone of its own."""
    return bool(row["mode"] == "delegated" or (row["mode"] == "purchased" and row["status"] != "requested"))


def _to_add(desk: Desk, context: Context) -> Iterator[Page]:
    found = desk.client.domains.get(context["domain"]).data["to_add"]
    return one_page([{**row, "id": f"{row['name']} {row['type']} {row['data']}"} for row in found])


def _selectors(desk: Desk, context: Context) -> Iterator[Page]:
    found = desk.client.domains.get(context["domain"]).data["dkim"]
    return one_page([{**row, "id": f"{row['selector']} {row['algorithm']}"} for row in found])


DOMAINS = View(
    name="domains",
    title="Domains",
    columns=(
        text("NAME", "name", keep=True, kind=STRONG),
        text("TENANT", "tenant"),
        text("MODE", "mode", keep=True),
        state("STATE", lambda row: str(row["status"])),
        Column("PROBLEM", of("problem"), kind=lambda row: WARN),
        Column("CHECKED", of("checked_at", show=minute), True, lambda row: QUIET, spare=True),
    ),
    load=lambda desk, context: with_names(
        desk, desk.client.domains.list(tenant=context.get("tenant"), limit=PAGE_ROWS)
    ),
    topics=frozenset({"domain", "tenant"}),
    command="domain list",
    narrowed_by=("tenant",),
    empty="There is no domain\nMailboxes are on the tenants' shared subdomains. Press n to add a domain of one's own.",
    essential="{name}",
    called="{name}",
    ways=(
        Way("enter", "records", "domain-records", _DOMAIN),
        Way("z", "zone", "zone", _ZONE, _served),
        Way("w", "secondaries", "secondaries", _ZONE, _served),
        Way("e", "DKIM keys", "domain-keys", _DOMAIN),
    ),
    actions=(
        Action(
            key="n",
            label="add",
            makes=True,
            title="Add a domain",
            fields=_add_fields,
            command="domain add",
            run=lambda desk, row, values: desk.client.domains.create(
                values["name"], tenant_id=tenant_id(desk, values["tenant"]), mode=values["mode"]
            ),
        ),
        Action(
            key="v",
            label="verify",
            title="Look whether {name} is set up",
            command="domain verify {name}",
            run=lambda desk, row, values: desk.client.domains.verify(row["name"]),
        ),
        Action(
            key="x",
            label="rotate",
            title="Replace the DKIM keys of {name}",
            warning="New keys are published first; what was signed with the old ones can be verified for a while.",
            confirm="{name}",
            command="domain rotate-dkim {name}",
            run=lambda desk, row, values: desk.client.domains.rotate_dkim(row["name"]),
        ),
        Action(
            key="s",
            label="advance",
            applies=lambda row: row["mode"] == "purchased",
            title="Move {name} on",
            command="domain advance {name}",
            run=lambda desk, row, values: desk.client.domains.advance(row["name"]),
        ),
        Action(
            key="d",
            label="remove",
            title="Remove {name}",
            warning="Its mailboxes go with it, and all their mail.",
            confirm="{name}",
            command="domain remove {name} --confirm {name}",
            run=lambda desk, row, values: desk.client.domains.delete(row["name"], confirm=row["name"]),
        ),
    ),
)
RECORDS = View(
    name="domain-records",
    title="Records to add",
    top=False,
    columns=(
        text("NAME", "name", kind=STRONG),
        text("TYPE", "type", keep=True),
        state("STATE", lambda row: str(row["status"])),
        text("DATA", "data"),
        Column("FOUND INSTEAD", of("found"), kind=lambda row: WARN, spare=True),
    ),
    load=_to_add,
    topics=frozenset({"domain"}),
    command="domain records {domain}",
    empty="Nothing has to be added\nThe name server answers all that it needs.",
    essential="{data}",
    called="{name}",
)
SELECTORS = View(
    name="domain-keys",
    title="DKIM keys",
    top=False,
    columns=(
        text("SELECTOR", "selector", keep=True, kind=STRONG),
        text("ALGORITHM", "algorithm"),
        state("STATE", lambda row: str(row["state"])),
        when("SINCE", "since"),
    ),
    load=_selectors,
    topics=frozenset({"domain"}),
    command="domain show {domain}",
    empty="It has no key yet\nKeys are made when it goes live.",
    called="{selector}",
)
VIEWS = (DOMAINS, RECORDS, SELECTORS)
