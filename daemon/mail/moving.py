"""Where CSS puts an element: what moves, turns and scales it, and when that takes it out of sight."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from daemon.mail.css_lengths import length, number
from daemon.mail.css_values import Declarations
from daemon.mail.hiding import CALL, FAR_PX, SCALE_SEEN_MIN, WINDOW_PX, size_of
from daemon.mail.style import INHERITING, OFFSCREEN_PX, Clip, State

# How much of a move may take the first line out of its box, or put a box over its neighbour.
EDGE_PX = 15.0
TURNED_DEGREES = 60.0
UPSIDE_DOWN_DEGREES = 120.0
DEPTH_MAX_PX = 50.0
PIVOT_MAX_PX = 500.0

_ANGLE = re.compile(r"([+-]?[\d.]{1,12}(?:e[+-]?\d{1,2})?)(deg|grad|rad|turn)?")
_DEGREES = {"deg": 1.0, "grad": 0.9, "rad": 180 / math.pi, "turn": 360.0}
_STILL = (0.0, 0.0, 1.0)


def moved(style: Declarations, state: State) -> State | None:
    """`state` with what moves, turns and scales the element counted in; None where that takes it out of sight."""
    position = style.get("position", "static")
    is_placed = position not in ("static", *INHERITING, "initial", "revert")
    is_out = position in ("absolute", "fixed")
    left, top, scale = state.left_px, state.top_px, 1.0
    inner = ("padding-left", "padding-top") if state.clip is not None else ()
    for name in ("text-indent", "margin-left", "margin-right", "margin-top", "vertical-align", *inner):
        if name in style and (size := size_of(style[name], state.font_px)):
            if abs(size) >= FAR_PX or size <= -OFFSCREEN_PX:
                return None
            if name in ("margin-top", "padding-top", "vertical-align"):
                top += size if name != "vertical-align" else -size
            elif name != "margin-right":
                left += size
    if style.get("z-index", "").startswith("-"):
        return None  # behind whatever paper there is
    for name, across, sign in _SIDES if is_placed else ():
        value = style.get(name, "auto")
        size = size_of(value, state.font_px, WINDOW_PX)
        if size is None:
            continue
        if size <= (-EDGE_PX if is_out else -OFFSCREEN_PX):
            return None
        if size >= (WINDOW_PX if position == "fixed" or (is_out and "%" in value) else FAR_PX):
            return None
        step = sign * size if position != "absolute" or size < 0 or state.clip is not None else 0
        left, top = (left + step, top) if across else (left, top + step)
    turned = state.turned
    for kind, argument in _calls(style):
        arguments = [part.strip() for part in _split(argument)]
        change = _transformed(kind, arguments, state.font_px)
        if change is None:
            return None
        left, top, scale = left + change[0], top + change[1], scale * change[2]
        turned += _turned(arguments[-1]) if kind in ("rotatex", "rotatey", "rotate3d") else 0.0
        if (
            state.clip is not None
            and kind.startswith("translate")
            and any(_SHARE.fullmatch(each) for each in arguments)
        ):
            return None  # of its own size, which may be that of the box around it
    if "transform" in style and abs(size_of(style.get("transform-origin", "0"), state.font_px) or 0.0) >= PIVOT_MAX_PX:
        return None
    if left <= -OFFSCREEN_PX or top <= -OFFSCREEN_PX or max(left, top) >= FAR_PX or turned >= TURNED_DEGREES:
        return None
    if state.clip is not None and _is_cut_off(state.clip, left, top):
        return None
    if not is_out and (left, top, scale, turned) == (state.left_px, state.top_px, 1.0, state.turned):
        return state
    papers = state.papers
    if (is_out or max(abs(left - state.left_px), abs(top - state.top_px)) >= EDGE_PX) and not _PAPER & style.keys():
        papers += (state.ground,)  # it may have been moved off the paper around it
    return replace(state, left_px=left, top_px=top, scale=state.scale * scale, turned=turned, papers=papers)


_SIDES = (("left", True, 1), ("right", True, -1), ("top", False, 1), ("bottom", False, -1))
_PAPER = {"background-color", "background-image"}
_SHARE = re.compile(r"-?(?:[6-9]\d|\d{3,9})(?:\.\d{0,9})?%|.*\(.*")


def _is_cut_off(clip: Clip, left: float, top: float) -> bool:
    """Whether something is so far from where the box around it begins that its text may begin outside of it."""
    across, down = left - clip.left_px, top - clip.top_px
    if across <= -2 * EDGE_PX or down <= -EDGE_PX:
        return True
    return across >= 0.8 * (WINDOW_PX if clip.width_px is None else clip.width_px) or (
        clip.height_px is not None and down >= 0.6 * clip.height_px
    )


def _calls(style: Declarations) -> list[tuple[str, str]]:
    """The transform functions of an element."""
    calls = [*CALL.findall(style.get("transform", ""))]
    calls += [("translate", style["translate"].replace(" ", ",", 1))] if "translate" in style else []
    calls += [("scale", style["scale"].replace(" ", ","))] if "scale" in style else []
    return calls + ([_turn(style["rotate"])] if "rotate" in style else [])


def _split(argument: str) -> list[str]:
    return re.split(r",(?![^()]*\))", argument)


def _turn(value: str) -> tuple[str, str]:
    """`rotate` as the function that does the same."""
    *axis, angle = value.split() or [""]
    if axis in (["x"], ["y"]):
        return "rotate" + axis[0], angle
    return ("rotate3d" if len(axis) == 3 and axis[:2] != ["0", "0"] else "rotate"), angle


def _turned(angle: str) -> float:
    """By how many degrees out of the plane, 0 to 180."""
    match = _ANGLE.fullmatch(angle)
    degrees = float(match[1]) * _DEGREES[match[2] or "deg"] % 360 if match is not None else 0.0
    return min(degrees, 360 - degrees)


def _transformed(kind: str, arguments: list[str], font_px: float) -> tuple[float, float, float] | None:
    """How far a transform function moves, and how it scales; None where nothing is left to see, or we cannot tell."""
    if kind in ("translatez", "translate3d") and abs(length(arguments[-1], font_px) or 0.0) >= DEPTH_MAX_PX:
        return None
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
    if kind.startswith("rotate"):
        if "(" in "".join(arguments):
            return None
        turned = _turned(arguments[-1])
        return None if turned >= (UPSIDE_DOWN_DEGREES if kind in ("rotate", "rotatez") else TURNED_DEGREES) else _STILL
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
        if any(factors[at] for at in (2, 3, 6, 7, 8, 9, 11, 14)) or factors[15] != 1:
            return None  # out of the plane
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
