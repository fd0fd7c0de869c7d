"""What an element does to the text in it: hide it, set it apart, mark it, give it a state."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from daemon.mail.boxes import arranged, clip_of, covers, has_paper, marks_of, other_papers
from daemon.mail.cascade import cascade
from daemon.mail.colours import WHITE, contrast, legacy
from daemon.mail.css import Rule
from daemon.mail.css_lengths import length
from daemon.mail.css_values import Declarations, Declared, inline
from daemon.mail.hiding import WINDOW_PX, is_removed, lingers
from daemon.mail.layout import BOX, BREAK, CELL, PARAGRAPH
from daemon.mail.markup import Looks
from daemon.mail.moving import moved
from daemon.mail.style import FONT_LARGE_PX, SLIT_MAX_PX, State, inherit
from daemon.mail.variables import resolved

_BLOCK_TAGS = frozenset(
    "address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form header hr"
    " html legend li main nav ol section summary table tbody tfoot thead tr ul caption".split()
)
_PARAGRAPH_TAGS = frozenset("p h1 h2 h3 h4 h5 h6 blockquote pre table ul ol hr".split())
_STRONG_TAGS = frozenset("b strong h1 h2 h3 h4 code kbd samp tt big mark".split())
_STRUCK_TAGS = frozenset(("s", "strike", "del"))
_QUOTE_NAME = re.compile(
    r"\b(?:gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|zmail_extra|divrplyfwdmsg|appendonsend)"
)
_BUTTON_NAME = re.compile(r"btn|button|\bcta")
BUTTON_CONTRAST_MIN = 1.5
REMEMBERED = 4_000
REMEMBERED_CHARS = 2_000
REMEMBERED_PARTS = 50
_INLINE_DISPLAYS = ("inline", "inline-block", "inline-flex", "table-cell", "inline-table", "contents")


@dataclass(frozen=True, slots=True)
class Effect:
    """What an element's own attributes and rules make of it: the same for all that are alike in the same place."""

    removed: bool
    state: State
    opening: str = ""
    closing: str = ""
    marks: tuple[str, ...] = ()
    button: bool = False
    style: Declarations = field(default_factory=dict)


_known: dict[tuple[object, ...], tuple[Effect, State, list[Rule]]] = {}

_states: dict[State, State] = {}


def effect_of(
    looks: Looks, state: State, sure: list[Rule], doubted: list[Rule], frames: dict[str, list[Declarations]]
) -> Effect:
    """The effect of the rules that are about an element, in the state around it; `doubted` ones can only hide it.

    It is looked up by all that it depends on but the names themselves, for mails number their classes, and mails of
    one sender are alike. What a key names by its `id` is kept with the answer, so that the id stays its own.
    """
    quote, button, judged = False, False, []
    if looks.attributes:
        names = " ".join((*looks.classes, looks.id)).lower()
        quote, button = _QUOTE_NAME.search(names) is not None, _BUTTON_NAME.search(names) is not None
        judged = [item for item in looks.attributes.items() if item[0] in _JUDGED]
    declared = [id(rule.declared) for rule in sure]
    key = (looks.tag, id(state), quote, button, *declared, None, *[id(rule.declared) for rule in doubted], *judged)
    known = _known.get(key) if not frames else None
    if known is not None:
        return known[0]
    found = _weighed(looks, state, sure, doubted, frames, quote=quote, button=button)
    if found.state is not state:
        # Equal states are one, so that what is in them is found by the state's id.
        if len(_states) >= REMEMBERED:
            _states.clear()
        found = replace(found, state=_states.setdefault(found.state, found.state))
    if not frames and sum([len(value) for _, value in judged]) <= REMEMBERED_CHARS and len(key) <= REMEMBERED_PARTS:
        if len(_known) >= REMEMBERED:
            _known.clear()
        _known[key] = (found, state, [*sure, *doubted])
    return found


_JUDGED = frozenset(
    """style hidden popover aria-hidden open type bgcolor background color text link dir align width height rows size
    role cellpadding cellspacing inert""".split()
)


def _weighed(
    looks: Looks,
    state: State,
    sure: list[Rule],
    doubted: list[Rule],
    frames: dict[str, list[Declarations]],
    *,
    quote: bool,
    button: bool,
) -> Effect:
    own = inline(looks.attributes["style"]) if looks.attributes.get("style") else None
    style = cascade(sure, own)
    found = _judge(looks, style, state, quote=quote, button=button)
    for more in _doubts(sure, doubted, own, style, frames):
        if found.removed:
            break
        other = _judge(looks, style | more, state, quote=quote, button=button)
        hides = found.state.shows and not other.state.shows
        if other.removed or hides or len(other.marks) > len(found.marks):
            found = other
    return found


def _doubts(
    sure: list[Rule],
    doubted: list[Rule],
    own: Declared | None,
    style: Declarations,
    frames: dict[str, list[Declarations]],
) -> list[Declarations]:
    """What may also be declared of an element."""
    found = [rule.declared.plain | rule.declared.important | rule.declared.doubtful for rule in doubted]
    found += [rule.declared.doubtful for rule in sure]
    found += [own.doubtful] if own is not None else []
    if frames and "animation-name" in style:
        names = style["animation-name"].replace(",", " ").split()
        last = None if lingers(style) else 1
        found += [frame for name in names for frame in frames.get(name, ())[:last]]
    return [each for each in found if each]


def _judge(looks: Looks, style: Declarations, state: State, *, quote: bool, button: bool) -> Effect:
    tag, attributes = looks.tag, looks.attributes
    style = resolved(style, state.variables) if style else style
    if _is_hidden(tag, attributes):
        return Effect(removed=True, state=state)
    if tag in _BOXED or (attributes and tag in ("table", "td")):
        style = _by_tag(tag, attributes, style, state) | style
    inside = _state(state, style, attributes, tag) if style or attributes or tag in _STATED else state
    lies: list[str] = []
    if style:
        if is_removed(style, inside):
            return Effect(removed=True, state=state)
        placed = moved(style, inside)
        lies = covers(tag, style, placed or replace(inside, top_px=state.top_px + WINDOW_PX), state)
        if placed is None and not (lies and has_paper(tag, style, inside)):
            return Effect(removed=True, state=state)
        inside = placed or replace(inside, opacity=0.0)  # where it lies, it may lie over others
    inside = _clipped(tag, style, inside)
    small = state.clip is not None and state.clip.height_px is not None
    marks = marks_of(tag, style, inside, state, lies) if style or small or inside.rtl != state.rtl else []
    inside = _arranged(tag, style, inside, state)
    if tag == "html" and inside.font_px != inside.root_px:
        inside = replace(inside, root_px=inside.font_px)
    opening, closing = _breaks(tag, style)
    if quote or tag == "blockquote":
        marks.append("quote")
    if tag in _STRUCK_TAGS or "line-through" in style.get("text-decoration-line", ""):
        marks.append("struck")
    if tag in _STRONG_TAGS or (inside.font_px >= FONT_LARGE_PX > state.font_px):
        marks.append("strong")
    return Effect(
        False,
        inside,
        opening,
        closing,
        tuple(marks),
        tag == "a" and (button or _is_button(looks, inside, state)),
        style,
    )


def _state(state: State, style: Declarations, attributes: dict[str, str], tag: str) -> State:
    shown: Declarations = {}
    if tag in _PAPER_TAGS and attributes.get("bgcolor"):
        shown["background-color"] = legacy(attributes["bgcolor"])
    if tag in _PAPER_TAGS and attributes.get("background"):
        shown["background-image"] = f"url({attributes['background'].strip().lower()})"
    if tag == "font" and attributes.get("color"):
        shown["color"] = legacy(attributes["color"])
    if tag == "body" and attributes.get("text"):
        shown["color"] = legacy(attributes["text"])
    if tag == "bdo":
        shown["unicode-bidi"] = "bidi-override" if attributes.get("dir", "").lower() == "rtl" else "normal"
    if tag == "pre":
        shown["white-space"] = "pre"
    if attributes.get("dir", "").lower() in ("ltr", "rtl"):
        shown["direction"] = attributes["dir"].lower()
    if tag == "a" and state.link and "href" in attributes:
        shown["color"] = state.link
    shown |= style
    inside = inherit(state, shown) if shown else state
    if tag == "body" and attributes.get("link"):
        inside = replace(inside, link=legacy(attributes["link"]))
    return inside


# What has a look by its tag, and boxes that browsers cut off.
_STATED = frozenset(("pre", "a"))
_BOXED = frozenset(("marquee", "textarea", "input", "nobr", "dialog", "img"))
_CELLS = ("cellpadding", "cellspacing")
_PAPER_TAGS = frozenset("body table thead tbody tfoot tr td th marquee".split())


def _by_tag(tag: str, attributes: dict[str, str], style: Declarations, state: State) -> Declarations:
    """What a browser declares of an element that cuts off its text, or stands elsewhere than it is written."""
    if tag == "nobr":
        return {"white-space": "nowrap"}
    if tag in ("table", "td"):
        found = {"background-color": legacy(attributes["bgcolor"])} if attributes.get("bgcolor") else {}
        found |= {"float": "right"} if tag == "table" and attributes.get("align", "").lower() == "right" else {}
        if state.clip is not None:
            around = max(
                (int(attributes[name][:4]) for name in _CELLS if attributes.get(name, "").isdigit()), default=0
            )
            found |= {"padding-top": f"{around}px"} if around else {}
            found |= {"height": attributes["height"] + "px"} if attributes.get("height", "").isdigit() else {}
        return found
    if tag == "dialog":
        return {"position": "absolute", "background-color": "#fff"}
    sizes = {name: attributes[name] + "px" for name in ("width", "height") if attributes.get(name, "").isdigit()}
    if tag == "input":
        shown = attributes.get("size", "")
        return {"overflow-x": "hidden", "white-space": "nowrap"} | ({"width": f"{shown}ch"} if shown.isdigit() else {})
    if tag == "img":
        return sizes if state.clip is not None or "position" in style else {}
    if tag == "textarea":
        rows = attributes.get("rows", "")
        sizes = {"-webkit-line-clamp": rows if rows.isdigit() else "2", "white-space": "pre-wrap"}
    return {"overflow-x": "hidden", "overflow-y": "hidden", **sizes}


def _clipped(tag: str, style: Declarations, inside: State) -> State:
    clip = clip_of(tag, style, inside) if style else inside.clip
    return inside if clip is inside.clip else replace(inside, clip=clip)


def _arranged(tag: str, style: Declarations, inside: State, outside: State) -> State:
    """The state inside an element with the order of what is in it, and with the papers that may be behind it."""
    changes: dict[str, object] = {}
    if style or outside.rtl or outside.sorts:
        sorts, scattered = arranged(tag, style, inside, outside)
        if sorts != inside.sorts:
            changes["sorts"] = sorts
        if scattered != inside.scattered:
            changes["scattered"] = scattered
    inside = replace(inside, **changes) if changes else inside  # type: ignore[arg-type]
    return other_papers(tag, style, inside, outside) if inside.beneath or inside.paper != outside.paper else inside


def _breaks(tag: str, style: Declarations) -> tuple[str, str]:
    """What is written before and after an element to keep it apart from its neighbours."""
    display = style.get("display", "")
    if tag in ("td", "th"):
        return ("", CELL) if display in ("", "table-cell") or display.startswith("inline") else (BREAK, BREAK)
    if tag == "button":
        return BOX, BOX
    if tag in _PARAGRAPH_TAGS and not display.startswith("inline"):
        return PARAGRAPH, PARAGRAPH
    if tag in _BLOCK_TAGS or tag in _PARAGRAPH_TAGS:
        if display in _INLINE_DISPLAYS or style.get("float", "none") in ("left", "right"):
            return BOX, BOX
        return BREAK, BREAK
    if display in ("block", "flex", "grid", "table", "list-item") or style.get("float", "none") != "none":
        return BREAK, BREAK
    return (BOX, BOX) if display in ("inline-block", "table-cell", "inline-flex") else ("", "")


def _is_button(looks: Looks, inside: State, outside: State) -> bool:
    if (looks.attributes.get("role", "")).lower() == "button":
        return True
    if (
        inside.paper is not None
        and outside.paper is not None
        and contrast(inside.paper, outside.paper) > BUTTON_CONTRAST_MIN
    ):
        return True
    style = looks.attributes.get("style", "")
    return "padding" in style and "border" in style


def _is_hidden(tag: str, attributes: dict[str, str]) -> bool:
    if tag == "dialog" and "open" not in attributes:
        return True
    if not attributes:
        return False
    if "hidden" in attributes or "popover" in attributes or attributes.get("aria-hidden", "").lower() == "true":
        return True
    return tag == "input" and attributes.get("type", "").lower() in (
        "hidden",
        "password",
        "checkbox",
        "radio",
        "file",
    )


def is_speck(attributes: dict[str, str], style: Declarations) -> bool:
    """Whether an image is too small to be seen."""
    for name in ("width", "height"):
        size = length(style.get(name) or attributes.get(name) or "", 16.0)
        if size is not None and size <= SLIT_MAX_PX:
            return True
    return False


def says_nothing(names: str) -> bool:
    """Whether an element's names tell neither of a quote nor of a button."""
    return _QUOTE_NAME.search(names.lower()) is None and _BUTTON_NAME.search(names.lower()) is None


def is_coloured(looks: Looks) -> bool:
    """Whether it is a box with a colour of its own, which a link in it may fill: the older way to make a button."""
    return looks.tag in ("td", "th", "div", "span") and bool(
        looks.attributes.get("bgcolor") or "background" in looks.attributes.get("style", "")
    )


def stands_out(inside: State) -> bool:
    """Whether the paper is no white one."""
    return inside.paper is not None and contrast(inside.paper, WHITE) > BUTTON_CONTRAST_MIN
