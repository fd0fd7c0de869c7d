"""HTML to what a reader sees: the text as laid out, and the links with their labels, in document order.

One walk over the tree of selectolax (Lexbor) with an explicit stack. What is hidden from a reader is not in the text:
that is the wall between a message and the decoys that somebody put into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from daemon.mail.cascade import candidates, matches
from daemon.mail.css import Declarations, reading_cost, sheet
from daemon.mail.effects import NOT_LOOKS, effect_of, is_speck, on_button
from daemon.mail.element import UNSEEN, Effect, Element
from daemon.mail.guard import trim
from daemon.mail.layout import BREAK, PARAGRAPH, Layout, Span
from daemon.mail.limits import FULL, Limits
from daemon.mail.style import OUTERMOST, State

VISIBLE_MAX_CHARS = 200_000
LINKS_MAX = 500
STYLE_ELEMENTS_MAX = 20
CONTEXT_CHECKS = 4

_UNSEEN_TAGS = frozenset(
    "head title script style template noscript noframes noembed iframe object embed applet audio video canvas select"
    " datalist meta link base rp rt param source track frameset math defs desc metadata"
    " progress meter".split()
)
_NOSCRIPT = re.compile(r"<noscript[\s>].*?(?:</noscript|\Z)", re.IGNORECASE | re.DOTALL)
# Comments, a document type, elements of no known name.
_NO_ELEMENT = frozenset(("", "-", "!", "_"))
_VOID_TAGS = frozenset(("img", "area", "input", "br", "hr"))


class Link(NamedTuple):
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
    if "noscript" in html.lower():
        # In a head the tree builder would let its content out into the body.
        html = _NOSCRIPT.sub("", html)
    walk = _Walk(LexborHTMLParser(html), limits.style_checks)
    layout = walk.run()
    if walk.checks_left < 0:
        problem = "style sheet too complex to be read whole"
    text, spans = layout.finish()
    links, others = [], []
    for span in spans:
        kind, value, start, end = span
        if kind not in ("link", "button"):
            if start < end:
                others.append(span)
        elif label := text[start:end].strip():
            links.append(Link(value, label, start, end, kind == "button"))
    return Rendered(text=text, links=tuple(links[:LINKS_MAX]), spans=tuple(others), problem=problem)


class _Walk:
    def __init__(self, tree: LexborHTMLParser, checks: int) -> None:
        self.checks_left = checks
        self._root = tree.root
        texts = []
        for node in tree.css("style")[:STYLE_ELEMENTS_MAX]:
            text = node.text(deep=True)
            self.checks_left -= reading_cost(text)
            if self.checks_left >= 0:
                texts.append(text)
        self._sheet = sheet(tuple(texts))
        self._layout = Layout(VISIBLE_MAX_CHARS)
        self._open: list[Element] = []
        self._alike: dict[tuple[object, ...], tuple[Effect, State]] = {}

    def run(self) -> Layout:
        node, state = self._root, OUTERMOST
        layout, opened = self._layout, self._open
        while True:
            if node is None or self.checks_left < 0:
                # What cannot be judged is not shown: with the checks used up, the walk ends.
                if not opened:
                    return layout
                frame = opened.pop()
                if frame.spans:
                    layout.close(frame.spans)
                if frame.effect.closing:
                    layout.write(frame.effect.closing)
                node, state = frame.node.next, frame.outside
                continue
            tag = node.tag or ""
            if tag == "-text":
                if state.shows:
                    layout.text(node.text_content or "", preformatted=state.preformatted)
            elif tag not in _UNSEEN_TAGS and tag[:1] not in _NO_ELEMENT:
                inside = self._enter(node, tag, state)
                if inside is not None:
                    state, node = inside, node.first_child
                    continue
            node = node.next

    def _enter(self, node: LexborNode, tag: str, state: State) -> State | None:
        """Open an element and tell the state in it; None when neither it nor anything in it shows, or all is done."""
        attributes = node.attributes
        element = Element(node, tag, attributes, state)
        # Elements that look alike from outside, in the same state, are alike.
        looks: Iterable[tuple[str, str | None]] = attributes.items()
        if not NOT_LOOKS.isdisjoint(attributes):
            looks = [item for item in looks if item[0] not in NOT_LOOKS]
        key = (tag, id(state), *looks)
        known = self._alike.get(key)
        effect = element.effect = self._judge(element, key) if known is None else known[0]
        if self._sheet.contextual and self._open:
            self._open[-1].previous = element  # the youngest child so far: what `+` looks at
        if effect.removed:
            return None
        if tag in _VOID_TAGS:
            self._single(tag, attributes, effect.state, effect.style)
            return None
        layout = self._layout
        if effect.opening:
            layout.write(effect.opening)
        if effect.marks:
            for mark in effect.marks:
                layout.open(mark, tag)
            element.spans = len(effect.marks)
        if tag == "a" and (href := attributes.get("href")):
            button = effect.button or on_button(effect.state, self._open[-1] if self._open else None)
            layout.open("button" if button else "link", href.strip())
            element.spans += 1
        self._open.append(element)
        if tag == "details" and "open" not in attributes:
            self._closed_details(element)
            return None
        return effect.state

    def _judge(self, element: Element, key: tuple[object, ...]) -> Effect:
        """Ask the rules for an effect, and keep it under `key` where it depends on nothing else."""
        rules, alike = candidates(self._sheet, element)
        if rules:
            self.checks_left -= len(rules) if alike else CONTEXT_CHECKS * len(rules)
            if self.checks_left < 0:
                return UNSEEN
            rules = [rule for rule in rules if matches(rule, element, self._open)]
        effect = effect_of(element, rules)
        if alike:
            # The state is kept beside its effect, so that its id stays its own.
            self._alike[key] = (effect, element.outside)
        return effect

    def _closed_details(self, element: Element) -> None:
        # Only the summary of closed details shows; it is written here and the rest is passed over.
        child = element.node.first_child
        while child is not None:
            if child.tag == "summary" and element.effect.state.shows:
                self._layout.text(child.text(deep=True), preformatted=False)
                break
            child = child.next
        self._open.pop()
        self._layout.close(element.spans)
        self._layout.write(element.effect.closing)

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
