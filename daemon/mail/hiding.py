"""The ways in which CSS makes nothing of an element and all in it: not displayed, transparent, masked, squeezed."""

from __future__ import annotations

import re

from daemon.mail.css_lengths import length, number, words
from daemon.mail.css_values import Declarations
from daemon.mail.style import FONT_DEFAULT_PX, OPACITY_SEEN_MIN, SLIT_MAX_PX, State

FAR_PX = 3_000.0
WINDOW_PX = 900.0
SCALE_SEEN_MIN = 0.1
BLUR_SEEN_MAX_PX = 3.0
TAB_MAX = 100.0

# What pushes a text to the other edge of its box.
_INDENTS = ("text-indent", "margin-left", "margin-right", "padding-left", "padding-right")
CALL = re.compile(r"([a-z0-9-]+)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)?")
_CONTAINING = ("strict", "content", "paint")
_CLIPPED = ("hidden", "clip", "auto", "scroll", "overlay")
_NO_TRACK = re.compile(r"(?:(?:0(?:px|fr|%|em|pt)?|minmax\(0[a-z]*,\s*0[a-z]*\))\s*)+")
_LINGERS_SECONDS = 5.0
_TIME = re.compile(r"(?<![\w.])([+-]?[\d.]{1,12}(?:e[+-]?\d)?)(m?s)\b")
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
    "filter", "clip", "clip-path", "mask-image", "mix-blend-mode", "-webkit-text-security", "content", "offset-path",
    "grid-template-rows", "grid-template-columns",
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
        return any(_filtered(kind, argument) for kind, argument in CALL.findall(value))
    if name == "clip":
        return "rect(" in value and _is_clipped(value)
    if name in ("clip-path", "mask-image", "offset-path"):
        return "(" in value  # a mail's text wears no mask, but to be hidden by it
    if name.startswith("grid"):
        return bool(_NO_TRACK.fullmatch(value))
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


def lingers(style: Declarations) -> bool:
    """Whether an animation may stay for long where it begins or passes."""
    if "paused" in style.get("animation-play-state", "") or "paused" in style.get("animation-name", ""):
        return True
    for name in ("animation-duration", "animation-delay"):
        for number_of, unit in _TIME.findall(style.get(name, "")):
            seconds = number(number_of)
            if seconds is None or not 0 <= seconds / (1 if unit == "s" else 1_000) <= _LINGERS_SECONDS:
                return True
    return "(" in style.get("animation-duration", "") + style.get("animation-delay", "")


def clips(style: Declarations) -> bool:
    """Whether what is outside of an element's box is cut off."""
    if style.get("overflow-x") in _CLIPPED or style.get("overflow-y") in _CLIPPED:
        return True
    return any(word in _CONTAINING for word in style.get("contain", "").split())


def _is_squeezed(style: Declarations, state: State) -> bool:
    cut = clips(style) or style.get("table-layout") == "fixed"
    sized = style.get("contain", "").split()
    if "strict" in sized or ("size" in sized and cut):
        return True  # as if it were empty
    if cut and state.line_px <= SLIT_MAX_PX:
        return True
    if (
        cut
        and sum(max(0.0, size_of(style[name], state.font_px) or 0.0) for name in _INDENTS if name in style) >= WINDOW_PX
    ):
        return True
    if (number(style.get("tab-size", "8")) or 0.0) > TAB_MAX or (
        number(style.get("font-size-adjust", "1")) or 1.0
    ) < 0.2:
        return True
    for name in ("height", "max-height", "width", "max-width"):
        value = style.get(name)
        if value is None:
            continue
        size = length(value, state.font_px, percent_of=1_000)
        if size is None and (cut or name[:4] == "max-") and "(" in value and not value.startswith("fit-content"):
            return True
        if size is None:
            continue
        if size < 0 and "(" not in value:
            continue  # an error
        if (size <= SLIT_MAX_PX and cut) or (size <= 0 and name.startswith("max-")):
            return True
        if cut and name.endswith("height") and "%" not in value and state.line_px > 2 * size + 2 * state.font_px:
            return True  # its first line is below its lower edge
        if cut and name.endswith("width") and "%" not in value and _indent(style, state.font_px) >= 0.8 * size:
            return True
        if cut and style.get("box-sizing") == "border-box" and size <= _around(style, name, state.font_px):
            return True
    basis = length(style.get("flex-basis", "auto"), state.font_px, percent_of=1_000)
    grows = number(style.get("flex-grow", "0")) or 0.0
    return cut and basis is not None and basis <= SLIT_MAX_PX and grows <= 0


def _indent(style: Declarations, font_px: float) -> float:
    return length(style.get("text-indent", "0"), font_px, percent_of=1_000) or 0.0


def _around(style: Declarations, name: str, font_px: float) -> float:
    """What padding and border take of a height or width."""
    sides = ("padding-top", "padding-bottom") if name.endswith("height") else ("padding-left", "padding-right")
    found = [length(style.get(side, ""), font_px, percent_of=1_000) for side in sides]
    borders = [style.get("border", ""), style.get("border-top", "") if name.endswith("height") else ""]
    found += [length(part, font_px) for border in borders for part in words(border)]
    return sum(each for each in found if each is not None)


def size_of(value: str, font_px: float, percent_of: float = 1_000.0) -> float | None:
    """The length of a value, the furthest to the left of several; far to the left where it cannot be told."""
    sizes = [length(part, font_px, percent_of=percent_of) for part in words(value)]
    if "(" in value and None in sizes:
        return -FAR_PX  # it cannot be told where this puts it
    known = [size for size in sizes if size is not None]
    return min(known, key=lambda size: (size >= 0, -abs(size))) if known else None
