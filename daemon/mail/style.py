"""What text inherits: colours, sizes and places, and whether it can be read with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from daemon.mail.colours import BLACK, WHITE, Colour, colour, contrast
from daemon.mail.css_lengths import length, number
from daemon.mail.css_values import Declarations
from daemon.mail.variables import Variables, handed_down

FONT_DEFAULT_PX = 16.0
FONT_SEEN_MIN_PX = 4.0
FONT_SEEN_MAX_PX = 600.0
FONT_LARGE_PX = 20.0
OPACITY_SEEN_MIN = 0.15
CONTRAST_SEEN_MIN = 1.25
OFFSCREEN_PX = 150.0
SPACING_MAX_PX = 150.0
SLIT_MAX_PX = 2.0

_FONT_WORDS = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0,
    "xxx-large": 48.0,
}  # fmt: skip
_RELATIVE = {"smaller": 1 / 1.2, "larger": 1.2}
INHERITING = ("inherit", "unset", "")
_COLOUR_IN_GRADIENT = re.compile(r"[a-z-]+\([^()]*\)|#[0-9a-f]+|[a-z]+")


@dataclass(frozen=True, slots=True)
class State:
    """What an element hands down. `paper` is the painted background, None where it is an image or unknown.

    `left_px` and `top_px` tell how far it has been moved in all; `shows` whether text in this state can be read.
    """

    ink: Colour = BLACK
    ink_alpha: float = 1.0
    paper: Colour | None = WHITE
    font_px: float = FONT_DEFAULT_PX
    root_px: float = FONT_DEFAULT_PX
    visible: bool = True
    reversed_text: bool = False
    preformatted: bool = False
    fill: str = ""
    squeezed: bool = False
    line_px: float = FONT_DEFAULT_PX * 1.2
    opacity: float = 1.0
    scale: float = 1.0
    left_px: float = 0.0
    top_px: float = 0.0
    variables: Variables = ()
    shows: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shows", self._can_be_read())

    def _can_be_read(self) -> bool:
        if not self.visible or self.reversed_text or self.squeezed or self.opacity < OPACITY_SEEN_MIN:
            return False
        if not FONT_SEEN_MIN_PX <= self.font_px * self.scale <= FONT_SEEN_MAX_PX:
            return False
        ink, alpha = (self.ink, self.ink_alpha) if not self.fill else filled(self.fill)
        if alpha * self.opacity < OPACITY_SEEN_MIN:
            return False
        return self.paper is None or contrast(over(ink, alpha, self.paper), self.paper) >= CONTRAST_SEEN_MIN


def filled(value: str) -> tuple[Colour, float]:
    """The colour that text is filled with; one that we cannot tell may be that of the paper."""
    return colour(value) or (BLACK, 0.0)


def over(ink: Colour, alpha: float, paper: Colour) -> Colour:
    """A colour laid over another."""
    if alpha >= 1.0:
        return ink
    red, green, blue = (one * alpha + other * (1 - alpha) for one, other in zip(ink, paper, strict=True))
    return red, green, blue


OUTERMOST = State()


def inherit(state: State, style: Declarations) -> State:
    """The state inside an element with these declarations."""
    changes: dict[str, object] = {}
    get = style.get
    font_px = _font_px(state.font_px, state.root_px, style)
    if font_px != state.font_px:
        changes["font_px"] = font_px
    if "color" in style:
        changes["ink"], changes["ink_alpha"] = _ink(style["color"], state)
    fill = get("-webkit-text-fill-color")
    if fill is not None and fill not in INHERITING:
        changes["fill"] = "" if fill in ("currentcolor", "initial", "revert") else fill
    if "background-color" in style or "background-image" in style:
        changes["paper"] = _paper(style, state, changes)
    seen = get("visibility", "")
    if seen not in INHERITING:
        changes["visible"] = seen not in ("hidden", "collapse")
    if "letter-spacing" in style:
        spacing = length(style["letter-spacing"], font_px, percent_of=font_px)
        if spacing is not None or style["letter-spacing"] not in INHERITING:
            changes["squeezed"] = spacing is not None and not -font_px / 2 < spacing < SPACING_MAX_PX
    if "line-height" in style:
        high = _line_px(style["line-height"], font_px)
        if high is not None:
            changes["line_px"] = high
    if get("unicode-bidi", "").endswith("override"):
        changes["reversed_text"] = True
    if "white-space" in style and style["white-space"] not in INHERITING:
        changes["preformatted"] = style["white-space"].startswith(("pre", "break"))
    for name in ("opacity", "zoom"):
        factor = number(style[name]) if name in style else None
        if factor is not None and (name == "opacity" or factor > 0):
            held = "opacity" if name == "opacity" else "scale"
            changes[held] = getattr(state, held) * (min(factor, 1.0) if name == "opacity" else factor)
    if (variables := handed_down(state.variables, style)) is not state.variables:
        changes["variables"] = variables
    return replace(state, **changes) if changes else state  # type: ignore[arg-type]


def _ink(value: str, state: State) -> tuple[Colour, float]:
    if value in ("initial", "revert"):
        return BLACK, 1.0
    found = colour(value)
    if found is not None:
        return found
    # A function that we cannot work out may give the colour of the paper.
    return (state.ink, 0.0) if "(" in value else (state.ink, state.ink_alpha)


def _paper(style: Declarations, state: State, changes: dict[str, object]) -> Colour | None:
    paper = state.paper
    value = style.get("background-color", "").removesuffix(" odd")
    own = False
    if value == "currentcolor":
        paper, own = changes.get("ink", state.ink), True  # type: ignore[assignment]
    elif (found := colour(value)) is not None:
        if found[1] > 0:
            paper = found[0] if found[1] >= 1 or paper is None else over(found[0], found[1], paper)
            own = found[1] > OPACITY_SEEN_MIN
    elif "(" in value:
        paper = None
    image = style.get("background-image", "none")
    if "url(" in image or "image" in image or "cross-fade" in image:
        return paper if own else None  # where images are not loaded, the colour beneath shows
    if "gradient" in image:
        return _gradient(image, paper)
    return paper


def _gradient(image: str, paper: Colour | None) -> Colour | None:
    """The colour of a gradient that has one only, else None."""
    stops = [
        found for each in _COLOUR_IN_GRADIENT.findall(image.partition("(")[2]) if (found := colour(each)) is not None
    ]
    if paper is None or not stops:
        return None
    shown = [over(ink, alpha, paper) for ink, alpha in stops]
    return shown[0] if all(contrast(shown[0], each) < CONTRAST_SEEN_MIN for each in shown) else None


def _line_px(value: str, font_px: float) -> float | None:
    if value in ("normal", "initial", "revert"):
        return font_px * 1.2
    factor = number(value) if value[-1:].isdigit() else None
    return factor * font_px if factor is not None else length(value, font_px, percent_of=font_px)


def _font_px(inherited: float, root_px: float, style: Declarations) -> float:
    value = style.get("font-size", "")
    if value in INHERITING:
        return inherited
    if value in ("initial", "revert"):
        return FONT_DEFAULT_PX
    if value in _FONT_WORDS:
        return _FONT_WORDS[value]
    if value in _RELATIVE:
        return inherited * _RELATIVE[value]
    size = length(value, inherited, percent_of=inherited)
    if size is None or size < 0:
        return 0.0 if "(" in value else inherited
    return size * root_px / FONT_DEFAULT_PX if value.endswith("rem") else size
