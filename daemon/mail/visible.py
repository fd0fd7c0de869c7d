"""HTML to what a reader sees: the text as laid out, and the links with their labels, in document order.

One walk over the tree of selectolax (Lexbor) with an explicit stack. What is hidden from a reader is not in the text:
that is the wall between a message and the decoys that somebody put into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from daemon.mail.css import Compound, Declarations, Rule, Sheet, inline_declarations
from daemon.mail.guard import trim
from daemon.mail.layout import BOX, BREAK, CELL, PARAGRAPH, Layout, Span
from daemon.mail.limits import FULL, Limits
from daemon.mail.style import FONT_LARGE_PX, SLIT_MAX_PX, WHITE, State, colour, contrast, inherit, is_removed, length

VISIBLE_MAX_CHARS = 200_000
LINKS_MAX = 500
STYLE_ELEMENTS_MAX = 20
STYLE_CHARS_PER_CHECK = 30

_UNSEEN_TAGS = frozenset(
    "head title script style template noscript noframes noembed iframe object embed applet audio video canvas select"
    " datalist meta link base rp rt param source track frameset math defs desc metadata".split()
)
_BLOCK_TAGS = frozenset(
    "address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form header hr"
    " html legend li main nav ol section summary table tbody tfoot thead tr ul caption".split()
)
_PARAGRAPH_TAGS = frozenset("p h1 h2 h3 h4 h5 h6 blockquote pre table ul ol hr".split())
_STRONG_TAGS = frozenset("b strong h1 h2 h3 h4 code kbd samp tt big mark".split())
_STRUCK_TAGS = frozenset(("s", "strike", "del"))
_QUOTE_MARKS = re.compile(
    r"\b(?:gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|zmail_extra|divrplyfwdmsg|appendonsend)"
)
_NOSCRIPT = re.compile(r"<noscript[\s>].*?(?:</noscript|\Z)", re.IGNORECASE | re.DOTALL)
_BUTTON_NAME = re.compile(r"btn|button|\bcta")
_VOID_TAGS = frozenset(("img", "area", "input", "br", "hr"))
# Attributes that differ between elements that look alike.
_NOT_LOOKS = frozenset(("href", "src", "alt", "title", "target", "name", "rel"))
BUTTON_CONTRAST_MIN = 1.5
CLASSES_MAX = 20
_INLINE_DISPLAYS = ("inline", "inline-block", "inline-flex", "table-cell", "inline-table", "contents")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that can be seen and clicked: its target as written, its label, where it stands in the text, its look."""

    href: str
    label: str
    start: int
    end: int
    button: bool


@dataclass(frozen=True, slots=True)
class Rendered:
    """The visible text, its links in order, and spans of kind `quote`, `struck` and `strong` (offsets into `text`)."""

    text: str
    links: tuple[Link, ...] = ()
    spans: tuple[Span, ...] = ()
    problem: str | None = None


def render(html: str, limits: Limits = FULL) -> Rendered:
    """What a reader of `html` sees. Never raises; what exceeds the limits is cut off and `problem` says so.

    The last answer is kept: a message that somebody waits for is read twice in a row, to be stored and to be answered.
    """
    global _last
    key, last = _last
    if key == (html, limits):
        return last
    rendered = _render(html, limits)
    _last = ((html, limits), rendered)
    return rendered


_last: tuple[tuple[str, Limits] | None, Rendered] = (None, Rendered(text=""))


def _render(html: str, limits: Limits) -> Rendered:
    html, problem = trim(html, limits)
    if not html.strip():
        return Rendered(text="", problem=problem)
    # In a head the tree builder would let its content out into the body.
    html = _NOSCRIPT.sub("", html)
    walk = _Walk(LexborHTMLParser(html), limits.style_checks)
    layout = walk.run()
    if walk.checks_left < 0:
        problem = "style sheet too complex to be read whole"
    text, spans = layout.finish(VISIBLE_MAX_CHARS)
    links = tuple(
        Link(span.value, text[span.start : span.end].strip(), span.start, span.end, span.kind == "button")
        for span in spans
        if span.kind in ("link", "button") and text[span.start : span.end].strip()
    )
    others = tuple(span for span in spans if span.kind not in ("link", "button") and span.start < span.end)
    return Rendered(text=text, links=links[:LINKS_MAX], spans=others, problem=problem)


@dataclass(frozen=True, slots=True)
class _Effect:
    """What an element's own attributes and rules make of it: the same for all that are alike in the same place."""

    removed: bool
    state: State
    opening: str = ""
    closing: str = ""
    marks: tuple[str, ...] = ()
    button: bool = False
    style: Declarations = field(default_factory=dict)


@dataclass(slots=True)
class _Frame:
    """An element that is open: what follows it, what its children inherit, what to write when it closes."""

    next: LexborNode | None
    state: State
    tag: str
    id: str
    classes: tuple[str, ...]
    attributes: dict[str, str | None]
    closing: str = ""
    spans: int = 0
    index: int = 0
    previous: _Frame | None = None


class _Walk:
    def __init__(self, tree: LexborHTMLParser, checks: int) -> None:
        self.checks_left = checks
        self._root = tree.root
        self._sheet = Sheet()
        for node in tree.css("style")[:STYLE_ELEMENTS_MAX]:
            text = node.text(deep=True)
            self.checks_left -= len(text) // STYLE_CHARS_PER_CHECK
            if self.checks_left >= 0:
                self._sheet.add(text)
        self._layout = Layout()
        self._open: list[_Frame] = []
        self._effects: dict[tuple[object, ...], tuple[_Effect, State]] = {}

    def run(self) -> Layout:
        node, state = self._root, State()
        while True:
            if node is None or self.checks_left < 0:
                # What cannot be judged is not shown: with the checks used up, the walk ends.
                if not self._open:
                    return self._layout
                frame = self._open.pop()
                self._layout.close(frame.spans)
                self._layout.write(frame.closing)
                node, state = frame.next, self._open[-1].state if self._open else State()
                continue
            tag = node.tag or ""
            if tag == "-text":
                if state.shows:
                    self._layout.text(node.text_content or "", preformatted=state.preformatted)
            elif tag and tag[0] not in "-!_" and tag not in _UNSEEN_TAGS:
                entered = self._enter(node, tag, state)
                if entered is not None:
                    state, node = entered.state, node.first_child
                    continue
            node = node.next

    def _enter(self, node: LexborNode, tag: str, state: State) -> _Frame | None:
        """Open an element; None when neither it nor anything in it shows."""
        parent = self._open[-1] if self._open else None
        attributes = node.attributes
        name = (attributes["id"] or "").lower() if "id" in attributes else ""
        classes = tuple((attributes["class"] or "").lower().split()[:CLASSES_MAX]) if "class" in attributes else ()
        frame = _Frame(node.next, state, tag, name, classes, attributes)
        if parent is not None:
            parent.index += 1
        effect = self._effect(node, frame, state)
        if parent is not None:
            parent.previous = frame  # the youngest child so far: what `+` looks at
        if effect.removed:
            return None
        frame.state, frame.closing = effect.state, effect.closing
        if tag in _VOID_TAGS:
            self._single(tag, attributes, effect.state, effect.style)
            return None
        self._layout.write(effect.opening)
        for mark in effect.marks:
            self._layout.open(mark, tag)
        frame.spans = len(effect.marks)
        if tag == "a" and attributes.get("href"):
            kind = "button" if effect.button or _on_button(frame, parent) else "link"
            self._layout.open(kind, (attributes["href"] or "").strip())
            frame.spans += 1
        self._open.append(frame)
        if tag == "details" and "open" not in attributes:
            self._closed_details(node, frame)
            return None
        return frame

    def _effect(self, node: LexborNode, frame: _Frame, state: State) -> _Effect:
        attributes = frame.attributes
        key: tuple[object, ...] = (frame.tag, id(state))
        if attributes:
            key += tuple([item for item in attributes.items() if item[0] not in _NOT_LOOKS])
        known = self._effects.get(key)
        if known is not None:
            return known[0]
        rules, alike = self._candidates(frame)
        self.checks_left -= len(rules)
        style = self._style([rule for rule in rules if self._matches(rule, frame, node)], frame)
        effect = _effect(frame, style, state)
        if alike:
            # The state is kept beside its effect, so that its id stays its own.
            self._effects[key] = (effect, state)
        return effect

    def _candidates(self, frame: _Frame) -> tuple[list[Rule], bool]:
        """The rules that may apply, and whether they judge an element by nothing but its tag, id and classes."""
        by_key = self._sheet.by_key
        if not by_key:
            return [], True
        rules = [*by_key.get(frame.tag, ()), *by_key.get("*", ())]
        for name in frame.classes:
            rules += by_key.get("." + name, ())
        if frame.id:
            rules += by_key.get("#" + frame.id, ())
        return rules, all(rule.simple for rule in rules)

    def _closed_details(self, node: LexborNode, frame: _Frame) -> None:
        # Only the summary of closed details shows; it is written here and the rest is passed over.
        child = node.first_child
        while child is not None:
            if child.tag == "summary" and frame.state.shows:
                self._layout.text(child.text(deep=True), preformatted=False)
                break
            child = child.next
        self._open.pop()
        self._layout.close(frame.spans)
        self._layout.write(frame.closing)

    def _single(self, tag: str, attributes: dict[str, str | None], state: State, style: Declarations) -> None:
        if tag == "br":
            self._layout.write(BREAK)
        elif tag == "hr":
            self._layout.write(PARAGRAPH)
        elif not state.shows:
            return
        elif tag == "img" and not _is_speck(attributes, style):
            self._layout.text(attributes.get("alt") or "", preformatted=False)
        elif tag == "area" and attributes.get("href") and attributes.get("alt"):
            self._layout.open("link", (attributes["href"] or "").strip())
            self._layout.text(attributes["alt"] or "", preformatted=False)
            self._layout.close(1)
        elif tag == "input" and (attributes.get("type") or "text").lower() in ("text", "submit", "button", "number"):
            self._layout.text(attributes.get("value") or "", preformatted=False)

    def _style(self, matched: list[Rule], frame: _Frame) -> Declarations:
        """The element's declarations after the cascade (CSS Cascade 6.1)."""
        inline = frame.attributes.get("style")
        if not matched and not inline:
            return {}
        matched.sort(key=lambda rule: rule.weight)
        style: Declarations = {}
        for rule in matched:
            _merge(style, rule.declarations)
        plain, important = inline_declarations(inline) if inline else ({}, {})
        _merge(style, plain)
        for rule in matched:
            _merge(style, rule.important)
        _merge(style, important)
        return style

    def _matches(self, rule: Rule, frame: _Frame, node: LexborNode) -> bool:
        first = rule.compounds[0]
        if not _fits(first, frame, node, self._open[-1].index if self._open else 1):
            return False
        depth, link = len(self._open) - 1, first.link
        previous = self._open[-1].previous if self._open else None
        for compound in rule.compounds[1:]:
            if link in "+~":
                if previous is None or not _fits(compound, previous, None, 0):
                    return False
                previous = None
            elif link == ">":
                if depth < 0 or not _fits(compound, self._open[depth], None, 0):
                    return False
                depth -= 1
            else:
                while depth >= 0 and not _fits(compound, self._open[depth], None, 0):
                    depth -= 1
                if depth < 0:
                    return False
                depth -= 1
            link = compound.link
        return True


def _merge(style: Declarations, more: Declarations) -> None:
    for name, value in more.items():
        if name == "background":
            style.pop("background-color", None)
        elif name == "font":
            style.pop("font-size", None)
        style[name] = value


def _fits(compound: Compound, frame: _Frame, node: LexborNode | None, index: int) -> bool:
    if compound.tag is not None and compound.tag != frame.tag:
        return False
    if any(wanted != frame.id for wanted in compound.ids) or any(
        name not in frame.classes for name in compound.classes
    ):
        return False
    for pseudo in compound.pseudo:
        if pseudo == "first-child" and index != 1:
            return False
        if pseudo == "root" and frame.tag != "html":
            return False
        if pseudo in ("last-child", "only-child") and (node is None or _element_after(node)):
            return False
    return all(_attribute_fits(frame.attributes, *wanted) for wanted in compound.attributes)


def _element_after(node: LexborNode) -> bool:
    following = node.next
    for _ in range(20):
        if following is None:
            return False
        if (following.tag or "-")[0] != "-":
            return True
        following = following.next
    return True


def _attribute_fits(attributes: dict[str, str | None], name: str, operator: str, wanted: str) -> bool:
    if name not in attributes:
        return False
    value = (attributes[name] or "").lower()
    if not operator:
        return True
    if operator == "=":
        return value == wanted
    if operator == "~=":
        return wanted in value.split()
    if operator == "|=":
        return value == wanted or value.startswith(wanted + "-")
    if not wanted:
        return False
    return {"^=": value.startswith, "$=": value.endswith, "*=": value.__contains__}[operator](wanted)


def _is_hidden(tag: str, attributes: dict[str, str | None]) -> bool:
    if tag == "dialog" and "open" not in attributes:
        return True
    if not attributes:
        return False
    if "hidden" in attributes or "popover" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    return tag == "input" and (attributes.get("type") or "").lower() in (
        "hidden",
        "password",
        "checkbox",
        "radio",
        "file",
    )


def _is_speck(attributes: dict[str, str | None], style: Declarations) -> bool:
    for name in ("width", "height"):
        size = length(style.get(name) or attributes.get(name) or "", 16.0)
        if size is not None and size <= SLIT_MAX_PX:
            return True
    return False


def _effect(frame: _Frame, style: Declarations, state: State) -> _Effect:
    tag, attributes = frame.tag, frame.attributes
    if _is_hidden(tag, attributes) or (style and is_removed(style, state.font_px)):
        return _Effect(removed=True, state=state)
    inside = _state(state, style, attributes, tag) if style or attributes or tag == "pre" else state
    opening, closing = _breaks(tag, style)
    marks = []
    names = " ".join((*frame.classes, frame.id))
    if tag == "blockquote" or (names.strip() and _QUOTE_MARKS.search(names)):
        marks.append("quote")
    if tag in _STRUCK_TAGS or "line-through" in style.get("text-decoration", "") + style.get(
        "text-decoration-line", ""
    ):
        marks.append("struck")
    if tag in _STRONG_TAGS or (inside.font_px >= FONT_LARGE_PX > state.font_px):
        marks.append("strong")
    return _Effect(
        False, inside, opening, closing, tuple(marks), tag == "a" and _is_button(frame, inside, state), style
    )


def _state(state: State, style: Declarations, attributes: dict[str, str | None], tag: str) -> State:
    shown: Declarations = {}
    if attributes.get("bgcolor"):
        shown["background-color"] = _hex((attributes["bgcolor"] or "").lower())
    if attributes.get("background"):
        shown["background-image"] = "url()"
    if tag == "font" and attributes.get("color"):
        shown["color"] = _hex((attributes["color"] or "").lower())
    if tag == "body" and attributes.get("text"):
        shown["color"] = _hex((attributes["text"] or "").lower())
    if tag == "bdo":
        shown["unicode-bidi"] = "bidi-override" if (attributes.get("dir") or "").lower() == "rtl" else "normal"
    if tag == "pre":
        shown["white-space"] = "pre"
    _merge(shown, style)
    return inherit(state, shown) if shown else state


def _hex(value: str) -> str:
    value = value.strip()
    return value if colour(value) is not None or colour("#" + value) is None else "#" + value


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
    if display in ("block", "flex", "grid", "table", "list-item"):
        return BREAK, BREAK
    return (BOX, BOX) if display in ("inline-block", "table-cell", "inline-flex") else ("", "")


def _is_button(frame: _Frame, inside: State, outside: State) -> bool:
    names = " ".join(frame.classes)
    if (names and _BUTTON_NAME.search(names)) or (frame.attributes.get("role") or "").lower() == "button":
        return True
    if (
        inside.paper is not None
        and outside.paper is not None
        and contrast(inside.paper, outside.paper) > BUTTON_CONTRAST_MIN
    ):
        return True
    style = frame.attributes.get("style") or ""
    return "padding" in style and "border" in style


def _on_button(frame: _Frame, parent: _Frame | None) -> bool:
    """Whether a link fills a coloured cell: the older way to make a button."""
    paper = frame.state.paper
    if parent is None or paper is None or parent.tag not in ("td", "th", "div", "span"):
        return False
    coloured = parent.attributes.get("bgcolor") or "background" in (parent.attributes.get("style") or "")
    return bool(coloured) and contrast(paper, WHITE) > BUTTON_CONTRAST_MIN
