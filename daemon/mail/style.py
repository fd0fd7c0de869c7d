"""What text inherits: colours, sizes and places, and whether it can be read with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from daemon.mail.colours import BLACK, WHITE, Colour, colour, contrast
from daemon.mail.css_lengths import length, number, words
from daemon.mail.css_values import Declarations
from daemon.mail.variables import Variables, handed_down

FONT_DEFAULT_PX = 16.0
FONT_SEEN_MIN_PX = 4.0
FONT_SEEN_MAX_PX = 600.0
FONT_LARGE_PX = 20.0
OPACITY_SEEN_MIN = 0.15
CONTRAST_SEEN_MIN = 1.25
OFFSCREEN_PX = 90.0
SPACING_MAX_PX = 150.0
SLIT_MAX_PX = 2.0
TILE_MIN_PX = 10.0

_FONT_WORDS = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0,
    "xxx-large": 48.0,
}  # fmt: skip
_RELATIVE = {"smaller": 1 / 1.2, "larger": 1.2}
INHERITING = ("inherit", "unset", "")
# It is shown by few programs, or is none.
_NO_PICTURE = re.compile(r"url\(\"?\s*(?:data|about|#|\udc23|\"?\))")
# It is shown by few programs, or there is none.
_NO_PICTURE = re.compile(r"url\(\"?\s*(?:data|about|#|\udc23|\"?\))")
_COMMA = re.compile(r",(?![^()]*\))")
_COLOUR_IN_GRADIENT = re.compile(r"[a-z-]+\([^()]*\)|#[0-9a-f]+|[a-z]+")


class Clip(NamedTuple):
    """A box that cuts off what is outside: its size where that is set, and where it stands."""

    width_px: float | None
    height_px: float | None
    left_px: float
    top_px: float


@dataclass(frozen=True, slots=True)
class State:
    """What an element hands down. `paper` is the painted background, None where it is an image or unknown; `papers`
    are others that may be there instead. `ground` is that of the page, `beneath` that behind blocks in an inline box.

    `left_px` and `top_px` tell how far it has been moved in all, `turned` by how many degrees; `clip` is the box around
    it that cuts off what is outside of it. `sorts` tells that what is right in it stands in another order than it is
    written in, `scattered` that it is a piece of such. `shows` tells whether text in this state can be read,
    `shows_whole` that words can, but pieces of one cannot be put together.
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
    papers: tuple[Colour, ...] = ()
    ground: Colour = WHITE
    beneath: tuple[Colour, ...] = ()
    turned: float = 0.0
    clip: Clip | None = None
    nowrap: bool = False
    rtl: bool = False
    sorts: str = ""
    scattered: bool = False
    link: str = ""
    variables: Variables = ()
    shows: bool = field(init=False, default=True)
    shows_whole: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        can_be_read = self._can_be_read()
        object.__setattr__(self, "shows", can_be_read and not self.scattered)
        object.__setattr__(self, "shows_whole", can_be_read and self.scattered)

    def _can_be_read(self) -> bool:
        if not self.visible or self.reversed_text or self.squeezed or self.opacity < OPACITY_SEEN_MIN:
            return False
        if not FONT_SEEN_MIN_PX <= self.font_px * self.scale <= FONT_SEEN_MAX_PX:
            return False
        ink, alpha = (self.ink, self.ink_alpha) if not self.fill else filled(self.fill)
        if alpha * self.opacity < OPACITY_SEEN_MIN:
            return False
        papers = self.papers if self.paper is None else (self.paper, *self.papers)
        return all(contrast(over(ink, alpha, paper), paper) >= CONTRAST_SEEN_MIN for paper in papers)


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
    if (length(get("-webkit-text-stroke-width", "0"), font_px) or 0.0) > font_px / 8:
        changes["fill"] = get("-webkit-text-stroke-color", changes.get("fill", state.fill))
    if "background-color" in style or "background-image" in style or "inset" in get("box-shadow", ""):
        changes["paper"], changes["papers"] = _paper(style, state, changes)
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
    if "word-spacing" in style and abs(length(style["word-spacing"], font_px) or 0.0) >= SPACING_MAX_PX:
        changes["squeezed"] = True
    if get("direction") in ("ltr", "rtl"):
        changes["rtl"] = style["direction"] == "rtl"
    if get("unicode-bidi", "").endswith("override"):
        changes["reversed_text"] = True
    if "white-space" in style and style["white-space"] not in INHERITING:
        changes["preformatted"] = style["white-space"].startswith(("pre", "break"))
        changes["nowrap"] = style["white-space"] in ("nowrap", "pre")
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


def _paper(style: Declarations, state: State, changes: dict[str, object]) -> tuple[Colour | None, tuple[Colour, ...]]:
    """The paper of an element, and what other papers its text must be told from too."""
    paper, papers = state.paper, state.papers
    ink: Colour = changes.get("ink", state.ink)  # type: ignore[assignment]
    value = style.get("background-color", "").removesuffix(" odd")
    own = False
    if value == "currentcolor":
        paper, own = ink, True
    elif (found := colour(value)) is not None:
        if found[1] > 0:
            paper = found[0] if found[1] >= 1 or paper is None else over(found[0], found[1], paper)
            own = found[1] > OPACITY_SEEN_MIN
    elif "(" in value:
        paper = None
    papers = () if own or paper is None else papers
    image = style.get("background-image", "none")
    if image == "none" or not _is_spread(style):
        pass
    elif "url(" in image or "image" in image or "cross-fade" in image:
        paper, papers = (paper if own else None), ()  # where images are not loaded, the colour beneath shows
    elif "gradient" in image:
        stops = _stops(image, ink, paper or WHITE)
        paper, papers = stops[0] if len(stops) == 1 else None, stops
    if "inset" in (shadow := style.get("box-shadow", "")):
        papers += tuple(
            over(*_shade(layer, ink), paper or WHITE) for layer in _COMMA.split(shadow) if _is_filling(layer)
        )
    return paper, papers


def _is_spread(style: Declarations) -> bool:
    """Whether a background image is behind the text, as far as its size and place tell, and no picture of its own."""
    if _NO_PICTURE.match(style["background-image"]):
        return False
    sizes = [length(part, FONT_DEFAULT_PX, percent_of=100.0) for part in words(style.get("background-size", ""))]
    places = [length(part, FONT_DEFAULT_PX, percent_of=0.0) for part in words(style.get("background-position", ""))]
    return all(size is None or size >= TILE_MIN_PX for size in sizes) and all(
        place is None or abs(place) < FONT_SEEN_MAX_PX for place in places
    )


def _stops(image: str, ink: Colour, paper: Colour) -> tuple[Colour, ...]:
    """The colours of a gradient over a paper, those that can be told from the first."""
    found = [
        (ink, 1.0) if each == "currentcolor" else colour(each)
        for each in _COLOUR_IN_GRADIENT.findall(image.partition("(")[2])
    ]
    shown = [over(stop[0], stop[1], paper) for stop in found if stop is not None]
    return tuple([each for at, each in enumerate(shown) if at == 0 or contrast(shown[0], each) >= CONTRAST_SEEN_MIN])


def _is_filling(layer: str) -> bool:
    """Whether a shadow in a box reaches into the middle of it."""
    return "inset" in layer and any((length(part, FONT_DEFAULT_PX) or 0.0) >= FONT_DEFAULT_PX for part in words(layer))


def _shade(layer: str, ink: Colour) -> tuple[Colour, float]:
    return next((found for part in words(layer) if (found := colour(part)) is not None), (ink, 1.0))


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
