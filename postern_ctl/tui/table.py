"""A table that is drawn line by line: only what is seen is laid out, and its columns fit the width there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from postern_ctl.answers import Document
from postern_ctl.output import cell, fit, pad, shrink, width
from postern_ctl.tui.look import style
from postern_ctl.tui.views import QUIET, Column

GAP_CELLS = 2
GUTTER = "▌"
_VALUE_MAX_LETTERS = 500  # more of a value is never seen


class Table(ScrollView, can_focus=True):
    """Rows and a cursor on one of them, which stays on its row when rows come and go."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--gutter"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next", show=False),
        Binding("up,k", "move(-1)", "previous", show=False),
        Binding("pagedown,ctrl+f,space", "leaf(1)", "page down", show=False),
        Binding("pageup,ctrl+b", "leaf(-1)", "page up", show=False),
        Binding("home,g", "first", "first", show=False),
        Binding("end,G", "last", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class Opened(Message):
        """Somebody wants into the row under the cursor."""

    class Moved(Message):
        """The cursor stands on another row; `near_end` when there may be more rows to fetch."""

        def __init__(self, near_end: bool) -> None:
            super().__init__()
            self.near_end = near_end

    def __init__(self, columns: Sequence[Column], *, nothing: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = columns
        self._nothing = nothing  # said where there is no row
        self._keys: list[str] = []
        self._cells: list[list[str]] = []
        self._kinds: list[list[str]] = []
        self._wide: list[int] = []
        self._widths: list[int] = []
        self.rows: list[Document] = []
        self.cursor = 0

    @property
    def row(self) -> Document | None:
        """Return the row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def show(self, rows: list[Document], keys: list[str]) -> None:
        """Draw these rows; the cursor stays on its row, or where that was."""
        before = self._keys[self.cursor] if self.cursor < len(self._keys) else None
        cells = [[cell(column.value(row))[:_VALUE_MAX_LETTERS] for column in self._columns] for row in rows]
        kinds = [[column.kind(row) for column in self._columns] for row in rows]
        same = (keys, cells, kinds) == (self._keys, self._cells, self._kinds)
        self.rows, self._keys, self._cells, self._kinds = rows, keys, cells, kinds
        if same:
            return  # each line that is drawn again is bytes over somebody's ssh
        everything = [[column.title for column in self._columns], *self._cells]
        self._wide = [max(map(width, column)) for column in zip(*everything, strict=True)]
        at = keys.index(before) if self.cursor and before in keys else self.cursor  # at the top, it stays there
        self.cursor = max(0, min(at, len(rows) - 1))
        self._lay_out()
        self._reveal()
        self.post_message(self.Moved(self._near_end))

    def select(self, at: int) -> None:
        """Put the cursor on a row."""
        if self.rows:
            self.cursor = max(0, min(at, len(self.rows) - 1))
            self._reveal()
            self.refresh()
            self.post_message(self.Moved(self._near_end))

    def action_move(self, rows: int) -> None:
        self.select(self.cursor + rows)

    def action_leaf(self, pages: int) -> None:
        self.select(self.cursor + pages * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self.select(0)

    def action_last(self) -> None:
        self.select(len(self.rows) - 1)

    def action_open(self) -> None:
        if self.rows:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a second click opens it."""
        at = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or at >= len(self.rows):
            return
        again = at == self.cursor
        self.select(at)
        if again and event.chain > 1:
            self.action_open()

    def on_resize(self) -> None:
        self._lay_out()
        self._reveal()

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is seen: the titles first, then rows."""
        across = self.size.width
        if y == 0:
            titles = [column.title for column in self._columns]
            base = self.get_component_rich_style("table--header")
            return self._strip(titles, [base] * len(titles), base, " ", across)
        at = y - 1 + self.scroll_offset.y
        if y == 2 and not self.rows and self._nothing:
            said = Segment(" " + self._nothing, self.rich_style + style(self.app, QUIET))
            return Strip([said], len(self._nothing) + 1).adjust_cell_length(across, self.rich_style)
        if at >= len(self.rows):
            return Strip.blank(across, self.rich_style)
        chosen = at == self.cursor
        base = self.get_component_rich_style("table--cursor") if chosen else self.rich_style
        inks = [base + style(self.app, kind) if kind else base for kind in self._kinds[at]]
        return self._strip(self._cells[at], inks, base, GUTTER if chosen else " ", across)

    def _strip(self, cells: Sequence[str], inks: Sequence[Style], base: Style, gutter: str, across: int) -> Strip:
        mark = self.get_component_rich_style("table--gutter") if gutter == GUTTER else base
        pieces, used = [Segment(gutter, mark + Style(bgcolor=base.bgcolor))], 1
        for value, ink, size, column in zip(cells, inks, self._widths, self._columns, strict=False):
            if not size:
                continue
            shown = fit(value, size)
            shown = " " * (size - width(shown)) + shown if column.right else pad(shown, size)
            pieces += [Segment(shown, ink), Segment(" " * GAP_CELLS, base)]
            used += size + GAP_CELLS
        return Strip(pieces, used).adjust_cell_length(across, base)

    def _lay_out(self) -> None:
        sizes = self._wide or [len(column.title) for column in self._columns]
        shown = list(range(len(sizes)))
        for at, column in reversed(list(enumerate(self._columns))):
            if column.spare and sum(sizes[one] + GAP_CELLS for one in shown) > self.size.width - 1:
                shown.remove(at)
        total = max(10, self.size.width - 2 - GAP_CELLS * (len(shown) - 1))
        fitted = shrink([sizes[at] for at in shown], [self._columns[at].keep for at in shown], total)
        self._widths = [0] * len(sizes)
        for at, cells in zip(shown, fitted, strict=True):
            self._widths[at] = cells
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self.refresh()

    @property
    def _near_end(self) -> bool:
        return self.cursor >= len(self.rows) - max(5, self.size.height)

    def _reveal(self) -> None:
        """Scroll so that the cursor is seen."""
        seen = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        wanted = min(max(top, self.cursor - seen + 1), self.cursor)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True)
