"""From declarations to what shows: lengths, colours, and the state that text inherits."""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from daemon.mail.css import Declarations

FONT_DEFAULT_PX = 16.0
FONT_SEEN_MIN_PX = 4.0
FONT_LARGE_PX = 20.0
OPACITY_SEEN_MIN = 0.15
CONTRAST_SEEN_MIN = 1.25
OFFSCREEN_PX = 150.0
SLIT_MAX_PX = 2.0

Colour = tuple[float, float, float]
WHITE: Colour = (255.0, 255.0, 255.0)
BLACK: Colour = (0.0, 0.0, 0.0)

_NAMED: dict[str, str] = {
    "white": "ffffff", "black": "000000", "red": "ff0000", "green": "008000", "blue": "0000ff", "yellow": "ffff00",
    "gray": "808080", "grey": "808080", "silver": "c0c0c0", "navy": "000080", "teal": "008080", "purple": "800080",
    "maroon": "800000", "olive": "808000", "lime": "00ff00", "aqua": "00ffff", "cyan": "00ffff", "fuchsia": "ff00ff",
    "magenta": "ff00ff", "orange": "ffa500", "snow": "fffafa", "ivory": "fffff0", "whitesmoke": "f5f5f5",
    "ghostwhite": "f8f8ff", "floralwhite": "fffaf0", "azure": "f0ffff", "mintcream": "f5fffa", "aliceblue": "f0f8ff",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "gainsboro": "dcdcdc", "darkgray": "a9a9a9", "dimgray": "696969",
    "seashell": "fff5ee", "beige": "f5f5dc", "linen": "faf0e6", "lavender": "e6e6fa", "honeydew": "f0fff0",
    "midnightblue": "191970", "darkblue": "00008b", "royalblue": "4169e1", "steelblue": "4682b4", "tomato": "ff6347",
}  # fmt: skip
_LENGTH = re.compile(r"(-?\d{0,9}\.?\d{0,6})(px|pt|em|rem|ex|ch|%|vw|vh|cm|mm|in|pc)?")
_PX = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "rem": 16.0,
    "vw": 10.0,
    "vh": 7.0,
    "cm": 37.8,
    "mm": 3.78,
    "in": 96.0,
    "pc": 16.0,
}
_FONT_WORDS = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0,
}  # fmt: skip
_FONT_IN_SHORTHAND = re.compile(r"(?:^|\s)(\d{0,5}\.?\d{0,5}(?:px|pt|em|rem|%)|0)(?:\s*/|\s)")
_CLIPPED_AWAY = re.compile(
    r"rect\(\s*(?:[01](?:px)?[\s,]+){3}[01](?:px)?\s*\)|inset\(\s*(?:[5-9]\d|100)%|circle\(\s*0|ellipse\(\s*0"
    r"|polygon\(\s*(?:0(?:px|%)?\s+0(?:px|%)?[\s,]*)+\)"
)
_TRANSFORMED_AWAY = re.compile(
    r"scale[xy]?\(\s*0?\.?0*\d?\s*[,)]|translate[xyz3d]*\([^)]*-\s*\d{3,}|translate[xyz3d]*\([^)]*\d{4,}"
    r"|rotate[xy]\(\s*-?(?:90|270)deg"
)


@dataclass(frozen=True, slots=True)
class State:
    """What an element hands down. `paper` is the painted background, None where it is an image or unknown;
    `shows` tells whether text in this state can be read."""

    ink: Colour = BLACK
    paper: Colour | None = WHITE
    font_px: float = FONT_DEFAULT_PX
    visible: bool = True
    reversed_text: bool = False
    preformatted: bool = False
    clear_ink: bool = False
    squeezed: bool = False
    shows: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shows", self._can_be_read())

    def _can_be_read(self) -> bool:
        if not self.visible or self.font_px < FONT_SEEN_MIN_PX or self.clear_ink or self.reversed_text or self.squeezed:
            return False
        return self.paper is None or contrast(self.ink, self.paper) >= CONTRAST_SEEN_MIN


@lru_cache(maxsize=1_000)
def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = ((c / 255 / 12.92) if c <= 10.3 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


OUTERMOST = State()


def length(value: str, font_px: float, *, percent_of: float | None = None) -> float | None:
    """A CSS length in px, or None where it says nothing we can measure."""
    match = _LENGTH.fullmatch(value.strip())
    if match is None or match[1] in ("", "-", ".", "-."):
        return None
    number, unit = float(match[1]), match[2] or ""
    if unit == "%":
        return None if percent_of is None else number * percent_of / 100
    if unit in ("em", "ex", "ch"):
        return number * font_px
    return number * _PX[unit]


def colour(value: str) -> tuple[Colour, float] | None:
    """A CSS colour and its alpha, or None when it is no colour of its own (inherit, a variable, an unknown name)."""
    value = value.strip()
    if value == "transparent":
        return BLACK, 0.0
    digits = value[1:] if value.startswith("#") else _NAMED.get(value, "")
    if len(digits) in (3, 4):
        digits = "".join(char * 2 for char in digits)
    if len(digits) in (6, 8) and all(char in "0123456789abcdef" for char in digits):
        parts = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
        return (float(parts[0]), float(parts[1]), float(parts[2])), parts[3] / 255 if len(parts) == 4 else 1.0
    if value.startswith(("rgb", "hsl")):
        return _functional(value)
    return None


def _functional(value: str) -> tuple[Colour, float] | None:
    numbers = re.findall(r"(\d{0,6}\.?\d{1,6})(%?)", value)
    if len(numbers) < 3:
        return None
    alpha = 1.0
    if len(numbers) > 3:
        alpha = float(numbers[3][0]) / (100 if numbers[3][1] else 1)
    if value.startswith("hsl"):
        hue, saturation, light = (float(number) for number, _ in numbers[:3])
        rgb = colorsys.hls_to_rgb(hue % 360 / 360, min(light, 100) / 100, min(saturation, 100) / 100)
        return (rgb[0] * 255, rgb[1] * 255, rgb[2] * 255), alpha
    red, green, blue = (min(255.0, float(number) * (2.55 if percent else 1)) for number, percent in numbers[:3])
    return (red, green, blue), alpha


def is_removed(style: Declarations, font_px: float) -> bool:
    """Whether an element and all in it are not shown: not displayed, transparent, clipped, squeezed or off screen."""
    get = style.get
    if get("display") == "none" or get("content-visibility") == "hidden":
        return True
    opacity = _number(get("opacity", ""))
    if opacity is not None and opacity < OPACITY_SEEN_MIN:
        return True
    if "filter" in style and (match := re.search(r"opacity\(\s*([\d.]{1,8}%?)", style["filter"])):
        shown = _number(match[1])
        if shown is not None and shown < OPACITY_SEEN_MIN:
            return True
    if _CLIPPED_AWAY.search(get("clip", "")) or _CLIPPED_AWAY.search(get("clip-path", "")):
        return True
    if _TRANSFORMED_AWAY.search(get("transform", "")) or get("scale") == "0" or get("zoom") in ("0", "0%"):
        return True
    return _is_squeezed(style, font_px) or _is_off_screen(style, font_px)


def _number(value: str) -> float | None:
    match = re.fullmatch(r"\s*(\d{0,6}\.?\d{0,6})(%?)\s*", value)
    if match is None or match[1] in ("", "."):
        return None
    return float(match[1]) / (100 if match[2] else 1)


def _is_squeezed(style: Declarations, font_px: float) -> bool:
    clips = any(
        style.get(name, "").split(" ")[0] in ("hidden", "clip") for name in ("overflow", "overflow-x", "overflow-y")
    )
    for name in ("height", "max-height", "width", "max-width", "line-height"):
        size = length(style[name], font_px) if name in style else None
        if size is None and style.get(name, "") == "0%":
            size = 0.0
        if size is not None and ((size <= SLIT_MAX_PX and clips) or (size == 0 and name.startswith("max-"))):
            return True
    return False


def _is_off_screen(style: Declarations, font_px: float) -> bool:
    names = ["text-indent", "margin-left", "margin-top", "margin-right"]
    if style.get("position") in ("absolute", "fixed", "relative", "sticky"):
        names += ["left", "top", "right", "bottom"]
        depth = style.get("z-index", "")
        if depth.startswith("-") and style["position"] != "relative":
            return True
    for name in names:
        size = length(style[name], font_px, percent_of=1_000) if name in style else None
        if size is not None and (size <= -OFFSCREEN_PX or size >= 20 * OFFSCREEN_PX):
            return True
    margin = style.get("margin", "").split()
    return any((size := length(value, font_px)) is not None and size <= -OFFSCREEN_PX for value in margin)


def inherit(state: State, style: Declarations) -> State:
    """The state inside an element with these declarations."""
    ink, paper, font_px = state.ink, state.paper, _font_px(state.font_px, style)
    clear_ink = state.clear_ink
    for name in ("color", "-webkit-text-fill-color"):
        if name in style and (found := colour(style[name])) is not None:
            ink = found[0]
            clear_ink = found[1] < OPACITY_SEEN_MIN
    for name in ("background", "background-color", "background-image"):
        if name in style:
            paper = _paper(style[name], paper)
    visible = state.visible
    if "visibility" in style:
        visible = style["visibility"] not in ("hidden", "collapse") if style["visibility"] != "inherit" else visible
    spacing = length(style["letter-spacing"], font_px) if "letter-spacing" in style else None
    return replace(
        state,
        ink=ink,
        paper=paper,
        font_px=font_px,
        visible=visible,
        clear_ink=clear_ink,
        reversed_text=state.reversed_text or style.get("unicode-bidi", "").endswith("override"),
        squeezed=state.squeezed if spacing is None else spacing <= -font_px / 2,
        preformatted=style["white-space"].startswith("pre") if "white-space" in style else state.preformatted,
    )


def _paper(value: str, paper: Colour | None) -> Colour | None:
    if "url(" in value or "gradient" in value:
        return None
    for word in [value] if "(" in value else value.split():
        found = colour(word)
        if found is not None:
            return found[0] if found[1] > OPACITY_SEEN_MIN else paper
    return paper


def _font_px(inherited: float, style: Declarations) -> float:
    value = style.get("font-size")
    if value is None:
        match = _FONT_IN_SHORTHAND.search(style.get("font", ""))
        if match is None:
            return inherited
        value = match[1]
    value = value.strip()
    if value in _FONT_WORDS:
        return _FONT_WORDS[value]
    size = length(value, inherited, percent_of=inherited)
    return inherited if size is None else size
