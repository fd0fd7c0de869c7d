"""What is asked and told in a box: a form, a confirmation by name, a secret, a link, a record, the help."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from postern_ctl.answers import Document
from postern_ctl.diagnostics import PROGRAM, moment
from postern_ctl.output import cell
from postern_ctl.tui.desk import aside, by_itself
from postern_ctl.tui.look import line
from postern_ctl.tui.views import Action, Field, Values, filled

if TYPE_CHECKING:
    from postern_ctl.tui.app import Console
    from postern_ctl.tui.frame import Done

Do = Callable[[Values], Awaitable[Callable[[], None]]]  # does it, and returns what is to follow
DENSE_FROM = 7
CHANGES_SHOWN = 4
COVERED = "•" * 24


class Box(ModalScreen[None]):
    """A box over the page, closed by escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "close", show=False)]
    title_text = ""
    keys: tuple[tuple[str, str], ...] = (("esc", "close"),)

    @property
    def console(self) -> Console:
        return self.app  # type: ignore[return-value]  # boxes are shown by the console only

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Text(cell(self.title_text))
            yield from self.inside()
            yield Static(classes="box-keys", markup=False)

    def inside(self) -> ComposeResult:
        """Yield what stands in the box."""
        yield from ()

    def on_mount(self) -> None:
        parts: list[str | tuple[str, str]] = []
        for key, label in self.keys:
            parts += [(key, "key"), " ", (label, "quiet"), "   "]
        self.query_one(".box-keys", Static).update(line(self.app, *parts))


class Asking(Box):
    """A box that does something: while that goes on nothing else is taken, and what went wrong is told in it."""

    def __init__(self, do: Do) -> None:
        super().__init__()
        self._do = do
        self._busy = False

    def tell(self, text: Text) -> None:
        told = self.query_one("#told", Static)
        told.update(text)
        told.display = bool(text.plain)

    def perform(self, values: Values) -> None:
        if self._busy:
            return
        self._busy = True
        self.tell(line(self.app, ("working…", "quiet")))
        by_itself(self, self.console, partial(self._perform, values))

    async def _perform(self, values: Values) -> None:
        try:
            then = await self._do(values)
        except Exception as problem:  # noqa: BLE001  told in the box, where it can be put right
            text = line(self.app, (self.console.explained(problem), "bad"))
            text.no_wrap = False
            self.tell(text)
        else:
            self.tell(Text())
            then()
        finally:
            self._busy = False


class Form(Asking):
    """The fields of an action, and the command that they make."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "do it", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    keys = (("⏎", "next, then do it"), ("ctrl+s", "do it"), ("esc", "leave"))

    def __init__(self, action: Action, row: Document, do: Do) -> None:
        super().__init__(do)
        self._action, self._row = action, row
        self._fields: list[Field] = action.fields(row) if action.fields else []
        self.title_text = filled(action.title, row)

    def inside(self) -> ComposeResult:
        with VerticalScroll(classes="fields -dense" if len(self._fields) > DENSE_FROM else "fields", can_focus=False):
            for one in self._fields:
                with Vertical(classes="field"):
                    yield Label(one.label + (" *" if one.needed else ""), markup=False)
                    yield Input(one.value, placeholder=one.hint, id=f"field-{one.name}", compact=True)
        yield Static(id="command", markup=False)
        yield Static(id="told", markup=False)

    def on_mount(self) -> None:
        self.tell(Text())
        self._draw_command()
        inputs = list(self.query(Input))
        empty = next((one for one in inputs if not one.value), inputs[0])
        empty.focus()

    def values(self) -> Values:
        return {one.name: self.query_one(f"#field-{one.name}", Input).value.strip() for one in self._fields}

    @on(Input.Changed)
    def _draw_command(self) -> None:
        words = shlex.join((PROGRAM, *self._action.words(self._row, self.values())))
        made = line(self.app, ("$ ", "quiet"), (words, "strong"))
        made.no_wrap = False
        self.query_one("#command", Static).update(made)

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        inputs = list(self.query(Input))
        if event.input is inputs[-1]:
            self.action_send()
        else:
            inputs[inputs.index(event.input) + 1].focus()

    def action_send(self) -> None:
        values = self.values()
        missing = [one for one in self._fields if one.needed and not values[one.name]]
        if missing:
            self.tell(line(self.app, (f"{missing[0].label} is needed.", "bad")))
            self.query_one(f"#field-{missing[0].name}", Input).focus()
            return
        self.perform(values)


class Confirm(Asking):
    """Something that destroys: its name has to be typed."""

    keys = (("⏎", "do it"), ("esc", "leave everything as it is"))

    def __init__(self, action: Action, row: Document, values: Values, do: Do) -> None:
        super().__init__(do)
        self._action, self._row, self._values = action, row, values
        self._expected = filled(action.confirm, {**row, **values})
        self._previewed = action.preview is None
        self.title_text = filled(action.title, row)
        self.add_class("-danger")

    def inside(self) -> ComposeResult:
        yield Static(Text(self._action.warning), classes="says", markup=False)
        yield Static(line(self.app, ("looking what would change…", "quiet")), id="changes", markup=False)
        yield Static(id="asks", markup=False)
        yield Input(id="name", compact=True)
        yield Static(id="command", markup=False)
        yield Static(id="told", markup=False)

    def on_mount(self) -> None:
        asks = line(self.app, "Type ", (self._expected, "strong"), " to go on:")
        asks.no_wrap = False
        self.query_one("#asks", Static).update(asks)
        words = shlex.join((PROGRAM, *self._action.words(self._row, self._values)))
        command = line(self.app, ("$ ", "quiet"), (words, "strong"))
        command.no_wrap = False
        self.query_one("#command", Static).update(command)
        self.tell(Text())
        self.query_one("#changes").display = not self._previewed
        if not self._previewed:
            by_itself(self, self.console, self._preview)
        self.query_one(Input).focus()

    async def _preview(self) -> None:
        """Show what would change; until it is there nothing is done."""
        preview = self._action.preview
        assert preview is not None  # noqa: S101  # else it is not called
        shown = self.query_one("#changes", Static)
        try:
            lines = await aside(lambda: preview(self.console.desk, self._row, self._values))
        except Exception as problem:  # noqa: BLE001  told in the box; escape leads back
            made = line(self.app, (self.console.explained(problem), "bad"))
        else:
            kinds = {"+": "good", "-": "bad"}
            shown_lines = [line(self.app, (cell(one), kinds.get(one[:1], ""))) for one in lines[:CHANGES_SHOWN]]
            if len(lines) > CHANGES_SHOWN:
                shown_lines.append(line(self.app, (f"… and {len(lines) - CHANGES_SHOWN:,} more", "quiet")))
            made = Text("\n").join(shown_lines or [line(self.app, ("Nothing would change.", "warn"))])
            self._previewed = bool(lines)
        made.no_wrap = False
        shown.update(made)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        if not self._previewed:
            return
        if event.value.strip() != self._expected:
            self.tell(line(self.app, ("That is not its name; nothing was done.", "bad")))
            return
        self.perform(self._values)


class Secret(Box):
    """A secret that is shown once: covered, until a key uncovers it."""

    title_text = "Minted: shown here once"
    keys = (("v", "show it"), ("y", "copy it"), ("o", "its one-time link"), ("esc", "done, forget it"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "reveal", show=False),
        Binding("y", "copy", show=False),
        Binding("o", "link", show=False),
    ]

    def __init__(self, secret: str, done: Done) -> None:
        super().__init__()
        self._secret, self._done = secret, done
        self._shown = False

    def inside(self) -> ComposeResult:
        yield Static(id="secret", markup=False)
        yield Static(
            Text("It is kept nowhere: at rest there is only its hash. The one-time link hands it over once."),
            classes="says",
            markup=False,
        )

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        shown = line(self.app, (self._secret if self._shown else COVERED, "strong"))
        shown.no_wrap = False
        self.query_one("#secret", Static).update(shown)

    def action_reveal(self) -> None:
        self._shown = not self._shown
        self._draw()

    def action_copy(self) -> None:
        self.console.copy(self._secret, "the secret")

    def action_link(self) -> None:
        self.console.show_link()


class LinkBox(Box):
    """A one-time link, whole."""

    title_text = "One-time link"
    keys = (("y", "copy it"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", show=False)]

    def __init__(self, link: Document) -> None:
        super().__init__()
        self._link = link

    def inside(self) -> ComposeResult:
        yield Static(id="url", markup=False)
        yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        url = Text(self._link["url"], overflow="fold")
        self.query_one("#url", Static).update(url)
        until = moment(self._link["expires_at"])
        about = line(
            self.app,
            (self._link["purpose"], "strong"),
            (f"; opens once, until {until}. Looking does not spend it.", "quiet"),
        )
        about.no_wrap = False
        self.query_one("#about", Static).update(about)

    def action_copy(self) -> None:
        self.console.copy(self._link["url"], "the link")


class Told(Box):
    """Text to be read: a record, the help, a result."""

    keys: tuple[tuple[str, str], ...] = (("↑↓", "scroll"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,i", "dismiss", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, title: str, text: Callable[[], Text], copied: str = "") -> None:
        super().__init__()
        self.title_text = title
        self._text, self._copied = text, copied
        if copied:
            self.keys = (("↑↓", "scroll"), ("y", "copy"), ("esc", "close"))

    def inside(self) -> ComposeResult:
        with VerticalScroll(classes="told"):
            yield Static(id="text", markup=False)

    def on_mount(self) -> None:
        self.query_one("#text", Static).update(self._text())
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_copy(self) -> None:
        if self._copied:
            self.console.copy(self._copied)


class Record(Told):
    """Every field of one thing."""

    def __init__(self, title: str, data: Document) -> None:
        super().__init__(title, lambda: self._block(data), str(data.get("id", "")))

    def _block(self, data: Document) -> Text:
        flat: dict[str, object] = {}
        for name, value in data.items():
            if isinstance(value, dict):
                flat |= {f"{name} {inner}": it for inner, it in value.items()}
            else:
                flat[name] = value
        margin = max(map(len, flat), default=0)
        made = Text()
        for name, value in flat.items():
            made += line(self.app, (f"{name.replace('_', ' '):<{margin}}  ", "quiet"), cell(value), "\n")
        made.no_wrap = False
        return made
