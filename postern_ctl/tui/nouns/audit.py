"""The audit log with the proof that it is whole, and the one-time links that its lines made."""

from __future__ import annotations

from collections.abc import Iterator

from postern_ctl.answers import Page
from postern_ctl.commands.audit import row as shown_line
from postern_ctl.output import second
from postern_ctl.tui.desk import PAGE_ROWS, Desk
from postern_ctl.tui.views import (
    QUIET,
    STRONG,
    Action,
    Column,
    Context,
    View,
    number,
    of,
    pages,
    revoke,
    state,
    text,
    when,
)


def _lines(desk: Desk, context: Context) -> Iterator[Page]:
    for page in desk.client.audit.list(tenant=context.get("tenant"), limit=PAGE_ROWS).pages():
        yield Page([{**shown_line(line), "prev": line["prev"]} for line in page.data], page.next_cursor)


AUDIT_COLUMNS = (
    number("SEQ", of("seq")),
    Column("TIME", of("time", show=second), True, lambda row: QUIET),
    Column("ACTION", of("action"), True, lambda row: STRONG),
    text("ACTOR", "actor"),
    text("TARGET", "target"),
    state("OUTCOME", lambda row: str(row.get("outcome", ""))),
)
AUDIT = View(
    name="audit",
    title="Audit",
    columns=AUDIT_COLUMNS,
    load=_lines,
    topics=frozenset({"*"}),
    command="audit tail --follow",
    narrowed_by=("tenant",),
    empty="The log is empty\nThe first change will be its first line.",
    key="{seq}",
    essential="{hash}",
    called="Line {seq}",
    actions=(
        Action(
            key="v",
            label="verify",
            makes=True,
            changes=False,
            title="Check the chain",
            command="audit verify",
            run=lambda desk, row, values: desk.client.audit.verify(),
        ),
        Action(
            key="c",
            label="checkpoint",
            makes=True,
            title="Sign a checkpoint",
            command="audit checkpoint",
            run=lambda desk, row, values: desk.client.audit.checkpoint(),
        ),
        Action(
            key="o",
            label="receipt",
            makes_link=True,
            title="A link to the signed receipt of line {seq}",
            command="link create --audit {seq}",
            run=lambda desk, row, values: desk.client.links.create(int(row["seq"])),
        ),
    ),
)


LINKS = View(
    name="links",
    title="One-time links",
    columns=(
        text("PURPOSE", "purpose", keep=True, kind=STRONG),
        state("STATE", lambda row: str(row["status"])),
        text("TARGET", "target"),
        text("ISSUER", "issuer"),
        when("EXPIRES", "expires_at"),
        when("USED", "used_at"),
    ),
    load=lambda desk, context: pages(desk.client.links.list(tenant=context.get("tenant"), limit=PAGE_ROWS)),
    topics=frozenset({"*"}),
    command="link list",
    narrowed_by=("tenant",),
    empty="There is no link\nEvery change makes one.",
    actions=(
        revoke(
            "Revoke a link",
            "link revoke {id}",
            lambda desk, id: desk.client.links.revoke(id),
            warning="It opens for nobody any more, and what it sealed is erased.",
            confirm="revoke",
            applies=lambda row: row["status"] == "open",
        ),
    ),
)

VIEWS = (AUDIT, LINKS)
