"""HTML to what a reader sees: the text as laid out, and the links with their labels, in document order.

One walk over the tree of selectolax (Lexbor) with an explicit stack. What is hidden from a reader is not in the text:
that is the wall between a message and the decoys that somebody put into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from daemon.mail.cascade import Element, candidates, cascade, matches
from daemon.mail.css import Declarations, Rule, Sheet
from daemon.mail.effects import Effect, effect, is_speck, on_button
from daemon.mail.guard import trim
from daemon.mail.layout import BREAK, PARAGRAPH, Layout, Span
from daemon.mail.limits import FULL, Limits
from daemon.mail.style import State

VISIBLE_MAX_CHARS = 200_000
LINKS_MAX = 500
STYLE_ELEMENTS_MAX = 20
STYLE_CHARS_PER_CHECK = 30
CONTEXT_CHECKS = 4

_UNSEEN_TAGS = frozenset(
    "head title script style template noscript noframes noembed iframe object embed applet audio video canvas select"
    " datalist meta link base rp rt param source track frameset math defs desc metadata".split()
)
_QUOTE_NAME = re.compile(
    r"\b(?:gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|zmail_extra|divrplyfwdmsg|appendonsend)"
)
_NOSCRIPT = re.compile(r"<noscript[\s>].*?(?:</noscript|\Z)", re.IGNORECASE | re.DOTALL)
_BUTTON_NAME = re.compile(r"btn|button|\bcta")
_VOID_TAGS = frozenset(("img", "area", "input", "br", "hr"))
# Attributes that differ between elements that look alike.
_NAMES = ("class", "id")
_NOT_LOOKS = frozenset(("href", "src", "alt", "title", "target", "name", "rel"))
CLASSES_MAX = 20


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
        self._open: list[Element] = []
        self._effects: dict[tuple[object, ...], tuple[Effect, State]] = {}

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

    def _enter(self, node: LexborNode, tag: str, state: State) -> Element | None:
        """Open an element; None when neither it nor anything in it shows."""
        parent = self._open[-1] if self._open else None
        attributes = node.attributes
        name = (attributes["id"] or "").lower() if "id" in attributes else ""
        classes = tuple((attributes["class"] or "").lower().split()[:CLASSES_MAX]) if "class" in attributes else ()
        frame = Element(node.next, state, tag, name, classes, attributes)
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
            kind = "button" if effect.button or on_button(frame, parent) else "link"
            self._layout.open(kind, (attributes["href"] or "").strip())
            frame.spans += 1
        self._open.append(frame)
        if tag == "details" and "open" not in attributes:
            self._closed_details(node, frame)
            return None
        return frame

    def _effect(self, node: LexborNode, frame: Element, state: State) -> Effect:
        attributes = frame.attributes
        key: tuple[object, ...] = (frame.tag, id(state))
        if attributes:
            key += tuple([item for item in attributes.items() if item[0] not in _NOT_LOOKS])
        known = self._effects.get(key)
        if known is not None:
            return known[0]
        rules, alike = candidates(self._sheet, frame)
        self.checks_left -= len(rules) if alike else CONTEXT_CHECKS * len(rules)
        matched = [rule for rule in rules if matches(rule, frame, node, self._open)]
        effect = self._effect_of_rules(frame, matched, state)
        if alike:
            # The state is kept beside its effect, so that its id stays its own.
            self._effects[key] = (effect, state)
        return effect

    def _effect_of_rules(self, frame: Element, matched: list[Rule], state: State) -> Effect:
        """The effect of the rules that match, looked up by them: mails number their classes."""
        names = " ".join((*frame.classes, frame.id)).strip()
        looks = (bool(names and _QUOTE_NAME.search(names)), bool(names and _BUTTON_NAME.search(names)))
        key = (frame.tag, id(state), looks, *map(id, matched))
        key += tuple([item for item in frame.attributes.items() if item[0] not in _NAMES and item[0] not in _NOT_LOOKS])
        known = self._effects.get(key)
        if known is None:
            found = effect(frame, cascade(matched, frame), state, quote=looks[0], button=looks[1])
            known = self._effects[key] = (found, state)
        return known[0]

    def _closed_details(self, node: LexborNode, frame: Element) -> None:
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
        elif tag == "img" and not is_speck(attributes, style):
            self._layout.text(attributes.get("alt") or "", preformatted=False)
        elif tag == "area" and attributes.get("href") and attributes.get("alt"):
            self._layout.open("link", (attributes["href"] or "").strip())
            self._layout.text(attributes["alt"] or "", preformatted=False)
            self._layout.close(1)
        elif tag == "input" and (attributes.get("type") or "text").lower() in ("text", "submit", "button", "number"):
            self._layout.text(attributes.get("value") or "", preformatted=False)
