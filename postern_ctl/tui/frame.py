"""What every page has around its body: the views, the line that says where one is, receipt, prompt, keys."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from postern_ctl.answers import Answer, Document
from postern_ctl.diagnostics import PROGRAM, audit_line, moment, short_hash
from postern_ctl.output import cell
from postern_ctl.tui.live import News
from postern_ctl.tui.look import line

if TYPE_CHECKING:
    from postern_ctl.tui.app import Console

BRAND_FROM_CELLS = 96
KEY_LINES_MAX = 2
WIDE_FROM_CELLS = 130
Hints = Sequence[tuple[str, str]]


class Done:
    """A change that was made: what posternctl would have been told, its audit line, its link."""

    def __init__(self, command: Sequence[str], answer: Answer) -> None:
        self.command = shlex.join((PROGRAM, *command))
        self.audit: Document | None = answer.audit
        self.link: Document | None = answer.link


class Page(Screen[None]):
    """The frame. A page says where one is (`crumbs`), its `hints`, and draws its body."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", show=False),
        Binding("slash", "filter", "filter", show=False),
        Binding("r", "reload", "refresh", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("o", "link", "one-time link", show=False),
    ]
    tab: str = ""  # the view that is marked in the bar
    narrows = "filter"  # what `/` does

    @property
    def console(self) -> Console:
        """Return the app by its own type."""
        return self.app  # type: ignore[return-value]  # pages are shown by the console only

    def compose(self) -> ComposeResult:
        yield Static(id="bar", markup=False)
        yield Static(id="where", markup=False)
        with Vertical(id="body"):
            yield from self.body()
        yield Static(id="receipt", markup=False)
        with Horizontal(id="prompting"):
            yield Static(":", id="sign", markup=False)
            yield Prompt()
        yield Static(id="keys", markup=False)

    @property
    def drawable(self) -> bool:
        """Tell whether its widgets are there."""
        return bool(self.query("#keys"))

    def body(self) -> ComposeResult:
        """Yield what stands in the middle."""
        yield from ()

    def on_mount(self) -> None:
        self.draw_frame()

    def on_screen_resume(self) -> None:
        self.draw_frame()

    def on_resize(self) -> None:
        self.draw_frame()

    # ------------------------------------------------------------------------------------------- what a page answers

    def crumbs(self) -> list[str]:
        """Return where one is, the place itself last."""
        return []

    def tally(self) -> str:
        """Return what stands at the right of that: how much there is."""
        return ""

    def hints(self) -> Hints:
        """Return the keys that matter here, and what they do."""
        return ()

    def happened(self, news: News) -> None:
        """Take note of what happened."""

    def equivalent(self) -> list[str]:
        """Return the words of posternctl that show the same."""
        return []

    def narrow(self, words: str) -> None:
        """Show only what contains `words`."""

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw_frame(self) -> None:
        """Draw everything but the body anew."""
        if not self.drawable:
            return
        across = self.app.size.width
        self._put("#bar", self._bar(across))
        here, tally = self.crumbs(), self.tally()
        where = line(
            self.app, " ", *((f"{name}  ▸  ", "quiet") for name in here[:-1]), (here[-1] if here else "", "title")
        )
        right = line(self.app, ("read-only  " if self.console.readonly else "", "warn"), (f"{tally} ", "quiet"))
        where.truncate(max(1, across - right.cell_len), overflow="ellipsis", pad=True)
        self._put("#where", where + right)
        self._put("#keys", self._keys(across))
        self._draw_receipt()

    def _put(self, name: str, text: Text) -> None:
        """Draw a text where another stood: what is the same is not sent again, over somebody's ssh."""
        shown = self.query_one(name, Static)
        if shown.content != text:
            shown.update(text)

    def _bar(self, across: int) -> Text:
        app = self.console
        sign, kind, word = ("●", "good", "live") if app.live.connected else ("○", "bad", "offline")
        state = line(app, (f"{sign} {word} " if across >= BRAND_FROM_CELLS else f"{sign} ", kind))
        brand = line(app, (" POSTERN" if across >= BRAND_FROM_CELLS else "", "title"))
        made = brand + self._tabs("  ")
        if made.cell_len + state.cell_len > across:
            made = brand + self._tabs(" ")
        made.truncate(max(1, across - state.cell_len), pad=True)
        return made + state

    def _tabs(self, gap: str) -> Text:
        parts: list[str | tuple[str, str]] = [" "]
        for key, name, title in self.console.tabs:
            here = name == self.tab
            parts += [(key, "key" if here else "quiet"), " ", (title, "title" if here else ""), gap]
        return line(self.app, *parts)

    def _keys(self, across: int) -> Text:
        """Return the keys in as many lines as they need, two at most: what is left out then stands in the help."""
        help_ = line(self.app, ("?", "key"), " ", ("help", "quiet"))
        rows = [line(self.app, " ")]
        for key, label in [*self.hints(), ("/", self.narrows), (":", "command")]:
            piece = line(self.app, (key, "key"), " ", (label, "quiet"), "  ")
            last = len(rows) == KEY_LINES_MAX
            if rows[-1].cell_len + piece.cell_len + (help_.cell_len if last else 0) > across:
                if last:
                    break
                rows.append(line(self.app, " "))
            rows[-1] += piece
        if rows[-1].cell_len + help_.cell_len > across:
            rows.append(line(self.app, " "))
        rows[-1] += help_
        made = Text("\n").join(rows)
        made.no_wrap, made.overflow = True, "ellipsis"
        return made

    def _draw_receipt(self) -> None:
        shown = self.query_one("#receipt", Static)
        done = self.console.done
        shown.display = done is not None
        if done is None:
            return
        rows = [line(self.app, ("    $ ", "quiet"), (done.command, "strong"))]
        if done.audit is not None:
            told = audit_line(done.audit) if self.app.size.width >= WIDE_FROM_CELLS else short_line(done.audit)
            rows.append(line(self.app, ("audit ", "quiet"), told))
        if done.link is not None:
            until = f"{done.link['purpose']}; opens once, until {moment(done.link['expires_at'])}"
            rows.append(line(self.app, (" link ", "quiet"), until, ("   o", "key"), (" shows it", "quiet")))
        made = Text("\n").join(rows)
        made.no_wrap, made.overflow = True, "ellipsis"
        self._put("#receipt", made)

    # ------------------------------------------------------------------------------------------------------- actions

    def action_back(self) -> None:
        if self.console.done is not None:
            self.console.done = None
            self.draw_frame()
        else:
            self.console.go_back()

    def action_reload(self) -> None:
        """Ask for everything again."""

    def action_copy(self) -> None:
        """Copy what matters most here."""

    def action_link(self) -> None:
        """Show the last change's link."""
        self.console.show_link()

    def action_filter(self) -> None:
        self.query_one(Prompt).ask("/")

    def action_command(self) -> None:
        self.query_one(Prompt).ask(":")


def short_line(audit: Document) -> str:
    """Return an audit line where there is little room: without when and who."""
    words = (f"#{audit['seq']}", audit["action"], audit["target"], audit["outcome"], short_hash(audit["hash"]))
    return " ".join(map(cell, words))


class Prompt(Input):
    """The line at the bottom: `/` narrows what is shown while one types, `:` takes a command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("tab", "cursor_right", "complete", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="prompt", compact=True, select_on_focus=False)
        self._sign = ":"
        self._from: Widget | None = None

    @property
    def page(self) -> Page:
        return self.screen  # type: ignore[return-value]  # only pages have a prompt

    def ask(self, sign: str) -> None:
        """Open, to be typed into."""
        self._sign = sign
        self._from = self.screen.focused
        self.suggester = SuggestFromList(self.page.console.command_names, case_sensitive=False) if sign == ":" else None
        self.placeholder = "a view, or what else is to be done; tab completes" if sign == ":" else "words to look for"
        self.value = ""
        self.screen.query_one("#sign", Static).update(sign)
        self.screen.query_one("#prompting").display = True
        self.focus()

    def action_leave(self) -> None:
        """Close without doing anything; a filter is taken off."""
        if self._sign == "/":
            self.page.narrow("")
        self.close()

    def close(self) -> None:
        """Go away."""
        self.screen.query_one("#prompting").display = False
        if self._from is not None:
            self._from.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._sign == "/" and self.has_focus:
            self.page.narrow(self.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        if self._sign == ":":
            self.page.console.run_command(self.value)
