"""The settings in force, as this posternctl reads them: a daemon that was started with others has those."""

from __future__ import annotations

from collections.abc import Iterator

from postern_ctl.answers import Page
from postern_ctl.session import loaded
from postern_ctl.tui.desk import Desk
from postern_ctl.tui.views import PLAIN, QUIET, STRONG, Column, Context, View, of, one_page, text


def _rows(desk: Desk, context: Context) -> Iterator[Page]:
    return one_page([{**row._asdict(), "id": row.name} for row in loaded().table()])


SETTINGS = View(
    name="settings",
    title="Settings",
    columns=(
        text("SETTING", "name", keep=True),
        Column("VALUE", of("value"), kind=lambda row: PLAIN if row["source"] == "default" else STRONG),
        text("UNIT", "unit", kind=QUIET),
        text("SOURCE", "source"),
        text("WHAT IT IS", "help", kind=QUIET, spare=True),
    ),
    load=_rows,
    topics=frozenset(),
    command="config show",
    empty="There is no setting\n",
    essential="{name}",
    called="{name}",
)

VIEWS = (SETTINGS,)
