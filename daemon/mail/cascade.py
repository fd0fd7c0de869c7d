"""Which rules of a style sheet are about an element, and what they add up to (CSS Selectors 4, CSS Cascade 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from daemon.mail.css import Rule, Sheet
from daemon.mail.css_media import MAYBE, NO, YES
from daemon.mail.css_selectors import TEXT_PART, Compound, Selector
from daemon.mail.css_values import Declarations, Declared
from daemon.mail.markup import Looks
from daemon.mail.outline import Outline

# HTML says so of these; what the case of others' values means differs between programs, and between modes of one.
_CASELESS_VALUES = frozenset("align bgcolor color dir face hidden http-equiv lang rel type valign".split())


class TooManyChecksError(Exception):
    """The checks that were allowed are used up."""


class Matcher:
    """Holds selectors against elements; each is NO, MAYBE or YES. Raises `TooManyChecksError`."""

    def __init__(self, outline: Outline, checks: int) -> None:
        self._outline = outline
        self._known: dict[tuple[int, int], dict[int, int]] = {}
        self._inner: dict[int, Selector] = {}
        self.checks_left = checks

    def spend(self, checks: int) -> None:
        """Count checks against what is allowed."""
        self.checks_left -= checks
        if self.checks_left < 0:
            raise TooManyChecksError

    def fits(self, selector: Selector, at: int) -> int:
        """Whether a selector is about the element at `at`."""
        return self._fits_from(selector, 0, at)

    def _fits_from(self, selector: Selector, index: int, at: int) -> int:
        """Whether the compounds from `index` on are about the element at `at` and those to its left and around it."""
        sure = self._fits(selector[index], at)
        if not sure or index + 1 == len(selector):
            return sure
        link, left = selector[index].link, index + 1
        if link == " ":
            return min(sure, self._fits_around(selector, left, self._outline.parent[at]))
        if link == ">":
            parent = self._outline.parent[at]
            return min(sure, self._fits_from(selector, left, parent)) if parent >= 0 else NO
        before = self._outline.before(at)
        fits = (self._fits_from(selector, left, each) for each in (before[:1] if link == "+" else before))
        return min(sure, max(fits, default=NO))

    def _fits_around(self, selector: Selector, index: int, at: int) -> int:
        """The same of the element at `at` or of one around it; remembered, for many elements ask for the same ones."""
        known = self._known.setdefault((id(selector), index), {-1: NO})
        climbed = []
        while at not in known:
            climbed.append(at)
            at = self._outline.parent[at]
        best = known[at]
        for each in reversed(climbed):
            best = known[each] = best if best == YES else max(best, self._fits_from(selector, index, each))
        return best

    def _fits(self, compound: Compound, at: int) -> int:
        self.spend(1)
        sure = on_tag(compound, self._outline.looks(at))
        if not sure or compound.plain:
            return sure
        for choices in compound.any_of:
            sure = min(sure, max((self.fits(choice, at) for choice in choices), default=NO))
        if sure and compound.pseudo:
            sure = min(sure, *(self._pseudo(name, at) for name in compound.pseudo))
        for name, step, first, of in compound.places:
            sure = sure and min(sure, self._counts(at, name, step, first, of))
        for choice in compound.none_of:
            sure = sure and min(sure, YES - self.fits(choice, at))
        for choices in compound.has:
            sure = sure and min(sure, max((self._has(choice, at) for choice in choices), default=NO))
        for languages in compound.languages:
            sure = sure and min(sure, self._speaks(languages, at))
        return sure

    def _pseudo(self, name: str, at: int) -> int:
        if name == "empty":
            return YES * self._outline.is_empty(at)
        if "-" not in name or name == "any-link":
            return YES  # judged by the tag
        place = self._outline.place(at)
        before, after = (2, 3) if name.endswith("of-type") else (0, 1)
        fits = (name.startswith("last") or place[before] == 1) and (name.startswith("first") or place[after] == 1)
        return YES * fits

    def _counts(self, at: int, name: str, step: int, first: int, of: tuple[Selector, ...]) -> int:
        """Whether a place is one of `an+b`."""
        sure = YES
        if of:
            siblings = self._outline.before(at) if "last" not in name else self._outline.after(at)
            sure = max(self.fits(choice, at) for choice in of)
            fitting = [max(self.fits(choice, other) for choice in of) for other in siblings]
            if MAYBE in fitting:
                sure = min(sure, MAYBE)
            number = 1 + sum(map(bool, fitting)) - first
        else:
            number = self._outline.place(at)[2 * name.endswith("of-type") + ("last" in name)] - first
        counts = number == 0 if step == 0 else number % step == 0 and number // step >= 0
        return sure * counts

    def _has(self, choice: Selector, at: int) -> int:
        """Whether an element that a relative selector is about is to be found from here."""
        anchored = choice[-1].parent
        link = choice[-2].link if anchored and len(choice) > 1 else " "
        # Kept, for what is remembered goes by its id.
        inner = self._inner.setdefault(id(choice), choice[:-1]) if anchored else choice
        places: Iterable[int]
        if link in ("+", "~"):
            beside = self._outline.after(at)[: 1 if link == "+" else None]
            places = [place for each in beside for place in (each, *self._outline.descendants(each))]
        else:
            places = self._outline.descendants(at)
        sure = NO
        for place in places:
            fit = self.fits(inner, place)
            if fit and anchored and link == ">" and len(inner) == 1 and self._outline.parent[place] != at:
                continue
            if fit and anchored and len(inner) > 1:
                fit = MAYBE
            sure = max(sure, fit)
            if sure == YES:
                break
        return sure

    def _speaks(self, languages: tuple[str, ...], at: int) -> int:
        for each in (at, *self._outline.ancestors(at)):
            spoken = self._outline.looks(each).attributes.get("lang")
            if spoken is not None:
                spoken = spoken.lower()
                return YES * any(spoken == wanted or spoken.startswith(wanted + "-") for wanted in languages)
        return MAYBE if "*" in languages else NO


def candidates(sheet: Sheet, looks: Looks, around: frozenset[str]) -> list[Rule]:
    """The rules that may be about an element, by its tag, id and classes and by those `around` it."""
    found: list[Rule] = []
    by_key = sheet.by_key
    for key in (*looks.keys, "*"):
        rules = by_key.get(key)
        if rules is not None:
            found += rules.get("", ())
            if around and len(rules) > ("" in rules):
                for needed in around & rules.keys():
                    found += rules[needed]
    return found


def beside(sheet: Sheet, looks: Looks) -> Iterator[int]:
    """For each part of a selector that looks beside or in an element: whether it may be about this one."""
    by_key = sheet.beside
    for key in (*looks.keys, "*"):
        for compound in by_key.get(key, ()):
            yield on_tag(compound, looks)


def asked_of(sheet: Sheet, looks: Looks) -> tuple[str, ...] | None:
    """What rules for other elements can ask of this one: its id and classes, as far as one does; None: anything."""
    if sheet.asks_all:
        return None
    asked = sheet.asked
    return tuple([name for name in (*looks.classes, "#" + looks.id) if name.lower() in asked]) if asked else ()


def cascade(ordered: list[Rule], own: Declared | None) -> Declarations:
    """The declarations of an element after the cascade (CSS Cascade 5, 6.1), of rules in the order of their weight."""
    style: Declarations = {}
    layers = [rule.declared.plain for rule in ordered]
    layers += [own.plain] if own is not None else []
    layers += [rule.declared.important for rule in ordered]
    layers += [own.important] if own is not None else []
    for layer in layers:
        style.update(layer)
    return style


def on_tag(compound: Compound, looks: Looks) -> int:
    """Whether a compound fits a start tag, as far as that tells."""
    if compound.tag is not None and compound.tag != looks.tag:
        return NO
    sure = MAYBE if compound.doubtful else YES
    for name in compound.ids:
        if name != looks.id:
            if name.lower() != looks.id.lower():
                return NO
            sure = MAYBE  # the case of names counts in standards mode
    for name in compound.classes:
        if name not in looks.classes:
            if name.lower() not in map(str.lower, looks.classes):
                return NO
            sure = MAYBE
    for wanted in compound.attributes:
        sure = min(sure, _attribute(looks.attributes, *wanted))
    for name in compound.pseudo:
        if not _on_tag(name, looks):
            return NO
    return sure if TEXT_PART not in compound.pseudo else min(sure, MAYBE)


def _on_tag(name: str, looks: Looks) -> bool:
    if name in ("root", "scope"):
        return looks.tag == "html"
    if name in ("link", "any-link"):
        return looks.tag in ("a", "area") and "href" in looks.attributes
    if name in ("checked", "disabled", "open"):
        return name in looks.attributes
    if name == "enabled":
        return looks.tag in ("input", "button", "textarea") and "disabled" not in looks.attributes
    return True


def _attribute(attributes: dict[str, str], name: str, operator: str, wanted: str, flag: str) -> int:
    value = attributes.get(name)
    if value is None:
        return NO
    if not operator:
        return YES
    if _compare(value, operator, wanted):
        return YES
    if flag == "s" or not _compare(value.lower(), operator, wanted.lower()):
        return NO
    return YES if flag == "i" or name in _CASELESS_VALUES else MAYBE


def _compare(value: str, operator: str, wanted: str) -> bool:
    if operator == "=":
        return value == wanted
    if operator == "~=":
        return wanted in value.split()
    if operator == "|=":
        return value == wanted or value.startswith(wanted + "-")
    if not wanted:
        return False
    return {"^=": value.startswith, "$=": value.endswith, "*=": value.__contains__}[operator](wanted)
