"""HTML to what a reader sees: the text as laid out, and the links with their labels, in document order.

One walk over the tags of a document. What is hidden from a reader is not in the text:
that is the wall between a message and the decoys that somebody put into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from daemon.mail.cascade import Matcher, TooManyChecksError, candidates, on_tag
from daemon.mail.css import BESIDE, TAG, Rule, reading_cost, sheet
from daemon.mail.css_media import YES
from daemon.mail.effects import Effect, effect_of, is_speck, on_button
from daemon.mail.guard import trim
from daemon.mail.layout import BREAK, PARAGRAPH, Layout, Span
from daemon.mail.limits import FULL, Limits
from daemon.mail.markup import UNSEEN_TAGS, VOID_TAGS, Looks, Markup, end_of, link, looks, read, unescape
from daemon.mail.outline import Outline
from daemon.mail.style import OUTERMOST, State

VISIBLE_MAX_CHARS = 200_000
LINKS_MAX = 500
# An element that depends on more than its tag is worth this many checks, a doubtful rule is too.
CONTEXT_CHECKS = 3

_FIELDS = ("text", "submit", "button", "number")


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
    layout = Layout(VISIBLE_MAX_CHARS)
    try:
        _Walk(read(html), layout, limits.style_checks).run()
    except TooManyChecksError:
        # What cannot be judged is not shown: with the checks used up, the walk ends.
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


class _Kind:
    """What is known of all elements that look alike in one place: `inside` holds the same of what is in them."""

    __slots__ = ("around", "closing", "effect", "inside", "is_void", "looks", "marks", "opening", "removed", "state")

    def __init__(self, looks: Looks, effect: Effect, inside: dict[object, _Kind], around: frozenset[str]) -> None:
        self.looks, self.effect, self.inside, self.around = looks, effect, inside, around
        self.removed, self.is_void, self.state = effect.removed, looks.tag in VOID_TAGS, effect.state
        self.opening, self.closing, self.marks = effect.opening, effect.closing, effect.marks


# An open element: its kind, how many spans it began, and what is to be taken up again after it.
_Opened = tuple[_Kind, int, State, dict[object, _Kind]]


class _Walk:
    """One pass over the pieces; alike elements are judged once.

    Where rules look at a tag only, alike are those with one tag in one state; where they look around, those in one
    chain of tags; where they look beside, none.
    """

    def __init__(self, markup: Markup, layout: Layout, checks: int) -> None:
        self._pieces = markup.pieces
        self._layout = layout
        self._outline: Outline | None = None
        self._checks_left = checks
        for text in markup.styles:
            self._checks_left -= reading_cost(text)
        if self._checks_left < 0:
            raise TooManyChecksError
        self._sheet = sheet(tuple(markup.styles))
        self._looks: dict[str, Looks] = {}
        self._by_state: dict[int, dict[object, _Kind]] = {}
        self._outermost = self._inside(OUTERMOST)
        self._matcher: Matcher | None = None

    def run(self) -> None:
        pieces, layout, targets = self._pieces, self._layout, self._sheet.targets
        write, text_of = layout.write, layout.text
        opened: list[_Opened] = []
        state, here = OUTERMOST, self._outermost
        shows, at, last = True, 1, len(pieces)
        while at < last:
            piece = pieces[at]
            if piece[0] == "/":
                kind, spans, state, here = opened.pop()
                shows = state.shows
                if spans:
                    layout.close(spans)
                if kind.closing:
                    write(kind.closing)
            elif piece[0] not in "!?":
                href = None
                if piece[:2] != "a ":
                    found = here.get(piece)
                    kind = found if found is not None else self._kind(piece, piece, at, state, opened)
                else:  # all that tells one element from another is its tag; but where a link leads is not looks
                    key, href = link(piece)
                    found = here.get(piece if targets else key)
                    kind = (
                        found if found is not None else self._kind(piece, piece if targets else key, at, state, opened)
                    )
                if kind.removed:
                    if not kind.is_void:
                        at = end_of(pieces, at, kind.looks.tag)
                elif kind.is_void:
                    self._single(kind.looks, kind.effect)
                else:
                    spans = 0
                    if kind.opening:
                        write(kind.opening)
                    for mark in kind.marks:
                        layout.open(mark, kind.looks.tag)
                        spans += 1
                    if href:
                        is_button = kind.effect.button or on_button(kind.state, opened[-1][0].looks if opened else None)
                        layout.open("button" if is_button else "link", href.strip())
                        spans += 1
                    opened.append((kind, spans, state, here))
                    state, here = kind.state, kind.inside
                    shows = state.shows
            if shows and at + 1 < last and (text := pieces[at + 1]):
                text_of(unescape(text) if "&" in text else text, preformatted=state.preformatted)
            at += 2

    def _inside(self, state: State) -> dict[object, _Kind]:
        if self._sheet.sight > TAG:
            return {}
        return self._by_state.setdefault(id(state), {})

    def _looks_of(self, piece: str) -> Looks:
        found = self._looks.get(piece)
        if found is None:
            found = self._looks[piece] = looks(piece)
        return found

    def _kind(self, piece: str, key: object, at: int, state: State, opened: list[_Opened]) -> _Kind:
        """Judge the element at `at`, and keep it under `key` for those that are alike."""
        found = self._looks_of(piece)
        here = opened[-1][0].inside if opened else self._outermost
        if found.tag in UNSEEN_TAGS or not found.tag[0].isalpha():
            kind = here[key] = _Kind(found, _UNSEEN, {}, _NOBODY)
            return kind
        around = opened[-1][0].around if opened else _NOBODY
        sure, doubted, alike = self._matched(found, at, around)
        effect = effect_of(found, state, sure, doubted, self._sheet.frames)
        around = around | found.keys if self._sheet.sight > TAG else _NOBODY
        kind = _Kind(found, effect, self._inside(effect.state), around)
        if alike:
            here[key] = kind
        return kind

    def _matched(self, found: Looks, at: int, around: frozenset[str]) -> tuple[list[Rule], list[Rule], bool]:
        """The rules that are about an element, those that may be, and whether all alike in its place are like it."""
        sure: list[Rule] = []
        doubted: list[Rule] = []
        alike = True
        rules = candidates(self._sheet, found, around)
        self._spend(len(rules) + len(found.classes))
        for rule in rules:
            fit = on_tag(rule.selector[0], found)
            if fit and rule.sight > TAG:
                alike = alike and rule.sight < BESIDE
                fit = self._matching().fits(rule.selector, at)
            if fit:
                is_sure = fit == YES and not rule.doubtful
                (sure if is_sure else doubted).append(rule)
        self._spend(CONTEXT_CHECKS * len(doubted))
        if len(sure) > 1:
            sure.sort(key=_weight)
        return sure, doubted, alike

    def _spend(self, checks: int) -> None:
        if self._matcher is not None:
            self._matcher.spend(checks)
            return
        self._checks_left -= checks
        if self._checks_left < 0:
            raise TooManyChecksError

    def _matching(self) -> Matcher:
        if self._matcher is None:
            self._matcher = Matcher(Outline(self._pieces, self._looks_of), self._checks_left)
        return self._matcher

    def _single(self, found: Looks, effect: Effect) -> None:
        tag, attributes, layout = found.tag, found.attributes, self._layout
        if tag == "br":
            layout.write(BREAK)
        elif tag == "hr":
            layout.write(PARAGRAPH)
        elif not effect.state.shows:
            return
        elif tag == "img" and not is_speck(attributes, effect.style):
            layout.text(attributes.get("alt", ""), preformatted=False)
        elif tag == "area" and attributes.get("href") and attributes.get("alt"):
            layout.open("link", attributes["href"].strip())
            layout.text(attributes["alt"], preformatted=False)
            layout.close(1)
        elif tag == "input" and (attributes.get("type") or "text").lower() in _FIELDS:
            layout.text(attributes.get("value", ""), preformatted=False)


_weight = attrgetter("weight")
_NOBODY: frozenset[str] = frozenset()
_UNSEEN = Effect(removed=True, state=OUTERMOST)
