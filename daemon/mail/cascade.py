"""Which rules of a style sheet are about an element, and what they add up to (CSS Selectors, CSS Cascade)."""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from daemon.mail.css import Compound, Declarations, Rule, Sheet, inline_declarations
from daemon.mail.element import Element

SIBLINGS_LOOKED_AT = 20


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
    first = rule.compounds[0]
    if not _fits(first, element, element.node, ancestors[-1].index + 1 if ancestors else 1):
        return False
    depth, link = len(ancestors) - 1, first.link
    previous = ancestors[-1].previous if ancestors else None
    for compound in rule.compounds[1:]:
        if link in "+~":
            if previous is None or not _fits(compound, previous, None, 0):
                return False
            previous = None
        elif link == ">":
            if depth < 0 or not _fits(compound, ancestors[depth], None, 0):
                return False
            depth -= 1
        else:
            while depth >= 0 and not _fits(compound, ancestors[depth], None, 0):
                depth -= 1
            if depth < 0:
                return False
            depth -= 1
        link = compound.link
    return True


def _fits(compound: Compound, element: Element, node: LexborNode | None, index: int) -> bool:
    if compound.tag is not None and compound.tag != element.tag:
        return False
    if any(wanted != element.id for wanted in compound.ids) or any(
        name not in element.classes for name in compound.classes
    ):
        return False
    for pseudo in compound.pseudo:
        if pseudo == "first-child" and index != 1:
            return False
        if pseudo == "root" and element.tag != "html":
            return False
        if pseudo in ("last-child", "only-child") and (node is None or _element_after(node)):
            return False
    return all(_attribute_fits(element.attributes, *wanted) for wanted in compound.attributes)


def _element_after(node: LexborNode) -> bool:
    following = node.next
    for _ in range(SIBLINGS_LOOKED_AT):
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
