"""Which rules of a style sheet are about an element, and what they add up to (CSS Selectors 4, CSS Cascade 5)."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.mail.css import Rule, Sheet
from daemon.mail.css_media import MAYBE, NO, YES
from daemon.mail.css_selectors import Compound, Selector
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
        self.checks_left = checks

    def spend(self, checks: int) -> None:
        """Count checks against what is allowed."""
        self.checks_left -= checks
        if self.checks_left < 0:
            raise TooManyChecksError

    def fits(self, selector: Selector, at: int) -> int:
        """Whether a selector is about the element at `at`."""
        first = selector[0]
        sure = self._fits(first, at)
        reached = {at: sure} if sure else {}
        link = first.link
        for compound in selector[1:]:
            if not reached:
                return NO
            reached = self._step(reached, link, compound)
            link = compound.link
        return max(reached.values(), default=NO)

    def _step(self, reached: dict[int, int], link: str, compound: Compound) -> dict[int, int]:
        """The elements that `compound` is about among those to the left of the reached ones."""
        found: dict[int, int] = {}
        for at, sure in reached.items():
            for candidate in self._left(at, link):
                if found.get(candidate, NO) >= sure:
                    if link == " ":
                        break  # those around it have been looked at
                    continue
                if fit := min(sure, self._fits(compound, candidate)):
                    found[candidate] = max(fit, found.get(candidate, NO))
        return found

    def _left(self, at: int, link: str) -> Iterable[int]:
        if link == ">":
            parent = self._outline.parent[at]
            return (parent,) if parent >= 0 else ()
        if link == " ":
            return self._outline.ancestors(at)
        return self._outline.before(at)[:1] if link == "+" else self._outline.before(at)

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
        inner = choice[:-1] if anchored else choice
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


def cascade(matched: Iterable[Rule], own: Declared | None) -> Declarations:
    """The declarations of an element after the cascade (CSS Cascade 5, 6.1), of rules that are in no doubt."""
    style: Declarations = {}
    ordered = sorted(matched, key=lambda rule: rule.weight)
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
    return sure


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
