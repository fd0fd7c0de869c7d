"""One walk over the markup of a message, which lays out what a reader is shown.

Mails repeat themselves: rows of a table, sections of a newsletter. Elements that are alike in one place are one node
here, which is judged once; and what a run of tags comes to, from one node to the next, is kept at the node.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import NamedTuple

from daemon.mail.cascade import Matcher, TooManyChecksError, asked_of, beside, candidates, on_tag
from daemon.mail.css import TAG, Rule, reading_cost, sheet
from daemon.mail.css_media import YES
from daemon.mail.effects import Effect, effect_of, is_coloured, is_speck, says_nothing, stands_out
from daemon.mail.layout import BREAK, COVER, OVER, PARAGRAPH, PUSH, Layout
from daemon.mail.markup import ONE_TAG, UNSEEN_TAGS, VOID_TAGS, Looks, Markup, looks, split_off, unescape
from daemon.mail.outline import Outline
from daemon.mail.style import OUTERMOST

# An element that depends on more than its tag is worth this many checks, a doubtful rule is too.
CONTEXT_CHECKS = 3
# Where the order of boxes is not known, so little of a text is a piece of one.
FRAGMENT_MAX_CHARS = 3

# What is in them is no text, but they may lie over others.
PICTURED_TAGS = frozenset("svg iframe object embed canvas select video".split())

_DIGITS = re.compile(r"\d")
_FIELDS = ("text", "submit", "button", "number")
# What is laid out: a break, the beginning or end of spans, a text, and what a link or picture has of its own.
_WRITE, _OPEN, _CLOSE, _TEXT, _LINK, _PICTURE = range(6)
_Act = tuple[int, str, str]
# In a comment a quote may be left open; and what is written as `&…;` may hold white space.
_CLASS = re.compile(r' class="([^"<>&]*+)"')


class _Node:
    """An open element in its place, or all of those that are alike there; `spans` is how many it begins."""

    __slots__ = ("around", "effect", "inside", "is_void", "looks", "parent", "runs", "spans", "state", "tag")

    def __init__(self, parent: _Node | None, looks: Looks, effect: Effect, around: frozenset[str]) -> None:
        self.parent, self.looks, self.effect, self.around = parent, looks, effect, around
        self.tag, self.state, self.spans = looks.tag, effect.state, len(effect.marks)
        self.is_void = looks.tag in VOID_TAGS
        self.inside: dict[object, _Node] = {}
        self.runs: dict[str, _Step] = {}


class _Looks(dict[str, Looks]):
    """What start tags say, by what is written."""

    def __missing__(self, piece: str) -> Looks:
        found = self[piece] = looks(piece)
        return found


class _Step(NamedTuple):
    """What tags come to: what is to be laid out, the node that is open then, and, where they end within an element that
    is not shown, its tag and how many of that tag are open."""

    acts: tuple[_Act, ...]
    node: _Node
    unseen: str = ""
    depth: int = 0


class Walk:
    """One pass over the pieces. Raises `TooManyChecksError`.

    Where rules look at a tag only, its judgement holds for all in one state; where they look around, for those in one
    chain of tags; where they look beside, for the one.
    """

    def __init__(self, markup: Markup, layout: Layout, checks: int) -> None:
        self._layout = layout
        self._checks_left = checks
        for text in markup.styles:
            self._checks_left -= reading_cost(text)
        if self._checks_left < 0:
            raise TooManyChecksError
        self._sheet = sheet(tuple(markup.styles))
        self._kept: dict[str, str] = {}
        self._pieces = markup.pieces
        if not self._sheet.asks_classes:
            self._pieces[1::2] = map(self._without_idle_classes, self._pieces[1::2])
        self._looks = _Looks()
        self._judged: dict[tuple[int, str] | None, Effect] = {}
        self._nodes: list[_Node] = []
        self._matcher: Matcher | None = None
        self._outline = Outline(self._pieces, self._looks.__getitem__)
        self._measured = self._offset = 0

    def run(self) -> None:
        """Lay it all out."""
        try:
            self._run()
        finally:  # they hold each other, and would wait for the garbage collector
            for node in self._nodes:
                node.inside.clear()
                node.runs.clear()

    def _run(self) -> None:
        pieces, layout, targets = self._pieces, self._layout, self._sheet.targets
        node = _Node(None, Looks("", {}, "", (), _NOBODY), Effect(removed=False, state=OUTERMOST), _NOBODY)
        self._nodes.append(node)
        at, last = 1, len(pieces)
        while at < last:
            run, own = pieces[at], ""
            step = node.runs.get(run)
            if step is None:
                key = run
                if run.startswith(("<a ", "<img ")):
                    look, own = split_off(run)
                    key = run[1:] if targets else look
                step = node.runs.get(key) or self._step(run, key, node, at, 0)
            while True:
                acts, node, unseen, depth = step
                for act, value, more in acts:
                    if act == _WRITE:
                        layout.write(value)
                    elif act == _CLOSE:
                        layout.close(len(value))
                    elif act == _OPEN:
                        layout.open(value, more)
                    elif act == _LINK:
                        layout.open(value, unescape(own).strip())
                    else:
                        layout.text(value if act == _TEXT else unescape(own), preformatted=False)
                if not unseen:
                    break
                at, end = self._past(at, unseen, depth)
                if at >= last:
                    return
                rest = pieces[at][end:]
                step = node.runs.get(rest) or self._step(rest, rest, node, at, end)
            state = node.state
            if (state.shows or state.shows_whole) and (text := pieces[at + 1]):
                text = unescape(text) if "&" in text else text
                if state.shows or len(text.strip()) > FRAGMENT_MAX_CHARS:
                    layout.text(text, preformatted=state.preformatted)
            at += 2

    def _past(self, at: int, tag: str, depth: int) -> tuple[int, int]:
        """The piece in which an element ends that is open before the text at `at` + 1, and where in it."""
        closing, opening, alone = f"/{tag}", f"{tag} ", tag
        for index in range(at + 2, len(self._pieces), 2):
            for match in ONE_TAG.finditer(self._pieces[index]):
                piece = match[1]
                if piece == closing:
                    depth -= 1
                    if depth == 0:
                        return index, match.end()
                elif piece == alone or piece.startswith(opening):
                    depth += 1
        return len(self._pieces), 0

    def _step(self, run: str, look: str, node: _Node, at: int, skipped: int) -> _Step:
        """What a run of tags comes to from `node` on, judged tag by tag; kept by its look where all alike are like it.

        It stands in piece `at`, of which so much is `skipped`.
        """
        start, alike, acts = node, True, list[_Act]()
        unseen, depth, piece = "", 0, ""
        for match in ONE_TAG.finditer(run):
            before, piece = piece, match[1]
            if unseen:
                if piece == "/" + unseen:
                    depth -= 1
                    unseen = unseen if depth else ""
                elif piece == unseen or piece.startswith(unseen + " "):
                    depth += 1
            elif piece[0] == "/":
                if node.spans:
                    acts.append((_CLOSE, "x" * node.spans, ""))
                if node.effect.closing:
                    acts.append((_WRITE, node.effect.closing, ""))
                node = node.parent or node
            elif piece == "br" and before == "br" and node.state.clip is not None:
                acts += [(_WRITE, BREAK, ""), (_OPEN, PUSH, ""), (_CLOSE, "x", "")]
            elif piece[0] not in "!?":
                child = node.inside.get(piece)
                if child is None:
                    child, shared = self._child(piece, node, (at, skipped + match.start()))
                    alike = alike and shared
                if child.effect.removed:
                    acts += [(_OPEN, mark, child.tag) for mark in child.effect.marks]
                    acts += [(_CLOSE, "x" * len(child.effect.marks), "")] if child.effect.marks else []
                    unseen, depth = ("", 0) if child.is_void else (child.tag, 1)
                elif child.is_void:
                    marks = child.effect.marks
                    acts += [(_OPEN, mark, child.tag) for mark in marks]
                    acts += self._single(child)
                    if marks:
                        acts.append((_CLOSE, "x" * len(marks), ""))
                else:
                    acts += self._opened(child, node)
                    node = child
        step = _Step(_joined(acts), node, unseen, depth)
        if alike:
            start.runs[look] = step
        return step

    def _opened(self, node: _Node, parent: _Node) -> list[_Act]:
        effect = node.effect
        acts: list[_Act] = [(_WRITE, effect.opening, "")] if effect.opening else []
        acts += [(_OPEN, mark, node.tag) for mark in effect.marks]
        if node.spans > len(effect.marks):
            is_button = effect.button or (is_coloured(parent.looks) and stands_out(node.state))
            acts.append((_LINK, "button" if is_button else "link", ""))
        return acts

    def _single(self, node: _Node) -> list[_Act]:
        tag, attributes = node.tag, node.looks.attributes
        if tag == "br":
            return [(_WRITE, BREAK, "")]
        if tag == "hr":
            return [(_WRITE, PARAGRAPH, "")]
        if not (node.state.shows or node.state.shows_whole) or is_speck({}, node.effect.style):
            return []
        if tag == "img" and not is_speck(attributes, node.effect.style):
            return [(_PICTURE if "alt" in attributes else _TEXT, "", "")]
        if tag == "area" and attributes.get("href") and attributes.get("alt"):
            href = attributes["href"].strip()
            label = _DIGITS.sub("", attributes["alt"])  # it names the link, and is shown to nobody
            return [(_OPEN, "link", href), (_TEXT, label, ""), (_CLOSE, "x", "")]
        if tag == "input" and (attributes.get("type") or "text").lower() in _FIELDS:
            return [(_TEXT, attributes.get("value", ""), "")]
        return []

    def _without_idle_classes(self, run: str) -> str:
        """Tags without the classes that no rule names: mails number them, and elements are alike without."""
        return _CLASS.sub(self._named, run) if ' class="' in run else run

    def _named(self, written: re.Match[str]) -> str:
        names = written[1]
        kept = self._kept.get(names)
        if kept is None:
            kept = written[0]
            if says_nothing(names):
                named = [name for name in names.split() if name.lower() in self._sheet.classes]
                kept = f' class="{" ".join(named)}"' if named else ""
            self._kept[names] = kept
        return kept

    def _child(self, piece: str, node: _Node, place: tuple[int, int]) -> tuple[_Node, bool]:
        """The node of the element at `place`, and whether it is that of all such in `node`."""
        found = self._looks[piece]
        wide = self._sheet.sight > TAG
        alike = not self._sheet.beside or not any(beside(self._sheet, found))
        if found.tag in UNSEEN_TAGS or not found.tag[0].isalpha():
            effect, alike = _UNSEEN, True
            if found.tag in PICTURED_TAGS and found.attributes:
                effect = self._effect(found, node, place)
                marks = tuple([mark for mark in effect.marks if mark == PUSH or mark.startswith((COVER, OVER))])
                effect = Effect(removed=True, state=node.state, marks=marks)
        else:
            key = None if self._sheet.looks_around(found.keys) else (id(node.state), piece)
            effect = self._judged.get(key) or self._effect(found, node, place)
            if key is not None:
                self._judged[key] = effect
        href = found.attributes.get("href", "") if found.tag == "a" else ""
        same: object = None
        if alike and found.tag not in VOID_TAGS and (asked := asked_of(self._sheet, found)) is not None:
            same = (id(effect), found.tag, bool(href), is_coloured(found), asked)
            if same in node.inside:
                node.inside[piece] = node.inside[same]
                return node.inside[piece], alike
        child = _Node(node, found, effect, node.around | found.keys if wide else _NOBODY)
        child.spans += bool(href)
        self._nodes.append(child)
        if alike:
            node.inside[piece] = child
            if same is not None:
                node.inside[same] = child
        return child, alike

    def _effect(self, found: Looks, node: _Node, place: tuple[int, int]) -> Effect:
        sure: list[Rule] = []
        doubted: list[Rule] = []
        rules = candidates(self._sheet, found, node.around)
        self._spend(len(rules) + len(found.classes))
        for rule in rules:
            fit = on_tag(rule.selector[0], found)
            if fit and rule.sight > TAG:
                fit = self._matching().fits(rule.selector, self._outline.reach(self._offset_of(*place)))
            if fit:
                is_sure = fit == YES and not rule.doubtful
                (sure if is_sure else doubted).append(rule)
        self._spend(CONTEXT_CHECKS * len(doubted))
        if len(sure) > 1:
            sure.sort(key=_weight)
        return effect_of(found, node.state, sure, doubted, self._sheet.frames)

    def _offset_of(self, at: int, within: int) -> int:
        """The offset in the whole of what is in piece `at`; they are asked for in order."""
        self._offset += sum(map(len, self._pieces[self._measured : at]))
        self._measured = at
        return self._offset + within

    def _spend(self, checks: int) -> None:
        if self._matcher is not None:
            self._matcher.spend(checks)
            return
        self._checks_left -= checks
        if self._checks_left < 0:
            raise TooManyChecksError

    def _matching(self) -> Matcher:
        if self._matcher is None:
            self._matcher = Matcher(self._outline, self._checks_left)
        return self._matcher


def _joined(acts: list[_Act]) -> tuple[_Act, ...]:
    """Breaks that follow each other are one, and nothing before a break in an empty place can be seen."""
    found: list[_Act] = []
    for act in acts:
        if act[0] == _WRITE and act[1] in (BREAK, PARAGRAPH):
            while found and found[-1][0] == _WRITE and found[-1][1] != PARAGRAPH:
                found.pop()
            if found and found[-1][0] == _WRITE:
                continue
        found.append(act)
    return tuple(found)


_weight = attrgetter("weight")
_NOBODY: frozenset[str] = frozenset()
_UNSEEN = Effect(removed=True, state=OUTERMOST)
