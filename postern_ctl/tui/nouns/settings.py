"""The daemon that is looked at: its version and addresses, and the settings that it runs with."""

from __future__ import annotations

from collections.abc import Iterator

from postern_ctl.answers import Document, Page
from postern_ctl.tui.desk import Desk
from postern_ctl.tui.views import PLAIN, QUIET, STRONG, Column, Context, View, of, one_page, text

RUNNING = "running"
_ABOUT = (
    ("version", "version", "of the daemon that answers here"),
    ("process", "pid", "its number on its machine"),
    ("started", "started_at", "when it was started"),
    ("http", "http", "where the REST API, MCP and links are"),
    ("smtp", "smtp", "where mail is taken in"),
    ("lmtp", "lmtp", "where a mail server hands mail over"),
    ("dns", "dns", "where questions are answered, by UDP and TCP"),
    ("socket", "socket", "where operators come in without a key"),
    ("store", "database_bytes", "what it keeps"),
)


def _rows(desk: Desk, context: Context) -> Iterator[Page]:
    stats, settings = desk.client.stats.get().data, desk.client.settings.get().data["settings"]
    about = [_row(name, stats[key], "bytes" if name == "store" else "", RUNNING, help) for name, key, help in _ABOUT]
    given = [_row(_short(row["name"]), row["value"], row["unit"], row["source"], row["help"]) for row in settings]
    return one_page([*about, *given])


def _row(name: str, value: object, unit: str, source: str, help: str) -> Document:
    return {"name": name, "value": value, "unit": unit, "source": source, "help": help}


def _short(variable: str) -> str:
    """Return a setting's name as the configuration file has it."""
    return variable.partition("_")[2].lower()


SETTINGS = View(
    name="settings",
    title="Settings",
    columns=(
        text("SETTING", "name", keep=True),
        Column("VALUE", of("value"), kind=lambda row: PLAIN if row["source"] == "default" else STRONG),
        text("UNIT", "unit", kind=QUIET),
        Column("SOURCE", of("source", show=lambda source: source.partition(" ")[0]), True, lambda row: QUIET),
        text("WHAT IT IS", "help", kind=QUIET, spare=True),
    ),
    load=_rows,
    topics=frozenset(),
    command="config show --daemon",
    empty="There is no setting\n",
    essential="{name} = {value}",
    key="{source} {name}",
    called="{name}",
)

VIEWS = (SETTINGS,)
