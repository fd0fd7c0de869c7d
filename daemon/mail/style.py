"""From declarations to what shows: lengths, colours, and the state that text inherits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from daemon.mail.colours import BLACK, NUMBER, WHITE, Colour, colour, contrast
from daemon.mail.css import Declarations

FONT_DEFAULT_PX = 16.0
FONT_SEEN_MIN_PX = 4.0
FONT_LARGE_PX = 20.0
OPACITY_SEEN_MIN = 0.15
CONTRAST_SEEN_MIN = 1.25
SCALE_SEEN_MIN = 0.1
OFFSCREEN_PX = 150.0
SLIT_MAX_PX = 2.0
SUM_MAX_CHARS = 200
VARIABLES_MAX = 300
VARIABLES_DEEP_MAX = 6
VALUE_MAX_CHARS = 1_000

_UNIT = "px|pt|em|rem|ex|ch|%|[dsl]?v(?:w|h|i|b|min|max)|cm|mm|in|pc|q"
_LENGTH = re.compile(rf"({NUMBER})({_UNIT})?")
_MEASURE = re.compile(rf"\s*(?:((?:{NUMBER}))({_UNIT})?|(calc|min|max|clamp)?(\()|([-+*/),]))\s*")
_VALUES = re.compile(r"[\w-]*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^\s()]+")
_VARIABLE = re.compile(r"var\(\s*(--[\w\-\u0080-\U0010ffff]*)\s*(?:,((?:[^()]|\([^()]*\))*))?\)")
_PX = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "rem": 16.0,
    "q": 0.945,
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
_DECIDING = {"display": "none", "visibility": "hidden", "opacity": "0", "content-visibility": "hidden"}
_MASKS = ("mask", "mask-image", "-webkit-mask", "-webkit-mask-image", "-webkit-mask-box-image")
_MARGINS = ("margin-inline-start", "margin-inline-end", "margin-block-start", "margin-inline", "margin-block")
_INSETS = """left top right bottom inset inset-inline inset-block inset-inline-start inset-inline-end inset-block-start
    inset-block-end""".split()


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
    variables: tuple[tuple[str, str], ...] = ()
    shows: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shows", self._can_be_read())

    def _can_be_read(self) -> bool:
        if not self.visible or self.font_px < FONT_SEEN_MIN_PX or self.clear_ink or self.reversed_text or self.squeezed:
            return False
        return self.paper is None or contrast(self.ink, self.paper) >= CONTRAST_SEEN_MIN


OUTERMOST = State()


def length(value: str, font_px: float, *, percent_of: float | None = None) -> float | None:
    """A CSS length in px, or None where it says nothing we can measure."""
    value = value.strip()
    match = _LENGTH.fullmatch(value)
    if match is not None:
        return _px(match[1], match[2] or "", font_px, percent_of)
    return _Sum(value, font_px, percent_of).value() if value.startswith(("calc(", "min(", "max(", "clamp(")) else None


def _px(number: str, unit: str, font_px: float, percent_of: float | None) -> float | None:
    if unit == "%":
        return None if percent_of is None else float(number) * percent_of / 100
    if unit in ("em", "ex", "ch"):
        return float(number) * font_px
    if "v" in unit:
        return float(number) * (7.0 if unit.endswith(("h", "b", "min")) else 10.0)
    return float(number) * _PX[unit]


class _Sum:
    """A `calc()`, `min()`, `max()` or `clamp()`, read from left to right."""

    def __init__(self, text: str, font_px: float, percent_of: float | None) -> None:
        self._text, self._font_px, self._percent_of = text[:SUM_MAX_CHARS], font_px, percent_of
        self._at = 0

    def value(self) -> float | None:
        """What it comes to in px, None where it cannot be told."""
        try:
            return self._factor()
        except (ValueError, ArithmeticError, RecursionError):
            return None

    def _next(self, wanted: str) -> str | None:
        match = _MEASURE.match(self._text, self._at)
        if match is None or match[5] is None or match[5] not in wanted:
            return None
        self._at = match.end()
        return match[5]

    def _total(self) -> float:
        total = self._product()
        while sign := self._next("+-"):
            total += self._product() * (1 if sign == "+" else -1)
        return total

    def _product(self) -> float:
        product = self._factor()
        while sign := self._next("*/"):
            other = self._factor()
            product = product * other if sign == "*" else product / other
        return product

    def _factor(self) -> float:
        match = _MEASURE.match(self._text, self._at)
        if match is None or match[5] is not None:
            raise ValueError
        self._at = match.end()
        if match[1] is not None:
            size = _px(match[1], match[2] or "", self._font_px, self._percent_of)
            if size is None:
                raise ValueError
            return size
        values = [self._total()]
        while self._next(","):
            values.append(self._total())
        if not self._next(")"):
            raise ValueError
        if match[3] == "clamp" and len(values) == 3:
            return max(values[0], min(values[1], values[2]))
        return max(values) if match[3] == "max" else min(values)


def resolved(style: Declarations, variables: tuple[tuple[str, str], ...]) -> Declarations:
    """Declarations with `var()` put in; what is not defined hides where it would decide whether an element shows."""
    if not any("var(" in value for value in style.values()):
        return style
    known = {**dict(variables), **{name: value for name, value in style.items() if name[:2] == "--"}}
    done: Declarations = {}
    for name, value in style.items():
        for _ in range(VARIABLES_DEEP_MAX):
            if "var(" not in value or len(value) > VALUE_MAX_CHARS:
                break
            value = _VARIABLE.sub(lambda match: known.get(match[1], match[2] or "unknown("), value).strip()  # noqa: PLW2901
        if "var(" not in value and "unknown(" not in value:
            done[name] = value
        elif name in _DECIDING:
            done[name] = _DECIDING[name]
    return done


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
    if _TRANSFORMED_AWAY.search(get("transform", "")) or get("zoom") in ("0", "0%"):
        return True
    if any((size := _number(part)) is not None and size < SCALE_SEEN_MIN for part in get("scale", "").split()):
        return True
    if any("(" in style[name] for name in _MASKS if name in style):
        return True  # a mail's text wears no mask, but to be hidden by it
    return _is_squeezed(style, font_px) or _is_off_screen(style, font_px)


def _number(value: str) -> float | None:
    match = re.fullmatch(r"\s*(\d{0,6}\.?\d{0,6})(%?)\s*", value)
    if match is None or match[1] in ("", "."):
        return length(value, 0.0, percent_of=1.0) if "(" in value else None
    return float(match[1]) / (100 if match[2] else 1)


def _is_squeezed(style: Declarations, font_px: float) -> bool:
    clips = any(
        style.get(name, "").split(" ")[0] in ("hidden", "clip") for name in ("overflow", "overflow-x", "overflow-y")
    )
    for name in ("height", "max-height", "width", "max-width", "line-height"):
        size = length(style[name], font_px, percent_of=1_000) if name in style else None
        if size is not None and ((size <= SLIT_MAX_PX and clips) or (size == 0 and name.startswith("max-"))):
            return True
    return False


def _is_off_screen(style: Declarations, font_px: float) -> bool:
    names = ["text-indent", "margin-left", "margin-top", "margin-right", *_MARGINS]
    if style.get("position") in ("absolute", "fixed", "relative", "sticky"):
        names += _INSETS
        depth = style.get("z-index", "")
        if depth.startswith("-") and style["position"] != "relative":
            return True
    for name in names:
        if name in style and _is_far(style[name], font_px, percent_of=1_000):
            return True
    if "translate" in style and _is_far(style["translate"], font_px, percent_of=OFFSCREEN_PX):
        return True
    margin = _VALUES.findall(style.get("margin", "")[:VALUE_MAX_CHARS])
    return any((size := length(value, font_px)) is not None and size <= -OFFSCREEN_PX for value in margin)


def _is_far(values: str, font_px: float, *, percent_of: float) -> bool:
    for value in _VALUES.findall(values[:VALUE_MAX_CHARS]):
        size = length(value, font_px, percent_of=percent_of)
        if size is not None and (size <= -OFFSCREEN_PX or size >= 20 * OFFSCREEN_PX):
            return True
    return False


def inherit(state: State, style: Declarations) -> State:
    """The state inside an element with these declarations."""
    ink, paper, font_px = state.ink, state.paper, _font_px(state.font_px, style)
    clear_ink = state.clear_ink
    for name in ("color", "-webkit-text-fill-color"):
        if name not in style:
            continue
        found = colour(style[name])
        if found is not None:
            ink = found[0]
            clear_ink = found[1] < OPACITY_SEEN_MIN
        elif "(" in style[name]:
            clear_ink = True  # a colour that we cannot tell may be that of the paper
    for name in ("background", "background-color", "background-image"):
        if name in style:
            paper = _paper(style[name], paper)
    visible = state.visible
    if "visibility" in style:
        visible = style["visibility"] not in ("hidden", "collapse") if style["visibility"] != "inherit" else visible
    spacing = length(style["letter-spacing"], font_px) if "letter-spacing" in style else None
    variables = {name: value for name, value in style.items() if name[:2] == "--" and len(value) <= VALUE_MAX_CHARS}
    return replace(
        state,
        variables=tuple({**dict(state.variables), **variables}.items())[:VARIABLES_MAX]
        if variables
        else state.variables,
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
        font = style.get("font", "")
        match = _FONT_IN_SHORTHAND.search(font)
        sums = [
            part
            for part in _VALUES.findall(font[:VALUE_MAX_CHARS])
            if part.startswith(("calc(", "min(", "max(", "clamp("))
        ]
        if match is None and not sums:
            return inherited
        value = sums[0] if match is None else match[1]
    value = value.strip()
    if value in _FONT_WORDS:
        return _FONT_WORDS[value]
    size = length(value, inherited, percent_of=inherited)
    return inherited if size is None else size
