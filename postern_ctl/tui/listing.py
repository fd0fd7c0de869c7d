"""The screen that shows any view: its rows, page by page, narrowed by words, and what can be done to them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from postern_ctl.answers import Document
from postern_ctl.answers import Page as Rows
from postern_ctl.diagnostics import PROGRAM
from postern_ctl.tui.desk import aside, by_itself
from postern_ctl.tui.doing import begin
from postern_ctl.tui.frame import Hints, Page
from postern_ctl.tui.live import MAIL, Feed, News
from postern_ctl.tui.look import line
from postern_ctl.tui.table import Table
from postern_ctl.tui.views import Action, Context, View, Way, filled, fits

ROWS_MAX = 5_000
FILTERED_ROWS_MAX = 1_000  # so many are fetched to be looked through
RELOAD_EVERY_SECONDS = 1.0


class Stirred(Message):
    """The view's own stream had something to tell."""


class Listing(Page):
    """A view, narrowed by its context."""

    def __init__(self, view: View, context: Context | None = None, tab: str | None = None) -> None:
        super().__init__()
        self.view = view
        self.context = context or {}
        self.tab = view.name if tab is None else tab
        self._rows: list[Document] = []
        self._rest: Iterator[Rows] | None = None  # pages not fetched yet
        self._more = False
        self._words = ""
        self._loading = False
        self._stale = False
        self._loaded_at = 0.0
        self._problem: str | None = None
        self._feed: Feed | None = None

    def body(self) -> ComposeResult:
        yield Table(self.view.columns)
        yield Static(id="empty", markup=False)

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    def on_mount(self) -> None:
        if self.view.follow is not None:
            opened = partial(self.view.follow, self.console.desk, self.context)
            self._feed = Feed(opened, lambda event: self.post_message(Stirred()))
        self.table.focus()
        self.action_reload()
        self._show()

    def on_unmount(self) -> None:
        if self._feed is not None:
            self._feed.end()

    # ---------------------------------------------------------------------------------------------------- the frame

    def crumbs(self) -> list[str]:
        narrowed = self.context.get("called", "")
        return [narrowed, self.view.title] if narrowed else [self.view.title]

    def tally(self) -> str:
        shown, known = len(self.table.rows), f"{len(self._rows)}{'+' if self._more else ''}"
        if self._loading and not self._rows:
            return "loading"
        return f"{shown} of {known}  /{self._words}" if self._words else known

    def hints(self) -> Hints:
        row = self.table.row
        actions = [(one.key, one.label) for one in self._actions(row)]
        if row is None:
            return actions
        ways = [("⏎" if way.key == "enter" else way.key, way.label) for way in self.view.ways if way.applies(row)]
        return [*ways, *actions, ("i", "inspect")]

    def equivalent(self) -> list[str]:
        return self.view.words(self.context)

    def happened(self, news: News) -> None:
        topics, inbox = news.topics, self.context.get("inbox")
        if inbox is not None and all(event["inbox"] != inbox for event in news.events):
            topics.discard(MAIL)  # of other mailboxes
        if self.view.topics & topics or ("*" in self.view.topics and news.lines):
            self._refresh_soon()

    def narrow(self, words: str) -> None:
        self._words = words.strip().lower()
        self._show()
        self._fetch_more()

    # ------------------------------------------------------------------------------------------------------ the rows

    def action_reload(self) -> None:
        """Fetch as many rows as there were, anew."""
        if self._loading:
            self._stale = True
            return
        self._loading, self._stale = True, False
        by_itself(self, self.console, self._load, group="load")

    @on(Stirred)
    def _refresh_soon(self) -> None:
        """Reload, but not again and again under load."""
        wait = self._loaded_at + RELOAD_EVERY_SECONDS - time.monotonic()
        if self._stale:
            return
        if wait <= 0 or self._loading:
            self.action_reload()
        else:
            self._stale = True
            self.set_timer(wait, self.action_reload)

    async def _load(self) -> None:
        wanted = len(self._rows)

        def fetch() -> tuple[list[Document], Iterator[Rows], bool]:
            rest = self.view.load(self.console.desk, self.context)
            rows, more = _take(rest, wanted)
            return rows, rest, more

        try:
            self._rows, self._rest, self._more = await aside(fetch)
            self._problem = None
        except Exception as problem:  # noqa: BLE001  whatever it is, the screen says so and stays
            self._problem = self.console.explained(problem)
        finally:
            self._loading = False
            self._loaded_at = time.monotonic()
        self._show()
        self._fetch_more()
        self._catch_up()

    def _catch_up(self) -> None:
        """Reload, when something happened while rows were fetched."""
        if self._stale and not self._loading:
            self._stale = False
            self._refresh_soon()

    async def _load_more(self, rest: Iterator[Rows]) -> None:
        try:
            rows, more = await aside(lambda: _take(rest, 1))
        except Exception as problem:  # noqa: BLE001  likewise
            self.console.complain(problem)
            rows, more = [], False
        finally:
            self._loading = False
        if rest is self._rest:
            self._rows, self._more = self._rows + rows, more
            self._show()
            self._fetch_more()
        self._catch_up()

    @on(Table.Moved)
    def _fetch_more(self) -> None:
        """Fetch the next page when the cursor comes near the end, or when there is too little to look through."""
        if not self._more or self._rest is None or self._loading or len(self._rows) >= ROWS_MAX:
            return
        searching = bool(self._words) and len(self._rows) < FILTERED_ROWS_MAX
        if searching or (not self._words and self.table._near_end):
            self._loading = True
            by_itself(self, self.console, partial(self._load_more, self._rest), group="load")

    @on(Table.Moved)
    def _moved(self) -> None:
        self.draw_frame()

    def _show(self) -> None:
        if not self.drawable:
            return
        rows = [row for row in self._rows if fits(row, self.view.columns, self._words)]
        self.table.show(rows, [filled(self.view.key, row) for row in rows])
        empty = self.query_one("#empty", Static)
        empty.display = not rows
        self.table.set_class(not rows, "-empty")
        self._put("#empty", self._nothing())
        self.draw_frame()

    def _nothing(self) -> Text:
        if self._problem is not None:
            return line(self.app, (self._problem, "bad"), "\n\n", ("r", "key"), (" tries again", "quiet"))
        if self._words:
            return line(
                self.app,
                ("Nothing here contains ", "quiet"),
                (self._words, "strong"),
                ("\n\n", ""),
                ("esc", "key"),
                (" shows all again", "quiet"),
            )
        if not self._loaded_at:
            return line(self.app, ("Loading…", "quiet"))
        first, _, rest = self.view.empty.partition("\n")
        return line(self.app, (first, "title"), "\n\n", (rest, "quiet"))

    # ------------------------------------------------------------------------------------------------------- actions

    def _actions(self, row: Document | None) -> list[Action]:
        if self.console.readonly:
            return [one for one in self.view.actions if not one.changes and self._applies(one, row)]
        return [one for one in self.view.actions if self._applies(one, row)]

    def _applies(self, action: Action, row: Document | None) -> bool:
        return action.makes or (row is not None and action.applies(row))

    def on_key(self, event: events.Key) -> None:
        """Do what a key stands for in this view."""
        pressed, row = event.character if event.is_printable else event.key, self.table.row
        if self.focused is not self.table:
            return
        for way in self.view.ways:
            if pressed == way.key and row is not None and way.applies(row):
                event.stop()
                event.prevent_default()
                self._follow(way, row)
                return
        for action in self.view.actions:
            if pressed == action.key and self._applies(action, row):
                event.stop()
                event.prevent_default()
                begin(self.console, action, row or {}, self.context)
                return
        if pressed == "i" and row is not None:
            event.stop()
            self._inspect(row)

    @on(Table.Opened)
    def _open(self) -> None:
        row = self.table.row
        way = (
            None
            if row is None
            else next((one for one in self.view.ways if one.key == "enter" and one.applies(row)), None)
        )
        if row is None:
            return
        if way is None:
            self._inspect(row)
        else:
            self._follow(way, row)

    def _follow(self, way: Way, row: Document) -> None:
        told = {**self.context, **row}
        context = {name: filled(template, told) for name, template in way.context.items()}
        self.console.visit(way.view, context, self.tab)

    def _inspect(self, row: Document) -> None:
        from postern_ctl.tui.dialogs import Record

        self.console.show_box(Record(filled(self.view.called, row) or self.view.title, row))

    def action_back(self) -> None:
        if self._words:
            self.narrow("")
        else:
            super().action_back()

    def action_copy(self) -> None:
        if self.table.row is not None:
            self.console.copy(filled(self.view.essential, self.table.row))

    def shown_command(self) -> str:
        """Return what shows the same on a command line."""
        return " ".join((PROGRAM, *self.equivalent()))


def _take(rest: Iterator[Rows], wanted: int) -> tuple[list[Document], bool]:
    """Fetch pages until there are enough rows; tell whether there are more."""
    rows: list[Document] = []
    for page in rest:
        rows += page.data
        if page.next_cursor is None:
            return rows, False
        if len(rows) >= wanted:
            return rows, True
    return rows, False
