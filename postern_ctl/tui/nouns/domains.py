"""Domains with what they need, and the zones that the name server answers."""

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
    flags,
    number,
    of,
    one_page,
    pages,
    state,
    text,
    when,
    with_names,
)


def _add_fields(row: Document, context: Context) -> list[Field]:
    return [
        Field("name", "Domain", hint="agents.example.com", needed=True),
        Field("tenant", "Tenant", "--tenant", context.get("called", ""), "its name or id", needed=True),
        Field("mode", "Mode", "--mode", "delegated", "delegated, manual or purchased", needed=True),
    ]


def _named(row: Document) -> str:
    return str(row["name"])


def _of_domain(row: Document) -> Context:
    return {"domain": row["name"], "called": row["name"]}


def _of_zone(row: Document) -> Context:
    return {"zone": row["name"], "called": row["name"]}


def _to_add(desk: Desk, context: Context) -> Iterator[Page]:
    found = desk.client.domains.get(context["domain"]).data["to_add"]
    return one_page([{**row, "id": f"{row['name']} {row['type']} {row['data']}"} for row in found])


def _selectors(desk: Desk, context: Context) -> Iterator[Page]:
    found = desk.client.domains.get(context["domain"]).data["dkim"]
    return one_page([{**row, "id": f"{row['selector']} {row['algorithm']}"} for row in found])


def _lines(desk: Desk, context: Context) -> Iterator[Page]:
    found = desk.client.zones.get(context["zone"]).data["text"].splitlines()
    return one_page([{"id": str(n), "line": line.expandtabs()} for n, line in enumerate(found, 1)])


def _added(desk: Desk, context: Context) -> Iterator[Page]:
    for page in desk.client.zones.records(context["zone"], limit=PAGE_ROWS).pages():
        rows = [
            {**row, "zone": context["zone"], "id": f"{row['name']} {row['type']} {row['data']}"} for row in page.data
        ]
        yield Page(rows, page.next_cursor)


def _secondaries(desk: Desk, context: Context) -> Iterator[Page]:
    for page in desk.client.secondaries.list(context["zone"], limit=PAGE_ROWS).pages():
        yield Page([{**row, "id": row["name"]} for row in page.data], page.next_cursor)


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
    command=lambda context: ["domain", "list"],
    empty="There is no domain\nMailboxes are on the tenants' shared subdomains. Press n to add a domain of one's own.",
    essential=_named,
    called=_named,
    ways=(
        Way("enter", "records to add", "domain-records", _of_domain),
        Way("e", "DKIM keys", "domain-keys", _of_domain),
        Way("z", "zone", "zone-file", _of_zone),
    ),
    actions=(
        Action(
            key="n",
            label="add",
            makes=True,
            title=lambda row: "Add a domain",
            fields=_add_fields,
            command=lambda row, values: ["domain", "add", *flags(_add_fields(row, {}), values)],
            run=lambda desk, row, values: desk.client.domains.create(
                values["name"], tenant_id=tenant_id(desk, values["tenant"]), mode=values["mode"]
            ),
        ),
        Action(
            key="v",
            label="verify",
            title=lambda row: f"Look whether {row['name']} is set up",
            command=lambda row, values: ["domain", "verify", row["name"]],
            run=lambda desk, row, values: desk.client.domains.verify(row["name"]),
        ),
        Action(
            key="x",
            label="rotate DKIM",
            title=lambda row: f"Replace the DKIM keys of {row['name']}",
            warning="New keys are published first; what was signed with the old ones can be verified for a while.",
            confirm=_named,
            command=lambda row, values: ["domain", "rotate-dkim", row["name"]],
            run=lambda desk, row, values: desk.client.domains.rotate_dkim(row["name"]),
        ),
        Action(
            key="s",
            label="advance",
            applies=lambda row: row["mode"] == "purchased",
            title=lambda row: f"Move {row['name']} on",
            command=lambda row, values: ["domain", "advance", row["name"]],
            run=lambda desk, row, values: desk.client.domains.advance(row["name"]),
        ),
        Action(
            key="d",
            label="remove",
            title=lambda row: f"Remove {row['name']}",
            warning="Its mailboxes go with it, and all their mail.",
            confirm=_named,
            command=lambda row, values: ["domain", "remove", row["name"], "--confirm", row["name"]],
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
    command=lambda context: ["domain", "records", context["domain"]],
    empty="Nothing has to be added\nThe name server answers all that it needs.",
    essential=lambda row: str(row["data"]),
    called=_named,
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
    command=lambda context: ["domain", "show", context["domain"]],
    empty="It has no key yet\nKeys are made when it goes live.",
    called=lambda row: str(row["selector"]),
)
ZONES = View(
    name="zones",
    title="Zones",
    columns=(
        text("ZONE", "name", keep=True, kind=STRONG),
        Column("OF", of("domain", show=lambda domain: domain or "ours")),
        number("SERIAL", of("serial")),
        when("CHANGED", "updated_at"),
    ),
    load=lambda desk, context: pages(desk.client.zones.list(limit=PAGE_ROWS)),
    topics=frozenset({"domain", "zone", "tenant"}),
    command=lambda context: ["zone", "list"],
    empty="There is no zone\n",
    essential=_named,
    key=_named,
    called=_named,
    ways=(
        Way("enter", "zone file", "zone-file", _of_zone),
        Way("a", "added records", "zone-records", _of_zone),
        Way("e", "secondaries", "secondaries", _of_zone),
    ),
)
ZONE_FILE = View(
    name="zone-file",
    title="Zone file",
    top=False,
    columns=(Column("RECORD", of("line")),),
    load=_lines,
    topics=frozenset({"domain", "zone"}),
    command=lambda context: ["zone", "export", context["zone"]],
    empty="The zone is empty\n",
    essential=lambda row: str(row["line"]),
    called=lambda row: f"Line {row['id']}",
)
ADDED = View(
    name="zone-records",
    title="Added records",
    top=False,
    columns=(
        text("NAME", "name", kind=STRONG),
        text("TYPE", "type", keep=True),
        number("TTL", of("ttl")),
        text("DATA", "data"),
        Column("PROBLEM", of("problem"), kind=lambda row: WARN, spare=True),
    ),
    load=_added,
    topics=frozenset({"zone", "domain"}),
    command=lambda context: ["zone", "record", "list", context["zone"]],
    empty="No record was added\nposternctl zone record set adds some.",
    essential=lambda row: str(row["data"]),
    called=_named,
    actions=(
        Action(
            key="d",
            label="delete",
            title=lambda row: f"Delete all {row['type']} records of {row['name']}",
            warning="Only those that were added; what is managed stays.",
            confirm=_named,
            command=lambda row, values: ["zone", "record", "delete", row["zone"], row["name"], row["type"]],
            run=lambda desk, row, values: desk.client.zones.delete_records(
                row["zone"], name=row["name"], type=row["type"]
            ),
        ),
    ),
)
SECONDARIES = View(
    name="secondaries",
    title="Secondaries",
    top=False,
    columns=(
        text("NAME", "name", kind=STRONG),
        text("HOST", "host"),
        number("PORT", of("port")),
        text("KEY", "key_name", kind=QUIET),
        when("ADDED", "created_at"),
    ),
    load=_secondaries,
    topics=frozenset({"secondary", "zone"}),
    command=lambda context: ["zone", "secondary", "list", context["zone"]],
    empty="Nobody else serves this zone\nposternctl zone secondary add has another name server do so.",
    essential=lambda row: str(row["host"]),
    called=_named,
    actions=(
        Action(
            key="d",
            label="remove",
            title=lambda row: f"Have {row['name']} serve it no longer",
            warning="Its key is good for nothing from then on.",
            confirm=_named,
            command=lambda row, values: ["zone", "secondary", "remove", row["zone"], row["name"]],
            run=lambda desk, row, values: desk.client.secondaries.delete(row["zone"], name=row["name"]),
        ),
    ),
)

VIEWS = (DOMAINS, RECORDS, SELECTORS, ZONES, ZONE_FILE, ADDED, SECONDARIES)
