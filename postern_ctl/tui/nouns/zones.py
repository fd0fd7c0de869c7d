"""Zones: every record that is answered, those that were added set and deleted, and who else serves them."""

from __future__ import annotations

from collections.abc import Iterator

from postern_ctl.answers import Answer, Document, Page
from postern_ctl.commands.zone import quoted
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.nouns.tenants import whole
from postern_ctl.tui.views import (
    QUIET,
    STRONG,
    WARN,
    Action,
    Column,
    Context,
    Field,
    Values,
    View,
    Way,
    number,
    of,
    one_page,
    pages,
    state,
    text,
    when,
)

ADDED, MANAGED, UNANSWERED = "added", "managed", "unanswered"
BETWEEN = " | "  # several records in one field
TTL_SECONDS = "300"


def _all(desk: Desk, context: Context) -> Iterator[Page]:
    """Yield all that is answered, what was added marked so; what was added and cannot be answered comes first."""
    zone = context["zone"]
    lines = desk.client.zones.get(zone).data["text"].splitlines()
    default = next((line.split()[1] for line in lines if line.startswith("$TTL")), TTL_SECONDS)
    given = [{**one, "name": _relative(one["name"], zone)} for one in desk.client.zones.records(zone, limit=PAGE_ROWS)]
    sets: dict[tuple[str, str], list[str]] = {}
    for one in given:
        sets.setdefault((one["name"], one["type"]), []).append(one["data"])
    rows = [{**one, "origin": UNANSWERED} for one in given if one["problem"]]
    for row in (_record(line, default) for line in lines if not line.startswith("$")):
        added = row["data"] in sets.get((row["name"], row["type"]), ())
        rows.append({**row, "origin": ADDED if added else MANAGED, "problem": None})
    for row in rows:
        row["id"] = f"{row['name']} {row['type']} {row['data']}"
        row["together"] = BETWEEN.join(sorted(sets.get((row["name"], row["type"]), ())))
    return one_page(rows)


def _record(line: str, default: str) -> Document:
    """Read a line of a zone file as the daemon writes it: owner, TTL where it is not the zone's, IN, type, data."""
    owner, word, rest = line.split(" ", 2)
    ttl, rest = (default, rest) if word == "IN" else (word, rest.removeprefix("IN "))
    kind, _, data = rest.partition(" ")
    return {"name": owner, "type": kind, "ttl": int(ttl), "data": data}


def _relative(owner: str, zone: str) -> str:
    name = owner.removesuffix(".")
    return "@" if name == zone else name.removesuffix("." + zone)


def _ours(row: Document) -> bool:
    return bool(row["origin"] != MANAGED)


def _set_fields(row: Document) -> list[Field]:
    was = row if row.get("together") else {}
    return [
        Field("name", "Name", "", was.get("name", ""), "www; @ for the zone itself", needed=True),
        Field("type", "Type", "", was.get("type", ""), "A, AAAA, TXT, CNAME, …", needed=True),
        Field("data", "Data", "", was.get("together", ""), "as in a zone file; | between several", needed=True),
        Field("ttl", "TTL in seconds", "--ttl", str(was.get("ttl", TTL_SECONDS)), needed=True),
    ]


def _data(values: Values) -> list[str]:
    return [one.strip() for one in values["data"].split("|") if one.strip()]


def _set_options(row: Document, values: Values) -> list[str]:
    return [one for one in (values["name"], values["type"], *_data(values), "--ttl", values["ttl"]) if one]


def _set(desk: Desk, row: Document, values: Values, *, dry_run: bool = False) -> Answer:
    kind = values["type"].upper()
    data = [quoted(one) for one in _data(values)] if kind == "TXT" else _data(values)
    ttl = whole(values, "ttl")
    return desk.client.zones.set_records(
        row["zone"], name=values["name"], type=kind, data=data, ttl=ttl, dry_run=dry_run
    )


def _delete(desk: Desk, row: Document, *, dry_run: bool = False) -> Answer:
    return desk.client.zones.delete_records(row["zone"], name=row["name"], type=row["type"], dry_run=dry_run)


def _difference(answer: Answer) -> list[str]:
    return [f"- {one}" for one in answer.data["removed"]] + [f"+ {one}" for one in answer.data["added"]]


_ZONE = {"zone": "{name}", "called": "{name}"}

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
    command="zone list",
    empty="There is no zone\n",
    essential="{name}",
    key="{name}",
    called="{name}",
    ways=(
        Way("enter", "records", "zone", _ZONE),
        Way("w", "secondaries", "secondaries", _ZONE),
    ),
)
ZONE = View(
    name="zone",
    title="Zone",
    top=False,
    columns=(
        text("NAME", "name", kind=STRONG),
        text("TYPE", "type", keep=True),
        number("TTL", of("ttl")),
        text("DATA", "data"),
        state("", lambda row: str(row["origin"])),
        Column("PROBLEM", of("problem"), kind=lambda row: WARN, spare=True),
    ),
    load=_all,
    topics=frozenset({"zone", "domain", "tenant"}),
    command="zone export {zone}",
    empty="The zone is empty\n",
    essential="{data}",
    called="{name}",
    ways=(Way("w", "secondaries", "secondaries", {"zone": "{zone}", "called": "{zone}"}),),
    actions=(
        Action(
            key="n",
            label="set",
            makes=True,
            title="Set records of {zone}",
            warning="They take the place of those that were added under this name and type. Others stay.",
            fields=_set_fields,
            confirm="{name}",
            command="zone record set {zone}",
            options=_set_options,
            preview=lambda desk, row, values: _difference(_set(desk, row, values, dry_run=True)),
            run=_set,
        ),
        Action(
            key="d",
            label="delete",
            applies=_ours,
            title="Delete all added {type} records of {name}",
            warning="Only what was added goes; what is managed stays.",
            confirm="{name}",
            command="zone record delete {zone} {name} {type}",
            preview=lambda desk, row, values: _difference(_delete(desk, row, dry_run=True)),
            run=lambda desk, row, values: _delete(desk, row),
        ),
    ),
)


def _secondaries(desk: Desk, context: Context) -> Iterator[Page]:
    for page in desk.client.secondaries.list(context["zone"], limit=PAGE_ROWS).pages():
        yield Page([{**row, "id": row["name"]} for row in page.data], page.next_cursor)


def _secondary_fields(row: Document) -> list[Field]:
    return [
        Field("name", "Name", hint="yours for it, for instance ns2", needed=True),
        Field("host", "Address", hint="where it asks from, and is told of changes", needed=True),
        Field("port", "Port", "--port", "53", needed=True),
    ]


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
    command="zone secondary list {zone}",
    empty="Nobody else serves this zone\nn has another name server do so; its configuration is printed by posternctl.",
    essential="{host}",
    called="{name}",
    actions=(
        Action(
            key="n",
            label="add",
            makes=True,
            title="Have another name server serve {zone}",
            fields=_secondary_fields,
            command="zone secondary add {zone}",
            run=lambda desk, row, values: desk.client.secondaries.put(
                row["zone"], name=values["name"], host=values["host"], port=whole(values, "port")
            ),
        ),
        Action(
            key="d",
            label="remove",
            title="Have {name} serve it no longer",
            warning="Its key is good for nothing from then on.",
            confirm="{name}",
            command="zone secondary remove {zone} {name}",
            run=lambda desk, row, values: desk.client.secondaries.delete(row["zone"], name=row["name"]),
        ),
    ),
)

VIEWS = (ZONES, ZONE, SECONDARIES)
