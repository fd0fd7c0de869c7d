"""Declarations: shorthands taken apart, and only what a browser would surely take (CSS Syntax 2.2: errors are dropped).

A value that we cannot tell to be valid is kept apart. It may hide a text, but does not undo what hides it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from daemon.mail.colours import colour
from daemon.mail.css_lengths import length, number, words
from daemon.mail.css_syntax import GAP, lexed, split

Declarations = dict[str, str]

REMEMBERED = 4_000
_WIDE = frozenset(("inherit", "initial", "unset", "revert"))
_DISPLAYS = frozenset(
    """none contents block inline inline-block flow flow-root table inline-table table-row table-cell table-row-group
    table-header-group table-footer-group table-column table-column-group table-caption flex inline-flex grid
    inline-grid list-item run-in ruby -webkit-box -webkit-inline-box -webkit-flex -webkit-inline-flex math""".split()
)
_ALONE = frozenset(("none", "contents"))
_KEYWORDS: dict[str, frozenset[str]] = {
    "display": _DISPLAYS,
    "visibility": frozenset(("visible", "hidden", "collapse")),
    "position": frozenset(("static", "relative", "absolute", "fixed", "sticky", "-webkit-sticky")),
    "float": frozenset(("none", "left", "right", "inline-start", "inline-end")),
    "overflow-x": frozenset(("visible", "hidden", "clip", "scroll", "auto", "overlay")),
    "content-visibility": frozenset(("visible", "auto", "hidden")),
    "white-space": frozenset(("normal", "nowrap", "pre", "pre-wrap", "pre-line", "break-spaces")),
    "unicode-bidi": frozenset(("normal", "embed", "isolate", "bidi-override", "isolate-override", "plaintext")),
    "mix-blend-mode": frozenset(("normal", "multiply", "darken")),
    "-webkit-text-security": frozenset(("none", "disc", "circle", "square")),
    "flex-direction": frozenset(("row", "row-reverse", "column", "column-reverse")),
    "flex-wrap": frozenset(("nowrap", "wrap", "wrap-reverse")),
    "direction": frozenset(("ltr", "rtl")),
    "writing-mode": frozenset(
        ("horizontal-tb", "vertical-rl", "vertical-lr", "sideways-rl", "sideways-lr", "lr-tb", "tb-rl", "tb")
    ),
    "contain": frozenset("none strict content size inline-size layout style paint".split()),
    "box-sizing": frozenset(("content-box", "border-box")),
    "table-layout": frozenset(("auto", "fixed")),
    "animation-play-state": frozenset(("running", "paused")),
}
_KEYWORDS["overflow-y"] = _KEYWORDS["overflow-x"]
_SIZES = frozenset(
    "auto none normal min-content max-content fit-content -webkit-fill-available stretch content thin medium".split()
)
_ALIGNS = frozenset("baseline sub super top text-top middle bottom text-bottom normal".split())
_FONT_SIZES = frozenset("xx-small x-small small medium large x-large xx-large xxx-large smaller larger math".split())
_MOVES = frozenset(("translate", "scale"))
_LENGTHS = frozenset(
    """font-size line-height left right top bottom text-indent height max-height width max-width margin-left
    margin-right margin-top margin-bottom padding-left padding-right padding-top padding-bottom letter-spacing
    word-spacing vertical-align tab-size flex-basis -webkit-text-stroke-width""".split()
)
_NOT_NEGATIVE = frozenset(("font-size", "line-height", "height", "max-height", "width", "max-width"))
_COLOURS = frozenset(("color", "-webkit-text-fill-color", "-webkit-text-stroke-color", "background-color"))
_NUMBERS = frozenset(("opacity", "zoom", "z-index", "order", "flex-grow", "-webkit-line-clamp", "font-size-adjust"))
_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "transform": ("matrix", "translate", "scale", "rotate", "skew", "perspective"),
    "filter": (
        "blur(", "brightness(", "contrast(", "drop-shadow(", "grayscale(", "hue-rotate(", "invert(", "opacity(",
        "saturate(", "sepia(", "url(",
    ),
    "clip-path": ("inset(", "circle(", "ellipse(", "polygon(", "path(", "rect(", "xywh(", "shape(", "url("),
    "clip": ("rect(",),
    "offset-path": ("path(", "ray(", "url(", "circle(", "ellipse(", "inset(", "polygon(", "rect(", "xywh(", "shape("),
    "mask-image": ("url(", "linear-", "radial-", "conic-", "repeating-", "image", "-webkit-", "cross-fade("),
    "background-image": ("url(", "linear-", "radial-", "conic-", "repeating-", "image", "-webkit-", "cross-fade("),
}  # fmt: skip
_ANY = frozenset(
    """rotate text-decoration-line animation-name animation-duration animation-delay content grid-row grid-column
    grid-area grid-template-rows grid-template-columns box-shadow outline outline-width border border-top
    background-size background-position transform-origin columns""".split()
)
_MIXED = frozenset(
    """grid-template-rows grid-template-columns box-shadow outline outline-width border border-top background-size
    background-position transform-origin columns""".split()
)
_PARTS = frozenset(
    """none auto inset solid dashed dotted double groove ridge outset hidden thin medium thick cover contain left right
    top bottom center min-content max-content currentcolor invert""".split()
)
LONGHANDS = frozenset((*_KEYWORDS, *_LENGTHS, *_COLOURS, *_NUMBERS, *_FUNCTIONS, *_MOVES, *_ANY))
_SAME = {
    "-webkit-clip-path": "clip-path", "-webkit-filter": "filter", "-webkit-transform": "transform",
    "-webkit-opacity": "opacity", "text-decoration": "text-decoration-line",
    "-webkit-mask": "mask-image", "mask": "mask-image", "-webkit-mask-image": "mask-image",
    "-webkit-mask-box-image": "mask-image", "-webkit-mask-box-image-source": "mask-image", "mask-border": "mask-image",
    "mask-border-source": "mask-image",
    "-webkit-animation-name": "animation-name", "-webkit-order": "order", "-webkit-flex-direction": "flex-direction",
    "column-count": "columns", "column-width": "columns", "-webkit-columns": "columns",
    "-webkit-box-shadow": "box-shadow",
    "grid-row-start": "grid-row", "grid-column-start": "grid-column", "-webkit-background-size": "background-size",
    "line-clamp": "-webkit-line-clamp", "-webkit-transform-origin": "transform-origin",
    "-epub-writing-mode": "writing-mode",
    "-webkit-writing-mode": "writing-mode",
    "block-size": "height", "max-block-size": "max-height", "inline-size": "width", "max-inline-size": "max-width",
    "inset-inline-start": "left", "inset-inline-end": "right", "inset-block-start": "top", "inset-block-end": "bottom",
    "margin-inline-start": "margin-left", "margin-inline-end": "margin-right", "margin-block-start": "margin-top",
    "margin-block-end": "margin-bottom", "-webkit-margin-start": "margin-left", "overflow-block": "overflow-y",
    "overflow-inline": "overflow-x",
}  # fmt: skip
_SHORTHANDS = frozenset(
    """margin padding inset margin-inline margin-block inset-inline inset-block overflow white-space-collapse font
    background animation -webkit-animation flex flex-flow grid-template -webkit-text-stroke all""".split()
)
_DECIDING = LONGHANDS | _SAME.keys() | _SHORTHANDS
# A padding is of interest only where it may leave no room.
_LARGE = re.compile(r"[%v(]|[2-9]\d|\d{3}")
_SIDES = ("top", "right", "bottom", "left")
_AXES = {"inline": ("left", "right"), "block": ("top", "bottom")}
_BACKGROUND_WORDS = frozenset(
    """none repeat repeat-x repeat-y no-repeat space round scroll fixed local border-box padding-box content-box text
    left right top bottom center auto cover contain / 0""".split()
)
_SYSTEM_FONTS = frozenset("caption icon menu message-box small-caption status-bar".split())
_CAPITAL_NAME = re.compile(r"(?<![\w.#-])--[\w-]*[A-Z][\w-]*")
_CAPITAL = re.compile(r"[A-Z]")


class Declared(NamedTuple):
    """What a block declares: plainly, with `!important`, and what may not be valid."""

    plain: Declarations
    important: Declarations
    doubtful: Declarations

    def __bool__(self) -> bool:
        return bool(self.plain or self.important or self.doubtful)


@lru_cache(maxsize=REMEMBERED)
def inline(style: str) -> Declared:
    """The declarations of a `style` attribute; not to be changed, for they are kept."""
    return declared(lexed(style))


@lru_cache(maxsize=REMEMBERED)
def declared_of(block: str) -> Declared:
    """`declared`, of a rule of a style sheet; not to be changed, for it is kept."""
    return declared(block)


def declared(block: str) -> Declared:
    """The declarations of a lexed block that matter to what is seen."""
    found = Declared({}, {}, {})
    if "--" in block:
        # The name of a custom property keeps its case: each capital is followed by a mark.
        block = _CAPITAL_NAME.sub(lambda match: _CAPITAL.sub("\\g<0>\udc01", match[0]), block)
    for piece in block.lower().split(";") if "(" not in block and "{" not in block else split(block.lower(), ";"):
        name, _, value = piece.partition(":")
        name = name.strip()
        if name not in _DECIDING and name[:2] != "--":
            continue
        if name[:7] == "padding" and _LARGE.search(value) is None:
            continue
        value = value.strip() if GAP not in value else value.replace(GAP, " ").strip()
        target = found.plain
        if "!" in value:
            value, _, mark = value.rpartition("!")
            value, target = value.strip(), found.important if mark.strip() == "important" else found.doubtful
        if name[:2] == "--":
            target[name] = value
            continue
        for long, part in _longhands(name, value):
            if part == "revert-layer":
                target.pop(long, None)  # to what was there without this block, or before it
            elif is_valid(long, part):
                target.pop(long, None)
                target[long] = part
            elif part:
                found.doubtful[long] = part if not part.isalnum() or long not in _COLOURS else "#" + part
    return found


def _longhands(name: str, value: str) -> Iterable[tuple[str, str]]:
    """What a property sets, in longhands; nothing where it does not decide what is seen."""
    if name in LONGHANDS:
        return ((name, value),)
    if name in _SAME:
        return ((_SAME[name], value),)
    if name in ("margin", "inset", "padding"):
        return _four(name, value)
    axis = name.rpartition("-")[2]
    if name in ("margin-inline", "margin-block", "inset-inline", "inset-block"):
        parts = words(value)
        before = "margin-" if name[0] == "m" else ""
        return [(before + side, part) for side, part in zip(_AXES[axis], (parts * 2)[:2], strict=False)]
    if name == "overflow":
        parts = words(value) or [""]
        return (("overflow-x", parts[0]), ("overflow-y", parts[-1]))
    if name == "white-space-collapse":
        return (("white-space", "pre" if "preserve" in value or value == "break-spaces" else "normal"),)
    if name == "font":
        return _font(value)
    if name == "background":
        return _background(value)
    if name.endswith("animation"):
        return [("animation-name", value), ("animation-duration", value), ("animation-delay", value)]
    if name in _PARTED:
        return _parted(name, value)
    if name == "all":
        return [(long, value) for long in LONGHANDS if long not in ("unicode-bidi", "direction")]
    return ()


_PARTED = frozenset(("flex", "flex-flow", "grid-template", "-webkit-text-stroke"))


def _parted(name: str, value: str) -> Iterator[tuple[str, str]]:
    """The shorthands whose parts are told by what they are."""
    parts = words(value)
    if name == "flex":
        numbers = [part for part in parts if number(part) is not None and part[-1] != "%"]
        sizes = [part for part in parts if part not in numbers] + numbers[2:]
        yield ("flex-grow", numbers[0] if numbers else "0")
        yield ("flex-basis", sizes[0] if sizes else "auto" if not numbers else "0px")
    elif name == "grid-template":
        rows, _, columns = value.partition("/")
        yield from (("grid-template-rows", rows.strip()), ("grid-template-columns", columns.strip()))
    for part in parts if name[:2] in ("fl", "-w") and name != "flex" else ():
        if name == "flex-flow":
            yield ("flex-wrap" if "wrap" in part else "flex-direction", part)
        else:
            is_width = length(part, 16.0) is not None
            yield ("-webkit-text-stroke-width" if is_width else "-webkit-text-stroke-color", part)


def _four(name: str, value: str) -> Iterator[tuple[str, str]]:
    parts = words(value)
    if 0 < len(parts) <= 4:
        top, right, bottom, left = (parts * 4)[:4] if len(parts) != 3 else (*parts, parts[1])
        before = "" if name == "inset" else name + "-"
        yield from ((before + side, part) for side, part in zip(_SIDES, (top, right, bottom, left), strict=True))


def _font(value: str) -> Iterator[tuple[str, str]]:
    if value in _WIDE or value in _SYSTEM_FONTS or "var(" in value:
        size = "13px" if value in _SYSTEM_FONTS else value
        if "var(" in size:
            size = next((part for part in words(value) if "var(" in part), value)
        yield from (("font-size", size), ("line-height", "normal"))
        return
    parts = words(value.replace("/", " / "))
    for at, part in enumerate(parts):
        is_size = part in _FONT_SIZES - {"math"} or (
            length(part, 16.0, percent_of=16.0) is not None and (not part.isdigit() or part == "0")
        )
        if is_size or "(" in part:
            line = parts[at + 2] if parts[at + 1 : at + 2] == ["/"] and len(parts) > at + 2 else "normal"
            # Without a family it is no font.
            named = len(parts) > at + (3 if line != "normal" else 1)
            yield ("font-size", part if named else f"{part} odd")
            yield ("line-height", line if named else f"{line} odd")
            return


def _background(value: str) -> Iterator[tuple[str, str]]:
    if value in _WIDE or "var(" in value:
        yield from (("background-image", value if "var(" not in value else "none"), ("background-color", value))
        return
    ink, image, odd = "transparent", "none", ""
    sizes, places, sized = list[str](), list[str](), False
    parts = [word for part in words(value) for word in ([part] if "(" in part else part.replace("/", " / ").split())]
    for part in parts:
        sized = part == "/" or (sized and not part.endswith(","))
        if part.rstrip(",") in _BACKGROUND_WORDS or part == ",":
            if part == "0":
                (sizes if sized else places).append("0px")
            continue
        if part.startswith(_FUNCTIONS["background-image"]):
            image = part
        elif is_valid("background-color", part.rstrip(",")):
            ink = part.rstrip(",")
        elif length(part.rstrip(","), 16.0, percent_of=1.0) is None:
            odd = " odd"
        else:
            (sizes if sized else places).append(part.rstrip(","))
    if image != "none":
        yield from (("background-size", " ".join(sizes)), ("background-position", " ".join(places)))
    yield from (("background-image", image + odd), ("background-color", ink + odd))


def is_valid(name: str, value: str) -> bool:
    """Whether a browser surely takes this value for this longhand."""
    if not value:
        return False
    if value in _WIDE or "var(" in value or "env(" in value:
        return True
    if name in _KEYWORDS:
        parts = value.split() if name in ("display", "contain") else [value]
        return all(word in _KEYWORDS[name] and (len(parts) == 1 or word not in _ALONE) for word in parts)
    if name in _COLOURS:
        return value == "currentcolor" or colour(value) is not None
    if name in _LENGTHS:
        return _is_length(name, value)
    if name in _MOVES:
        sizes = [length(part, 16.0, percent_of=100.0) for part in words(value)]
        return value == "none" or (0 < len(sizes) <= 3 and None not in sizes)
    if name in _NUMBERS:
        return number(value) is not None or (name in ("zoom", "z-index") and value in ("normal", "reset", "auto"))
    if name in _FUNCTIONS:
        allowed = _FUNCTIONS[name]
        return value in ("none", "auto") or all(
            part.lstrip(", ").startswith(allowed) or (name == "clip-path" and part.endswith("-box"))
            for part in words(value)
        )
    return name not in _MIXED or all(_is_part(part) for part in words(value.replace(",", " ").replace("/", " ")))


def _is_part(part: str) -> bool:
    """Whether a word is likely to be one of a value that is made of lengths, colours and keywords."""
    if part in _PARTS or "(" in part or colour(part) is not None:
        return True
    return part.endswith("fr") or length(part, 16.0, percent_of=1_000.0) is not None


def _is_length(name: str, value: str) -> bool:
    if name == "font-size":
        if value in _FONT_SIZES:
            return True
    elif value in (_ALIGNS if name == "vertical-align" else _SIZES):
        return True
    size = length(value, 16.0, percent_of=1_000.0)
    if size is None or (size < 0 and name in _NOT_NEGATIVE and "(" not in value):
        return False
    # A bare number is a length in quirks mode only.
    return size == 0 or name in ("line-height", "tab-size") or not value[-1].isdigit()


def settled(name: str, value: str) -> Declarations:
    """What a longhand comes to once its variables are put in: it may have been part of a shorthand."""
    if is_valid(name, value):
        return {name: value}
    if name in ("font-size", "line-height"):
        return dict(_font(value))
    if name.startswith("background"):
        return dict(_background(value))
    if name in _LENGTHS:
        return {name: min(words(value), key=lambda part: length(part, 16.0, percent_of=1_000.0) or 0.0, default="")}
    return {}
