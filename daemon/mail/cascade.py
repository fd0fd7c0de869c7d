"""Which rules of a style sheet are about an element, and what they add up to (CSS Selectors, CSS Cascade)."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.mail.css import Compound, Declarations, Rule, Sheet, inline_declarations
from daemon.mail.element import Element
from daemon.mail.style import FONT_DEFAULT_PX, OUTERMOST, inherit, is_removed


def candidates(sheet: Sheet, element: Element) -> tuple[list[Rule], bool]:
    """The rules that may apply, and whether they judge an element by nothing but its tag, id and classes."""
    by_key = sheet.by_key
    if not by_key:
        return [], True
    rules = [*by_key.get(element.tag, ()), *by_key.get("*", ())]
    if element.attributes:
        name, classes = element.names
        for each in classes:
            rules += by_key.get("." + each, ())
        if name:
            rules += by_key.get("#" + name, ())
    return rules, not sheet.contextual or all(rule.simple for rule in rules)


def cascade(matched: Sequence[Rule], element: Element) -> Declarations:
    """The element's declarations after the cascade (CSS Cascade 6.1)."""
    inline = element.attributes.get("style")
    if not matched and not inline:
        return {}
    matched = sorted(matched, key=lambda rule: rule.weight)
    style: Declarations = {}
    for rule in matched:
        merge(style, rule.declarations)
    plain, important = inline_declarations(inline) if inline else ({}, {})
    merge(style, plain)
    for rule in matched:
        merge(style, rule.important)
    merge(style, important)
    return style


def merge(style: Declarations, more: Declarations) -> None:
    """Let later declarations win over earlier ones, a shorthand over what it sets."""
    for name, value in more.items():
        if name == "background":
            style.pop("background-color", None)
        elif name == "font":
            style.pop("font-size", None)
        style[name] = value


def matches(rule: Rule, element: Element, ancestors: list[Element]) -> bool:
    """Whether a rule is about an element; `ancestors` are the open elements, the innermost last."""
    parent = ancestors[-1] if ancestors else None
    if not _fits(rule.compounds[0], element, parent):
        return False
    depth, link = len(ancestors) - 1, rule.compounds[0].link
    previous = None if parent is None else parent.previous
    for compound in rule.compounds[1:]:
        if link in "+~":
            if previous is None or not _fits(compound, previous, parent):
                return False
            previous = None
        elif link == ">":
            if depth < 0 or not _fits_at(compound, ancestors, depth):
                return False
            depth -= 1
        else:
            while depth >= 0 and not _fits_at(compound, ancestors, depth):
                depth -= 1
            if depth < 0:
                return False
            depth -= 1
        link = compound.link
    return not rule.unread or _hides({**rule.declarations, **rule.important})


def _hides(style: Declarations) -> bool:
    return is_removed(style, FONT_DEFAULT_PX) or not inherit(OUTERMOST, style).shows


def _fits_at(compound: Compound, ancestors: list[Element], depth: int) -> bool:
    return _fits(compound, ancestors[depth], ancestors[depth - 1] if depth else None)


def _fits(compound: Compound, element: Element, parent: Element | None) -> bool:
    if compound.tag is not None and compound.tag != element.tag:
        return False
    if any(wanted != element.id for wanted in compound.ids) or any(
        name not in element.classes for name in compound.classes
    ):
        return False
    if compound.attributes and not all(_attribute_fits(element.attributes, *wanted) for wanted in compound.attributes):
        return False
    if compound.pseudo and not all(_pseudo_fits(name, element, parent) for name in compound.pseudo):
        return False
    if compound.places:
        place = _place(element, parent)
        if not all(_counts(place, *wanted) for wanted in compound.places):
            return False
    if compound.any_of and not all(
        any(_fits(choice, element, parent) for choice in choices) for choices in compound.any_of
    ):
        return False
    return not (compound.none_of and any(_fits(choice, element, parent) for choice in compound.none_of))


def _pseudo_fits(name: str, element: Element, parent: Element | None) -> bool:
    if name in ("root", "scope"):
        return element.tag == "html"
    if name in ("link", "any-link"):
        return element.tag in ("a", "area") and "href" in element.attributes
    if name in ("checked", "disabled"):
        return name in element.attributes or (name == "checked" and "selected" in element.attributes)
    if name == "empty":
        child = element.node.first_child
        while child is not None and child.tag == "-comment":
            child = child.next
        return child is None
    place = _place(element, parent)
    before, after = (2, 3) if name.endswith("of-type") else (0, 1)
    return (name.startswith("last") or place[before] == 1) and (name.startswith("first") or place[after] == 1)


def _place(element: Element, parent: Element | None) -> tuple[int, int, int, int]:
    """Which child of its parent it is: of all from the start and the end, of those with its tag likewise."""
    return (1, 1, 1, 1) if parent is None else parent.places.get(element.node.mem_id, (1, 1, 1, 1))


def _counts(place: tuple[int, int, int, int], name: str, step: int, first: int) -> bool:
    """Whether a place is one of `an+b`."""
    number = place[2 * name.endswith("of-type") + ("last" in name)] - first
    return number == 0 if step == 0 else number % step == 0 and number // step >= 0


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
