"""How the console looks: its two themes, and the styles that words are drawn in."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.color import Color
from textual.theme import Theme

from postern_ctl.tui.views import BAD, GOOD, QUIET, STRONG, WARN

DARK = Theme(
    name="postern",
    primary="#73d0ff",
    secondary="#95e6cb",
    accent="#ffcc66",
    success="#87d96c",
    warning="#ffad66",
    error="#f28779",
    foreground="#ccd0d9",
    background="#11151c",
    surface="#161b24",
    panel="#1f2733",
    dark=True,
)
LIGHT = Theme(
    name="postern-light",
    primary="#005f87",
    secondary="#1f6f5c",
    accent="#8a5200",
    success="#22692c",
    warning="#8f4a00",
    error="#a8261d",
    foreground="#24292f",
    background="#fbfbfa",
    surface="#f1f2f3",
    panel="#e2e6ea",
    dark=False,
)
MARK = "mark"
_VARIABLES = {GOOD: "success", BAD: "error", WARN: "warning", STRONG: "accent", "key": "accent", "title": "primary"}


def style(app: App[None], kind: str) -> Style:
    """Return the style of a kind of word in the theme in force."""
    variables = app.theme_variables
    if kind == QUIET:
        ink, paper = Color.parse(variables["foreground"]), Color.parse(variables["background"])
        return Style(color=ink.blend(paper, 0.4).rich_color, dim=app.no_color)
    if kind == MARK:
        return Style(underline=True)
    if kind in _VARIABLES:
        bold = kind in (BAD, STRONG, "key", "title")
        return Style(color=Color.parse(variables[_VARIABLES[kind]]).rich_color, bold=bold)
    return Style()


def line(app: App[None], *parts: str | tuple[str, str]) -> Text:
    """Return one line of words, each with its kind; markup in them is text."""
    made = Text(no_wrap=True, overflow="ellipsis", end="")
    for part in parts:
        words, kind = (part, "") if isinstance(part, str) else part
        made.append(words, style(app, kind))
    return made


def meter(share: float, cells: int) -> str:
    """Return a bar that is filled by `share`, from 0 to 1."""
    filled = round(max(0.0, min(1.0, share)) * cells)
    return "━" * filled + "╌" * (cells - filled)
