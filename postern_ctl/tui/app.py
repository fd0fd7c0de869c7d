"""The app: the views by name, the news handed on, commands, and the way from page to page."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from postern_ctl.answers import Document
from postern_ctl.client import Postern
from postern_ctl.diagnostics import explain
from postern_ctl.invocation import WrongUsage
from postern_ctl.output import cell
from postern_ctl.tui.dashboard import Dashboard
from postern_ctl.tui.desk import Desk
from postern_ctl.tui.dialogs import Asking, LinkBox, Told
from postern_ctl.tui.frame import Done, Page
from postern_ctl.tui.help import help_text
from postern_ctl.tui.listing import Listing
from postern_ctl.tui.live import Flow, Live
from postern_ctl.tui.look import DARK, LIGHT
from postern_ctl.tui.message import MessagePage
from postern_ctl.tui.nouns import TABS, VIEWS
from postern_ctl.tui.views import Context

HOME = "home"
MESSAGE = "message"
NEWS_EVERY_SECONDS = 0.25
FEED_KEPT = 200


class Console(App[None]):
    """Postern's console."""

    TITLE = "Postern"
    CSS_PATH = "styles.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", show=False),
        Binding("colon", "command", "command", show=False),
        Binding("Y", "copy_command", "copy the command", show=False),
        Binding("q", "back", "back", show=False),
        *(Binding(str(n), f"tab({n})", show=False) for n in range(1, 10)),
    ]

    def __init__(self, client: Postern, *, readonly: bool = False, theme: str = DARK.name, colour: bool = True) -> None:
        super().__init__(ansi_color=None if colour else True)
        self.desk = Desk(client)
        self.live = Live(client)
        self.readonly = readonly
        self.done: Done | None = None
        self.stats: Document | None = None
        self.flow = Flow()
        self.mail: deque[Document] = deque(maxlen=FEED_KEPT)
        self.lines: deque[Document] = deque(maxlen=FEED_KEPT)
        self._was_connected, self._connections = False, 0
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        if theme not in self.available_themes:
            raise WrongUsage(f"There is no theme {theme!r}. Some are: {', '.join(sorted(self.available_themes))}.")
        self.theme = theme
        self.animation_level = "none"  # each frame of an animation is bytes over somebody's ssh

    @property
    def tabs(self) -> list[tuple[str, str, str]]:
        """Return key, name and title of each view in the bar."""
        named = [(HOME, "Home"), *((name, title) for name, title in TABS)]
        return [(str(n), name, title) for n, (name, title) in enumerate(named, 1)]

    @property
    def command_names(self) -> list[str]:
        """Return what can be typed after a colon."""
        return [HOME, *VIEWS, "search ", "theme ", "help", "quit"]

    def on_mount(self) -> None:
        self.show_box(Dashboard())
        self.live.start()
        self.set_interval(NEWS_EVERY_SECONDS, self._hand_on)
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        self.live.stop()

    # --------------------------------------------------------------------------------------------------------- news

    def _hand_on(self) -> None:
        """Hand what came to the page that is shown; to the others when they are shown again."""
        connections, connected = self.live.connections, self.live.connected
        news = self.live.take()
        if self.live.refused is not None:
            self.warn(f"Nothing more is told: {self.live.refused}")
            self.live.refused = None
        back = connected and connections != self._connections
        if connected != self._was_connected:
            self._was_connected = connected
            self._page_do(lambda page: page.draw_frame())
        if news.stats is not None:
            self.stats = news.stats
            self.flow.saw(news.stats, time.monotonic())
        self.mail.extend(news.events)
        self.lines.extend(news.lines)
        if "tenant" in news.topics:
            self.desk.forget_names()
        if news:
            self._page_do(lambda page: page.happened(news))
        if back:
            self._connections = connections
            self._page_do(lambda page: page.action_reload())

    def _tick(self) -> None:
        """Count what the last snapshot says; it costs no request."""
        moving = self.flow.tick(time.monotonic())
        if moving and isinstance(self.screen, Dashboard):
            self.screen.draw_flow()

    def _page_do(self, work: Callable[[Page], None]) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Page) and screen.drawable:
                work(screen)

    def page_changed(self) -> None:
        """Draw what is around the pages anew; their rows come with the news."""
        self._page_do(lambda page: page.draw_frame())

    @property
    def page(self) -> Page | None:
        """Return the page on top, below any box."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)), None)

    # -------------------------------------------------------------------------------------------------- getting about

    def action_tab(self, number: int) -> None:
        if number <= len(self.tabs) and self.page is self.screen:
            self.go_to(self.tabs[number - 1][1])

    def go_to(self, name: str, context: Context | None = None) -> None:
        """Show a view from the beginning."""

        async def go() -> None:
            while len(self.screen_stack) > 2:
                await self.pop_screen()
            await self.switch_screen(Dashboard() if name == HOME else Listing(VIEWS[name], context))

        self.call_later(go)

    def visit(self, name: str, context: Context, tab: str) -> None:
        """Show a view, or a message, above the one that is shown."""
        self.show_box(MessagePage(context, tab) if name == MESSAGE else Listing(VIEWS[name], context, tab))

    def show_box(self, screen: Screen[None]) -> None:
        """Show a screen above what is shown."""
        self.call_later(self.push_screen, screen)

    def close_boxes(self) -> None:
        """Close what has been asked, before anything else is shown."""

        async def close() -> None:
            while isinstance(self.screen, Asking):
                await self.pop_screen()

        self.call_later(close)

    def go_back(self) -> None:
        if len(self.screen_stack) > 2:
            self.call_later(self.pop_screen)

    async def action_back(self) -> None:
        if not isinstance(self.screen, Page):
            return
        if len(self.screen_stack) > 2:
            self.go_back()
        else:
            self.exit()

    def action_command(self) -> None:
        if isinstance(self.screen, Page):
            self.screen.action_command()

    def run_command(self, words: str) -> None:
        """Do what was typed after a colon."""
        name, _, rest = words.strip().partition(" ")
        rest = rest.strip()
        found = [one for one in (HOME, *VIEWS) if one.startswith(name)] if name else []
        match name:
            case "":
                return
            case "q" | "q!" | "quit" | "exit":
                self.exit()
            case "help":
                self.action_help()
            case "theme":
                if rest in self.available_themes:
                    self.theme = rest
                else:
                    self.warn(f"There is no theme {rest!r}. Some are: {', '.join(sorted(self.available_themes)[:8])}.")
            case "search":
                self.go_to("search", {"q": rest, "called": f"“{rest}”"}) if rest else self.warn("Say what to look for.")
            case _ if name in VIEWS or len(found) == 1:
                self.go_to(name if name in VIEWS else found[0])
            case _:
                self.warn(f"There is no view {name!r}. `:help` lists them.")

    # -------------------------------------------------------------------------------------------------------- telling

    def explained(self, problem: Exception) -> str:
        """Return what went wrong, in one sentence, and what to do next."""
        shown = explain(problem)
        details = [str(item["message"]) for item in shown.details if item["message"] not in shown.message]
        return cell(" ".join([shown.message, *details]))

    def complain(self, problem: Exception) -> None:
        self.notify(self.explained(problem), severity="error", markup=False)

    def warn(self, message: str) -> None:
        self.notify(message, severity="warning", markup=False)

    def copy(self, text: str, called: str = "") -> None:
        """Put text into the clipboard of the terminal (OSC 52)."""
        self.copy_to_clipboard(text)
        self.notify(f"Copied {called or cell(text)}", markup=False, timeout=2)

    def action_copy_command(self) -> None:
        if self.done is not None:
            self.copy(self.done.command)
        elif self.page is not None and self.page.equivalent():
            self.copy(" ".join(("posternctl", *self.page.equivalent())))

    def show_link(self) -> None:
        """Show the link of the last change."""
        if self.done is None or self.done.link is None:
            self.warn("There is no link: each change makes one.")
        else:
            self.show_box(LinkBox(self.done.link))

    def action_help(self) -> None:
        if self.page is not None and self.screen is self.page:
            page = self.page
            self.show_box(Told("Help", lambda: help_text(self, page)))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield what the palette offers."""
        yield SystemCommand("Home", "How things stand", lambda: self.go_to(HOME))
        for name, view in VIEWS.items():
            if name in {tab for tab, _ in TABS} or view.top:
                yield SystemCommand(view.title, f":{name}", lambda name=name: self.go_to(name))
        yield SystemCommand("Help", "Keys and commands", self.action_help)
        yield SystemCommand("Theme", "Choose another", self.action_change_theme)
        yield SystemCommand("Quit", "Leave the console", self.exit)
