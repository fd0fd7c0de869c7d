"""The help: what the keys do here, and everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from postern_ctl.tui.look import line

if TYPE_CHECKING:
    from postern_ctl.tui.app import Console
    from postern_ctl.tui.frame import Page

EVERYWHERE = (
    ("1…9", "the views in the bar"),
    ("esc  q", "back; q on the first page leaves"),
    ("↑↓ j k", "up and down; g and G, page up and page down"),
    ("⏎", "into it"),
    ("i", "every field of it"),
    ("/", "show only what contains some words; esc shows all again"),
    (":", "a view, search WORDS, theme NAME, quit"),
    ("ctrl+p", "the same, from a list"),
    ("y", "copy what matters most: the address, the code, the id"),
    ("Y", "copy the posternctl command of the last change, or of this view"),
    ("o", "the one-time link of the last change, or of this message"),
    ("r", "ask again; not needed while it is live"),
)


def help_text(console: Console, page: Page) -> Text:
    """Return the help for a page."""
    made = Text()
    hints = page.hints()
    if hints:
        made += line(console, ("Here\n", "title"))
        for key, label in hints:
            made += line(console, "  ", (f"{key:<8}", "key"), label, "\n")
        made += "\n"
    made += line(console, ("Everywhere\n", "title"))
    for key, label in EVERYWHERE:
        made += line(console, "  ", (f"{key:<8}", "key"), label, "\n")
    words = page.equivalent()
    if words:
        made += line(
            console, ("\nOn a command line\n", "title"), "  ", (" ".join(("posternctl", *words)), "strong"), "\n"
        )
    made.no_wrap = False
    return made
