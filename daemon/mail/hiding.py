"""The ways in which CSS takes an element and all in it out of sight."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from daemon.mail.css_lengths import length, number, words
from daemon.mail.css_values import Declarations
from daemon.mail.style import (
    FONT_DEFAULT_PX,
    INHERITING,
    OFFSCREEN_PX,
    OPACITY_SEEN_MIN,
    SLIT_MAX_PX,
    State,
)

FAR_PX = 3_000.0
WINDOW_PX = 900.0
SCALE_SEEN_MIN = 0.1
TURNED_DEGREES = 60.0
BLUR_SEEN_MAX_PX = 3.0

# What pushes a text to the other edge of its box.
_INDENTS = ("text-indent", "margin-left", "margin-right", "padding-left", "padding-right")
_CALL = re.compile(r"([a-z0-9-]+)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)?")
_ANGLE = re.compile(r"([+-]?[\d.]{1,12}(?:e[+-]?\d{1,2})?)(deg|grad|rad|turn)?")
_DEGREES = {"deg": 1.0, "grad": 0.9, "rad": 180 / math.pi, "turn": 360.0}
_STILL = (0.0, 0.0, 1.0)
_CLIPPED = ("hidden", "clip", "auto", "scroll", "overlay")
_UNSEEN_DISPLAYS = ("none", "table-column", "table-column-group")


def is_removed(style: Declarations, state: State) -> bool:
    """Whether an element and all in it are not shown: not displayed, transparent, clipped, squeezed or off screen.

    `state` is the one inside it, before it is moved.
    """
    get = style.get
    if get("display") in _UNSEEN_DISPLAYS or get("content-visibility") == "hidden":
        return True
    opacity = get("opacity")
    if opacity is not None and _is_faint(opacity):
        return True
    if (get("zoom") is not None and (number(style["zoom"]) or 1.0) < SCALE_SEEN_MIN) or get("zoom") in ("0", "0%"):
        return True
    if any(name in style and _hides(name, style[name]) for name in _COVERS):
        return True
    return _is_squeezed(style, state)


_COVERS = (
    "filter", "clip", "clip-path", "mask-image", "mix-blend-mode", "-webkit-text-security", "content",
)  # fmt: skip


_DOTS = frozenset(("disc", "circle", "square"))
# Black on white is gone in these.
_BLENDS = frozenset(
    """screen lighten color-dodge plus-lighter difference exclusion hue saturation color luminosity overlay hard-light
    soft-light""".split()
)


def _is_faint(value: str) -> bool:
    shown = number(value)
    return "(" in value if shown is None else shown < OPACITY_SEEN_MIN


def _hides(name: str, value: str) -> bool:
    if name == "filter":
        return any(_filtered(kind, argument) for kind, argument in _CALL.findall(value))
    if name == "clip":
        return "rect(" in value and _is_clipped(value)
    if name in ("clip-path", "mask-image"):
        return "(" in value  # a mail's text wears no mask, but to be hidden by it
    if name == "content":
        return value.startswith(("url(", "image", "-webkit-", "linear-", "radial-", "conic-", "repeating-", "cross-"))
    return value in _DOTS if name.startswith("-webkit") else value in _BLENDS


def _filtered(kind: str, argument: str) -> bool:
    amount = length(argument, FONT_DEFAULT_PX) if kind == "blur" else number(argument) if argument.strip() else 1.0
    if kind in ("drop-shadow", "grayscale", "sepia", "hue-rotate", "saturate"):
        return False
    if amount is None:
        return True
    if kind == "blur":
        return bool(argument.strip()) and amount > BLUR_SEEN_MAX_PX
    if kind == "opacity":
        return amount < OPACITY_SEEN_MIN
    if kind == "contrast":
        return amount < 0.3
    return amount > 3 or amount < 0.1 if kind == "brightness" else amount > 0.2 if kind == "invert" else True


def _is_clipped(value: str) -> bool:
    parts = value[value.index("(") + 1 :].rstrip(")").replace(",", " ").split()
    if len(parts) != 4:
        return False
    top, right, bottom, left = (length(part, FONT_DEFAULT_PX) for part in parts)
    if bottom is not None and bottom - (top or 0.0) <= 4 * SLIT_MAX_PX:
        return True
    return (right is not None and right - (left or 0.0) <= 4 * SLIT_MAX_PX) or (top or 0.0) > 100 or (left or 0.0) > 500


def _is_squeezed(style: Declarations, state: State) -> bool:
    clips = any(style.get(name) in _CLIPPED for name in ("overflow-x", "overflow-y"))
    if clips and state.line_px <= SLIT_MAX_PX:
        return True
    if (
        clips
        and sum(max(0.0, _size(style[name], state.font_px) or 0.0) for name in _INDENTS if name in style) >= WINDOW_PX
    ):
        return True
    for name in ("height", "max-height", "width", "max-width"):
        value = style.get(name)
        if value is None:
            continue
        size = length(value, state.font_px, percent_of=1_000)
        if size is None and name.startswith("max-") and "(" in value and not value.startswith("fit-content"):
            return True
        if size is None:
            continue
        if size < 0 and "(" not in value:
            continue  # an error
        if (size <= SLIT_MAX_PX and clips) or (size <= 0 and name.startswith("max-")):
            return True
        if clips and name.endswith("height") and "%" not in value and state.line_px > 2 * size + 2 * state.font_px:
            return True  # its first line is below its lower edge
    return False


def moved(style: Declarations, state: State) -> State | None:
    """`state` with what moves and scales the element counted in; None where that takes it out of sight."""
    position = style.get("position", "static")
    left, top, scale = state.left_px, state.top_px, 1.0
    for name in ("text-indent", "margin-left", "margin-right", "margin-top"):
        if name in style and (size := _size(style[name], state.font_px)):
            if abs(size) >= FAR_PX or size <= -OFFSCREEN_PX:
                return None
            if name == "margin-top":
                top += size
            elif name != "margin-right":
                left += size
    if position not in ("static", *INHERITING, "initial", "revert"):
        depth = style.get("z-index", "")
        if depth.startswith("-") and position != "relative":
            return None
        for name, across, sign in (("left", True, 1), ("right", True, -1), ("top", False, 1), ("bottom", False, -1)):
            size = _size(style.get(name, "auto"), state.font_px, WINDOW_PX)
            if size is None:
                continue
            if size <= -OFFSCREEN_PX or size >= (WINDOW_PX if position == "fixed" else FAR_PX):
                return None
            step = sign * size if position != "absolute" or size < 0 else 0
            left, top = (left + step, top) if across else (left, top + step)
    calls = [*_CALL.findall(style.get("transform", ""))]
    calls += [("translate", style["translate"].replace(" ", ",", 1))] if "translate" in style else []
    calls += [("scale", style["scale"].replace(" ", ","))] if "scale" in style else []
    calls += [_turn(style["rotate"])] if "rotate" in style else []
    for kind, argument in calls:
        change = _transformed(kind, [part.strip() for part in _split(argument)], state.font_px)
        if change is None:
            return None
        left, top, scale = left + change[0], top + change[1], scale * change[2]
    if left <= -OFFSCREEN_PX or top <= -OFFSCREEN_PX or max(left, top) >= FAR_PX:
        return None
    return _at(state, left, top, scale)


def _at(state: State, left: float, top: float, scale: float) -> State:
    if left == state.left_px and top == state.top_px and scale == 1.0:
        return state
    return replace(state, left_px=left, top_px=top, scale=state.scale * scale)


def _split(argument: str) -> list[str]:
    return re.split(r",(?![^()]*\))", argument)


def _size(value: str, font_px: float, percent_of: float = 1_000.0) -> float | None:
    sizes = [length(part, font_px, percent_of=percent_of) for part in words(value)]
    if "(" in value and None in sizes:
        return -FAR_PX  # it cannot be told where this puts it
    known = [size for size in sizes if size is not None]
    return min(known, key=lambda size: (size >= 0, -abs(size))) if known else None


def _turn(value: str) -> tuple[str, str]:
    parts = value.split()
    axis = parts[0] if parts and parts[0] in ("x", "y", "z") else ""
    return ("rotate" + (axis if axis != "z" else ""), parts[-1] if parts else "")


def _transformed(kind: str, arguments: list[str], font_px: float) -> tuple[float, float, float] | None:
    """How far a transform function moves, and how it scales; None where nothing is left to see, or we cannot tell."""
    if kind.startswith("translate"):
        sizes = [length(each, font_px, percent_of=OFFSCREEN_PX) for each in arguments]
        if None in sizes:
            return None if any("(" in each for each in arguments) else _STILL
        found = [size or 0.0 for size in sizes]
        if kind == "translatey":
            return 0.0, found[0], 1.0
        return found[0] if kind != "translatez" else 0.0, found[1] if len(found) > 1 else 0.0, 1.0
    if kind.startswith(("scale", "matrix")):
        factors = [number(each) for each in arguments]
        if None in factors:
            return None if any("(" in each for each in arguments) else _STILL
        return _scaled(kind, [factor or 0.0 for factor in factors])
    if kind in ("rotatex", "rotatey", "rotate3d"):
        match = _ANGLE.fullmatch(arguments[-1]) if arguments else None
        if match is None:
            return None if "(" in "".join(arguments) else _STILL
        turned = float(match[1]) * _DEGREES[match[2] or "deg"] % 360
        return None if TURNED_DEGREES <= turned <= 360 - TURNED_DEGREES else _STILL
    if kind.startswith("skew"):
        angles = [_ANGLE.fullmatch(each) for each in arguments]
        if any(angle is None or abs(float(angle[1]) * _DEGREES[angle[2] or "deg"]) > 75 for angle in angles):
            return None
    return _STILL


def _scaled(kind: str, factors: list[float]) -> tuple[float, float, float] | None:
    left = top = 0.0
    if kind == "matrix" and len(factors) == 6:
        a, b, c, d, left, top = factors
    elif kind == "matrix3d" and len(factors) == 16:
        a, b, c, d, left, top = (factors[at] for at in (0, 1, 4, 5, 12, 13))
    elif kind.startswith("matrix"):
        return _STILL
    else:
        across = factors[0] if kind != "scaley" and factors else 1.0
        down = factors[0] if kind == "scaley" else factors[1] if len(factors) > 1 and kind != "scalex" else across
        a, b, c, d = (across, 0.0, 0.0, 1.0 if kind == "scalex" else down)
        if kind == "scaley":
            a = 1.0
    area = a * d - b * c
    smaller = min(math.hypot(a, b), math.hypot(c, d))
    if area <= 0 or smaller < SCALE_SEEN_MIN or abs(area) < SCALE_SEEN_MIN**2:
        return None  # nothing, or mirrored
    return left, top, smaller
