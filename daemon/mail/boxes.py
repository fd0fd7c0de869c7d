"""What a box does to the text in and around it: cuts it off, lies over it, stands elsewhere than it is written.

Where a text is, in lines and columns, is known only when all is laid out: so that is told by marks, and judged by
`covering`. The order in which boxes stand is not worked out: pieces of a word in such boxes are not put together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from daemon.mail.colours import colour
from daemon.mail.css_lengths import length, number, words
from daemon.mail.css_values import Declarations
from daemon.mail.hiding import clips, size_of
from daemon.mail.layout import CLIP, COVER, LTR, OVER, PUSH, RTL, STAGE, UNDER, VEIL
from daemon.mail.moving import EDGE_PX, moved
from daemon.mail.style import FONT_DEFAULT_PX, OPACITY_SEEN_MIN, Clip, State

LINES_MAX = 40
LINES_TOLD_MAX = 1_000.0
LINE_MIN_PX = 10.0
CHAR_WIDTH_EM = 0.45
WINDOW_COLUMNS = 140
SMALL_CLIP_PX = 100.0
# The property by which a rule for what is put before or after an element's text tells of it.
OVERLAID = "overlaid"
THIN_PX = 6.0
WITHIN_MAX_PX = 100.0

# Boxes that grow with what is in them, whatever height they are given.
_GROWING = frozenset("td th tr table tbody thead tfoot".split())
BLOCK_TAGS = frozenset(
    """address article aside body blockquote center dd details dialog div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul
    caption""".split()
)
# They show something of their own.
_REPLACED = frozenset("img textarea input hr button select svg iframe object embed canvas video".split())
_PLACED = ("relative", "absolute", "fixed", "sticky", "-webkit-sticky")
_RIGHT = ("right", "inline-end")
_FLEXES = ("flex", "inline-flex", "grid", "inline-grid", "-webkit-flex", "-webkit-inline-flex", "-webkit-box")
_BLOCK_DISPLAYS = ("block", "flex", "grid", "table", "list-item", "table-row")
_IN_A_ROW = ("inline-block", "inline-table", "inline-flex", "inline-grid", "table-cell")
_PLACING = ("grid-row", "grid-column", "grid-area")
_NOTHING = frozenset(("none", "auto", "initial", "inherit", "unset", "revert"))


def clip_of(tag: str, style: Declarations, state: State) -> Clip | None:
    """The box that cuts off what is in an element, where it is one."""
    if not clips(style):
        return state.clip
    return Clip(
        _smaller(style, ("width", "max-width"), state.font_px),
        _smaller(style, ("height", "max-height"), state.font_px) if tag not in _GROWING else None,
        state.left_px,
        state.top_px,
    )


def _smaller(style: Declarations, names: tuple[str, str], font_px: float) -> float | None:
    sizes = [length(style[name], font_px) for name in names if name in style]
    return min((size for size in sizes if size is not None), default=None)


def marks_of(tag: str, style: Declarations, inside: State, outside: State, lies: list[str]) -> list[str]:
    """The marks for what an element does to the text in it and around it; `lies` is where it lies over others."""
    found: list[str] = []
    if style.get("position") in _PLACED or style.get("display", "") in ("grid", "inline-grid") or "transform" in style:
        found.append(STAGE)
    if inside.clip is not None and (inside.clip is not outside.clip or inside.nowrap > outside.nowrap):
        found += _cut(style, inside, inside.clip, own=inside.clip is not outside.clip)
    if outside.clip is not None and outside.clip.height_px is not None:
        found += _pushes(tag, style, inside, outside.clip.height_px)
    if outside.clip is not None and outside.nowrap and outside.clip.width_px is not None:
        width = length(style.get("width", ""), outside.font_px)
        found += [PUSH] if width is not None and width >= 0.6 * outside.clip.width_px else []
    if inside.rtl != outside.rtl:
        found.append(RTL if inside.rtl else LTR)
    height = length(style.get("height", ""), inside.font_px) if tag in BLOCK_TAGS - _GROWING else None
    if height is not None and height < inside.line_px / 2:
        found.append(UNDER)  # what follows begins where this does
    if (size_of(style.get("margin-bottom", "0"), inside.font_px) or 0.0) <= -EDGE_PX:
        found.append(UNDER)
    if OVERLAID in style:
        found.append(style[OVERLAID])
    return found + lies


def _cut(style: Declarations, state: State, clip: Clip, *, own: bool) -> list[str]:
    """Of a box that cuts off: how many lines it has, and how many columns if they are not broken."""
    lines = LINES_MAX
    if own and clip.height_px is not None and "auto" not in (style.get("overflow-y"), style.get("overflow-x")):
        lines = max(1, _whole(clip.height_px / max(state.line_px, LINE_MIN_PX) + 0.4))
    if (clamp := number(style.get("-webkit-line-clamp", "none"))) is not None:
        lines = min(lines, max(1, _whole(clamp)))
    columns = WINDOW_COLUMNS
    if clip.width_px is not None:
        columns = max(1, _whole(clip.width_px / (CHAR_WIDTH_EM * max(state.font_px, LINE_MIN_PX)) + 1))
    if lines >= LINES_MAX and not (state.nowrap and clip.width_px is not None):
        return []
    return [f"{CLIP} {lines} {columns} {'' if state.nowrap else 'wrap'}"]


def _whole(number_of: float) -> int:
    return int(min(max(0.0, number_of), LINES_TOLD_MAX))


def _pushes(tag: str, style: Declarations, inside: State, clip_px: float) -> list[str]:
    """Whether an element in a box of a height that cuts off may take the room of what follows, or of its own text."""
    found: list[str] = []
    sizes = {
        name: size
        for name in ("height", "padding-top", "padding-bottom", "margin-top", "margin-bottom", "flex-basis")
        if name in style and (size := length(style[name], inside.font_px)) is not None
    }
    is_block = tag in BLOCK_TAGS or tag in _REPLACED or style.get("display", "") in _BLOCK_DISPLAYS
    if (is_block and clip_px < SMALL_CLIP_PX) or any(size >= 0.6 * clip_px for size in sizes.values()):
        found.append(PUSH)
    if inside.line_px >= 2 * clip_px or (tag in _GROWING and sizes.get("height", 0.0) >= 1.6 * clip_px):
        found.append(UNDER)
    return found


def covers(tag: str, style: Declarations, inside: State, outside: State) -> list[str]:
    """Whether a box lies over what is around it: anywhere, or over so many lines beside it."""
    position = style.get("position", "static")
    rim = _rim(style, inside.font_px)
    is_paper = has_paper(tag, style, inside)
    if style.get("z-index", "").startswith("-"):
        return []
    is_out = position in ("absolute", "fixed")
    is_bounded = not tag or tag in _REPLACED or clips(style)  # else what is in it may reach out of it
    if tag in _REPLACED and not inside.visible:
        return []
    if inside.opacity < OPACITY_SEEN_MIN or (not rim and is_bounded and _is_thin(style, inside.font_px)):
        return []
    if is_paper and inside.scale > 1.2 * outside.scale:
        return [f"{COVER} far"]
    if is_out or (is_paper and _says(style, _PLACING)):
        return [COVER if not rim and _is_within(style, inside.font_px) else f"{COVER} far"]
    across, down = abs(inside.left_px - outside.left_px), abs(inside.top_px - outside.top_px)
    shift = max(rim, across, down) if is_paper else down if down >= 2 * EDGE_PX else 0.0
    for name in ("margin-left", "margin-right", "margin-bottom") if is_paper else ():
        shift = max(shift, -(size_of(style.get(name, "0"), inside.font_px) or 0.0))
    return [f"{OVER} {1 + _whole(shift / LINE_MIN_PX)}"] if shift >= EDGE_PX else []


def _is_within(style: Declarations, font_px: float) -> bool:
    """Whether a box that is placed in another is likely to stay in it: it is no larger, or small."""
    sizes = {
        name: size
        for name in ("width", "height", "left", "right", "top", "bottom", "padding-top", "padding-left")
        if name in style and (size := size_of(style[name], font_px, WITHIN_MAX_PX)) is not None
    }
    return all(0 <= size <= WITHIN_MAX_PX for size in sizes.values())


def has_paper(tag: str, style: Declarations, state: State) -> bool:
    """Whether it has anything of its own that is drawn under its text, or around it."""
    return tag in _REPLACED or _is_painted(style) or _rim(style, state.font_px) > 0


def _is_painted(style: Declarations) -> bool:
    if style.get("background-image", "none") not in _NOTHING:
        return True
    value = style.get("background-color", "transparent")
    ink = colour(value)
    return ink[1] > OPACITY_SEEN_MIN if ink is not None else value not in _NOTHING


def _says(style: Declarations, names: Iterable[str]) -> bool:
    return any(style.get(name, "auto") not in _NOTHING for name in names)


def _rim(style: Declarations, font_px: float) -> float:
    """How far what is drawn around a box reaches over others, in px; nothing for what is usual."""
    wide = [0.0]
    for layer in style.get("box-shadow", "").split("),") if "inset" not in style.get("box-shadow", "") else ():
        sizes = [size for part in words(layer) if (size := length(part, font_px)) is not None]
        across, down, blur, spread = [*sizes, 0.0, 0.0, 0.0, 0.0][:4]
        reach = max(abs(across), abs(down))
        wide.append(spread + (reach if 2 * blur <= reach else 0.0))
    edges = f"{style.get('outline', '')} {style.get('outline-width', '')}"
    wide += [size for part in words(edges) if (size := length(part, font_px)) is not None]
    if style.get("position") in ("absolute", "fixed"):
        wide += [size for part in words(style.get("border", "")) if (size := length(part, font_px)) is not None]
    return max(wide) if max(wide) >= EDGE_PX else 0.0


def _is_thin(style: Declarations, font_px: float) -> bool:
    sizes = [length(style[name], font_px) for name in ("width", "height") if name in style]
    return any(size is not None and size <= THIN_PX for size in sizes)


def overlaid(style: Declarations) -> str:
    """The mark for what is put before or after an element's text (`::before`, `::after`) and lies over it."""
    if style.get("content") in ("none", "normal") or _is_thin(style, FONT_DEFAULT_PX):
        return ""
    if style.get("position") in ("absolute", "fixed"):
        is_wide = _is_painted(style) or _says(style, ("width", "height")) or {"left", "right"} <= style.keys()
        return "" if not is_wide else VEIL if _is_within(style, FONT_DEFAULT_PX) else f"{VEIL} far"
    placed = moved(style, State())
    return UNDER if placed is None or covers("", style, placed, State()) else ""


def arranged(tag: str, style: Declarations, inside: State, outside: State) -> tuple[str, bool]:
    """How what is right in an element is arranged ("" as written, in a "row" of boxes, or "sorted" otherwise), and
    whether the element itself is one of several that may stand in another order than they are written in."""
    display = style.get("display", "")
    sorts = ""
    is_reversed = any("reverse" in style.get(name, "") for name in ("flex-direction", "flex-wrap"))
    if is_reversed or style.get("writing-mode", "horizontal-tb")[:2] in ("ve", "si", "tb"):
        sorts = "sorted"
    elif display in _FLEXES:
        sorts = "row"
    if inside.scattered or outside.sorts == "sorted":
        return sorts, True
    in_a_row = tag in ("td", "th") or display in _IN_A_ROW or outside.sorts == "row" or _says(style, ("float",))
    if (in_a_row and outside.rtl) or style.get("float", "none") in _RIGHT:
        return sorts, True
    if (number(style.get("order", "0")) or 0.0) != 0.0 or _says(style, _PLACING):
        return sorts, True
    if style.get("position", "static") in _PLACED:
        if style["position"] in ("absolute", "fixed"):
            return sorts, True
        if any(abs(size_of(style.get(name, "0"), inside.font_px) or 0.0) >= EDGE_PX for name in ("left", "right")):
            return sorts, True
    if any(
        (size_of(style.get(name, "0"), inside.font_px) or 0.0) <= -EDGE_PX for name in ("margin-left", "margin-right")
    ):
        return sorts, True
    return sorts, "translate" in style or "translate" in style.get("transform", "")


def other_papers(tag: str, style: Declarations, inside: State, outside: State) -> State:
    """`inside` with what may be behind its text instead of its paper: a box need not be as large as what is in it."""
    display = style.get("display", "")
    is_block = tag in BLOCK_TAGS or display in ("block", "flex", "grid", "table")
    changes: dict[str, object] = {}
    if inside.beneath and is_block:
        changes["papers"], changes["beneath"] = inside.papers + inside.beneath, ()
    if tag in ("body", "html") and inside.paper is not None:
        changes["ground"] = inside.paper
    if inside.paper != outside.paper and outside.paper is not None:
        is_inline = display in ("", "inline") and tag not in BLOCK_TAGS and style.get("float", "none") == "none"
        changes["beneath"] = (outside.paper,) if is_inline and tag not in _GROWING else ()
        height = length(style.get("height", ""), inside.font_px) if tag not in _GROWING else None
        if display == "contents" or (height is not None and height < inside.line_px / 2):
            changes["papers"] = (*inside.papers, outside.paper)
    return replace(inside, **changes) if changes else inside  # type: ignore[arg-type]
