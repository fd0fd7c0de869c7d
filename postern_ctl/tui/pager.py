"""Text to be read, line by line: only what is seen is drawn, however long it is."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Pager(ScrollView, can_focus=True):
    """Lines that are scrolled; wrapped to the width, or not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
        Binding("space,ctrl+f", "page_down", show=False),
        Binding("ctrl+b", "page_up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._text = Text()
        self._wrapped = True
        self._lines: list[Text] = []

    @property
    def plain(self) -> str:
        """Return what is shown, without its styles."""
        return self._text.plain

    def show(self, text: Text, *, wrapped: bool = True) -> None:
        """Show a text from its beginning."""
        self._text, self._wrapped = text, wrapped
        self._lay_out()
        self.scroll_to(0, 0, animate=False, immediate=True)

    def find(self, words: str) -> None:
        """Scroll to the first line that contains `words`, whatever the case."""
        wanted = words.strip().lower()
        found = (at for at, one in enumerate(self._lines) if wanted and wanted in one.plain.lower())
        self.scroll_to(0, next(found, 0), animate=False, immediate=True)

    def on_resize(self) -> None:
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        at = top + y
        if at >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        strip = Strip(self._lines[at].render(self.app.console)).apply_style(self.rich_style)
        return strip.crop(left, left + self.size.width).adjust_cell_length(self.size.width, self.rich_style)

    def _lay_out(self) -> None:
        across = max(20, self.size.width - 1)
        if self._wrapped:
            self._lines = list(self._text.wrap(self.app.console, across, overflow="fold", tab_size=8))
        else:
            self._lines = list(self._text.split("\n", allow_blank=True))
        for one in self._lines:
            one.end = ""
            one.no_wrap = True
        widest = across if self._wrapped else max((one.cell_len for one in self._lines), default=0)
        self.virtual_size = Size(widest, len(self._lines))
        self.refresh()
