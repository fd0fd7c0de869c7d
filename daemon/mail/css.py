"""The style sheets of a message: their rules, found by what the last part of a selector asks for.

Not a CSS engine: it is asked only whether a reader sees a text. What is not understood, or not for every reader, is
doubtful: it may hide a text, but never be what shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from daemon.mail.boxes import OVERLAID, overlaid
from daemon.mail.css_media import MAYBE, YES, in_force
from daemon.mail.css_selectors import Compound, Selector, Weight, selectors, weight
from daemon.mail.css_syntax import GAP, STYLE_MAX_CHARS, Block, blocks, lexed, split
from daemon.mail.css_values import Declarations, Declared, declared, declared_of
from daemon.mail.markup import TARGETS

RULES_MAX = 4_000
NESTED_RULES_MAX = 50
FRAMES_MAX = 20
REMEMBERED_SHEETS = 20
REMEMBERED_RULES = 4_000
REMEMBERED_RULE_CHARS = 400
REMEMBERED_STYLE_CHARS = 60_000

# What a rule looks at: the start tag, those around it too, or also what is beside and in the element.
TAG, AROUND, BESIDE = 0, 1, 2
_IN_THE_DARK = frozenset(("color", "-webkit-text-fill-color", "background-color", "background-image", "filter"))
# What is put before or after a text, while nothing is pointed at.
_PUT_IN = re.compile(r"::?(?:before|after)(?=\s*(?:,|$))", re.IGNORECASE)
_LAST_FRAME = re.compile(r"(?:^|,)\s*(?:to|100%)\s*(?:,|$)")
_STATES = frozenset(("checked", "disabled", "enabled", "open"))
_INITIAL = re.compile(r"initial-value\s*:([^;}]*)")


class Rule(NamedTuple):
    """A selector, its weight in the cascade, and its declarations; a doubtful one is good for hiding only."""

    selector: Selector
    weight: tuple[int, int, int, int]
    declared: Declared
    doubtful: bool
    sight: int


@dataclass(slots=True)
class Sheet:
    """All rules of a document, by the id, class or tag (lower case) that their last compound asks for, and by one that
    must be among those around it, "" where none needs to be.

    `classes` are all that rules name, lower case. `asked` has the classes and ids (with `#`), lower case, that they ask
    for of elements around their own, `asks_all` tells that it is more than those; `asks_classes` that the attribute
    itself is compared. `beside` has the parts of selectors that look beside or in an element, by their own keys.
    `sight` is the widest of all, `wide` has the keys of the rules that look at more than a tag. `targets`: one of them
    asks for attributes that differ between elements that look alike. `frames` has the keyframes of an animation by its
    name, what it ends in first.
    """

    by_key: dict[str, dict[str, list[Rule]]] = field(default_factory=dict)
    frames: dict[str, list[Declarations]] = field(default_factory=dict)
    beside: dict[str, list[Compound]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    asks_all: bool = False
    asks_classes: bool = False
    alike: dict[object, Declared] = field(default_factory=dict)
    sight: int = TAG
    wide: set[str] = field(default_factory=set)
    targets: bool = False
    count: int = 0

    def add(self, text: str) -> None:
        """Take in a `<style>` element's text."""
        for block in blocks(lexed(text[:STYLE_MAX_CHARS])):
            self._add_block(block)

    def looks_around(self, keys: frozenset[str]) -> bool:
        """Whether a rule for an element with these keys may look at more than its tag."""
        return not self.wide.isdisjoint(keys) or "*" in self.wide

    def _add_block(self, block: Block) -> None:
        size = len(block.body) + sum(map(len, block.preludes))
        found, body, doubtful, frame = (_known if size <= REMEMBERED_RULE_CHARS else _read)(block)
        if frame is not None:
            self._add_frame(*frame, body.plain)
        elif found:
            # Rules that declare the same share it: elements with either are then alike.
            body = self.alike.setdefault(tuple([tuple(part.items()) for part in body]), body)
            self._add_rules(found, body, doubtful=doubtful)

    def _add_frame(self, name: str, is_end: bool, declarations: Declarations) -> None:
        frames = self.frames.setdefault(name, [{}])
        if is_end:
            frames[0].update(declarations)
        elif len(frames) < FRAMES_MAX:
            frames.append(declarations)

    def _add_rules(self, found: Iterable[_Described], body: Declared, *, doubtful: bool) -> None:
        for each in found:
            if self.count >= RULES_MAX:
                return
            self.count += 1
            self.targets = self.targets or each.targets
            self.asks_classes = self.asks_classes or each.asks_classes
            self.classes |= each.classes
            if each.sight > TAG:
                self.sight = max(self.sight, each.sight)
                self.wide.add(each.key)
                self.asked |= each.asked
                self.asks_all = self.asks_all or each.asks_all
            if each.sight == BESIDE:
                for part in each.selector:
                    if _looks_beside(part):
                        self.beside.setdefault(_key(part), []).append(part)
            rule = Rule(each.selector, (*each.weight, self.count), body, doubtful or each.doubtful, each.sight)
            self.by_key.setdefault(each.key, {}).setdefault(each.needed, []).append(rule)


class _Described(NamedTuple):
    """A selector with what follows from it: the `classes` that it names, of which attributes it asks, and what it asks
    of the elements around and beside its own."""

    selector: Selector
    weight: Weight
    sight: int
    key: str
    needed: str
    targets: bool
    asks_classes: bool
    classes: frozenset[str]
    asked: frozenset[str]
    asks_all: bool
    doubtful: bool


def _described(selector: Selector) -> _Described:
    first, *others = _parts(selector)
    compared = {name for part in (first, *others) for name, *_ in part.attributes}
    return _Described(
        selector,
        weight(selector),
        _sight(selector),
        _key(first),
        _needed(selector),
        targets=not TARGETS.isdisjoint(compared),
        asks_classes="class" in compared,
        classes=frozenset(name.lower() for part in (first, *others) for name in part.classes),
        asked=frozenset(
            name.lower() for part in others for name in (*part.classes, *("#" + each for each in part.ids))
        ),
        asks_all=any(part.attributes or part.languages or _STATES & set(part.pseudo) for part in others),
        doubtful=any(part.doubtful for part in selector),
    )


def _read(block: Block) -> tuple[list[_Described], Declared, bool, tuple[str, bool] | None]:
    """A block's selectors, what it declares, if that is doubtful; of a frame its animation, and if it is the last."""
    force = YES
    body = declared_of(block.body) if len(block.body) <= REMEMBERED_RULE_CHARS else declared(block.body)
    whole, nested = True, False
    over = ""
    found: list[_Described] = []
    nothing = list[_Described](), body, False, None
    if not body and "@property" not in block.preludes[0].lower():
        return nothing
    for prelude in block.preludes:
        head = prelude.removeprefix("<!--").removeprefix("-->").strip()
        head = head.replace(GAP, " ") if head[:1] == "@" else head
        if head.startswith("@"):
            at = head.lower()
            if "keyframes" in at.partition(" ")[0]:
                is_end = _LAST_FRAME.search(block.preludes[-1].lower()) is not None
                return [], body, False, (head.partition(" ")[2].strip().lower(), is_end)
            if at.startswith("@property"):
                name = head.partition(" ")[2].strip()
                if initial := _INITIAL.search(block.body.lower()):
                    handed_down = "false" not in block.body.lower().partition("inherits")[2].partition(";")[0]
                    found = [_described(each) for each in selectors(":root" if handed_down else "*")[0]]
                    body, force = declared(f"{name}:{initial[1]}"), YES if handed_down else MAYBE
                continue
            force = min(force, in_force(head))
            if not force:
                return nothing
            continue
        if _PUT_IN.search(head) and (over := overlaid(body.plain | body.important | body.doubtful)):
            head = ",".join(_PUT_IN.sub("", each) or "*" for each in split(head) if _PUT_IN.search(each))
        parents = tuple(each.selector for each in found)
        read, all_read = selectors(head, parents)
        found = [_described(each) for each in (read[:NESTED_RULES_MAX] if parents else read)]
        nested = nested or bool(parents)
        whole = whole and all_read
    if any("prefers-color-scheme" in prelude for prelude in block.preludes):
        body = Declared(*({n: v for n, v in part.items() if n not in _IN_THE_DARK} for part in body))
    if over:
        body, force = Declared({}, {}, {OVERLAID: over}), min(force, MAYBE)
    return (found, body, force == MAYBE or not whole or nested, None) if body else nothing


# Not to be changed. Mails of one sender have most of their rules in common, if not all.
_known = lru_cache(maxsize=REMEMBERED_RULES)(_read)


def reading_cost(text: str) -> int:
    """About what a style sheet costs to read, in checks of one rule against one element."""
    return 1 + len(text) // 100 + 3 * text.count("{") + text.count(",") + text.count("(")


def sheet(texts: tuple[str, ...]) -> Sheet:
    """The rules of a document's `<style>` texts; not to be changed, for those of ordinary size are kept."""
    return _remembered(texts) if sum(map(len, texts)) <= REMEMBERED_STYLE_CHARS else _sheet(texts)


def _sheet(texts: tuple[str, ...]) -> Sheet:
    whole = Sheet()
    for text in texts:
        whole.add(text)
    return whole


_remembered = lru_cache(maxsize=REMEMBERED_SHEETS)(_sheet)


def _key(compound: Compound) -> str:
    if compound.ids:
        return "#" + compound.ids[0].lower()
    if compound.classes:
        return "." + compound.classes[0].lower()
    return compound.tag or "*"


def _needed(selector: Selector) -> str:
    """The key of an element around it without which a selector cannot fit: an id or class rather than a tag."""
    needed, link = "", selector[0].link
    for compound in selector[1:]:
        key = _key(compound)
        if link in (" ", ">") and key != "*" and (not needed or needed[0] not in ".#"):
            needed = key
        link = compound.link
    return needed


def _parts(compounds: Iterable[Compound]) -> Iterator[Compound]:
    """Each compound, and after it those of the selectors within it."""
    for part in compounds:
        yield part
        for choice in _inside(part):
            yield from _parts(choice)


def _inside(compound: Compound) -> Iterable[Selector]:
    for choices in (*compound.any_of, *compound.has, compound.none_of, *(place[3] for place in compound.places)):
        yield from choices


def _sight(selector: Selector) -> int:
    if len(selector) == 1 and selector[0].plain:
        return TAG
    return BESIDE if any(map(_looks_beside, selector)) else AROUND


def _looks_beside(part: Compound) -> bool:
    return part.link in ("+", "~", "||") or part.beside or any(_sight(choice) == BESIDE for choice in _inside(part))
