"""Selectors (CSS Selectors 4), read into the parts that an element is held against.

What is not understood makes a selector doubtful: it may be about the element, and is good for hiding only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from daemon.mail.css_syntax import GAP, closing, plain, split

COMPOUNDS_MAX = 12
NESTED_MAX = 4
CHOICES_MAX = 50

_NAME = r"[\w\-\u0080-\udbff\udc01-\U0010ffff]+"
_TYPE = re.compile(rf"(?:(\*|{_NAME})?\|(?!=))?(\*|{_NAME})?")
_SIMPLE = re.compile(
    rf"([.#]|::?)({_NAME})|(&)|\[\s*(?:(?:\*|{_NAME})?\|(?!=))?({_NAME})\s*"
    rf"(?:([~|^$*]?=)\s*(?:\"([^\"]*)\"|({_NAME}))\s*([is])?\s*)?(?:\]|$)",
    re.IGNORECASE,
)
_PSEUDO = re.compile(r"::?([\w-]+)")
_COMBINATOR = re.compile(r"\s*([>+~]|\|\|)\s*|\s+")
_PLACE = re.compile(
    r"\s*(?:(odd|even)|([+-]?\d{0,6})n\s*(?:([+-])\s*(\d{1,6}))?|([+-]?\d{1,6}))\s*(?:\s(?:of)\s+(.+))?", re.IGNORECASE
)
STATIC_PSEUDO = frozenset(
    """root scope link any-link empty first-child last-child only-child first-of-type last-of-type only-of-type
    checked disabled enabled open""".split()
)
COUNTING_PSEUDO = frozenset(("nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"))
_CHOICE_PSEUDO = frozenset(("is", "where", "matches", "-webkit-any", "-moz-any"))
_TRUE_PSEUDO = frozenset(("defined", "read-only", "any-link", "-webkit-any-link", "-moz-any-link"))
# Nothing is like that while a mail is only read.
_FALSE_PSEUDO = frozenset(
    """hover active visited focus focus-within focus-visible target target-within before after
    selection placeholder marker backdrop file-selector-button cue fullscreen modal
    autofill user-valid user-invalid playing popover-open future past current host
    -webkit-autofill -webkit-full-screen picture-in-picture seeking buffering stalled muted volume-locked""".split()
)
# A part of the text, which may be all that matters.
_TEXT_PSEUDO = frozenset(("first-letter", "first-line", "details-content"))
TEXT_PART = "text"
PLACED = frozenset(STATIC_PSEUDO - {"link", "any-link", "checked", "disabled", "enabled", "root", "scope", "open"})

Weight = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Compound:
    """One element's part of a selector; `link` is the combinator to the part on its left.

    `places` are (pseudo-class, a, b, of) of `an+b of S`; one of each of `any_of` and none of `none_of` is to fit, and
    of each of `has` one is to be found from here. `languages` are those of `:lang()`.
    """

    tag: str | None
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str, str], ...] = ()
    pseudo: tuple[str, ...] = ()
    places: tuple[tuple[str, int, int, tuple[Selector, ...]], ...] = ()
    any_of: tuple[tuple[Selector, ...], ...] = ()
    none_of: tuple[Selector, ...] = ()
    has: tuple[tuple[Selector, ...], ...] = ()
    languages: tuple[tuple[str, ...], ...] = ()
    weight: Weight = (0, 0, 0)
    doubtful: bool = False
    parent: bool = False
    link: str = " "

    @property
    def specific(self) -> bool:
        """Whether it asks for more than a tag."""
        return bool(
            self.ids
            or self.classes
            or self.attributes
            or self.has
            or any(all(choice[0].specific for choice in each) for each in self.any_of)
        )

    @property
    def plain(self) -> bool:
        """Whether it looks at nothing but the start tag."""
        return not (self.beside or self.any_of or self.none_of or self.languages)

    @property
    def beside(self) -> bool:
        """Whether it looks at what is beside or in an element."""
        return bool(self.places or self.has or any(name in PLACED for name in self.pseudo))


# Compounds from right to left.
Selector = tuple[Compound, ...]


def weight(selector: Selector) -> Weight:
    """Its specificity."""
    first, second, third = map(sum, zip(*(part.weight for part in selector), strict=True))
    return first, second, third


def selectors(prelude: str, parents: tuple[Selector, ...] = (), *, top: bool = True) -> tuple[list[Selector], bool]:
    """The members of a selector list that could be read, and whether all were: else a browser drops the rule."""
    found: list[Selector] = []
    whole = True
    members = split(prelude)
    for member in members[:CHOICES_MAX] if not top else members:
        read = _selector(member, 0, nested=bool(parents))
        if read is None:
            whole = whole and _never(member)
        elif parents:
            found += _within(read, parents)
        else:
            found.append(read)
    return found, whole


def _never(member: str) -> bool:
    """Whether a selector that could not be read is a good one that never fits: a browser drops no rule for it."""
    names = [name.lower() for name in _PSEUDO.findall(member)]
    return bool(names) and all(name in _FALSE_PSEUDO or name.startswith("-webkit-") for name in names)


def _within(selector: Selector, parents: tuple[Selector, ...]) -> list[Selector]:
    """A nested rule's selector with its parent's put in (CSS Nesting 1)."""
    at = next((index for index, part in enumerate(selector) if part.parent), None)
    if at is None:
        return [(*selector, replace(parent[0], link=" "), *parent[1:]) for parent in parents]
    part = selector[at]
    found: list[Selector] = []
    for parent in parents:
        if not selector[at + 1 :]:
            joined = _joined(part, parent[0])
            found.append((*selector[:at], joined, *parent[1:]))
        else:
            held = replace(part, any_of=(*part.any_of, (parent,)), parent=False)
            found.append((*selector[:at], held, *selector[at + 1 :]))
    return found


def _joined(part: Compound, parent: Compound) -> Compound:
    """Both in one."""
    if part.tag is not None and parent.tag is not None and part.tag != parent.tag:
        return replace(part, any_of=(*part.any_of, ((parent,),)), parent=False, doubtful=True)
    return Compound(
        part.tag or parent.tag,
        part.ids + parent.ids,
        part.classes + parent.classes,
        part.attributes + parent.attributes,
        part.pseudo + parent.pseudo,
        part.places + parent.places,
        part.any_of + parent.any_of,
        part.none_of + parent.none_of,
        part.has + parent.has,
        part.languages + parent.languages,
        (
            part.weight[0] + parent.weight[0],
            part.weight[1] + parent.weight[1],
            part.weight[2] + parent.weight[2],
        ),
        part.doubtful or parent.doubtful,
        link=parent.link,
    )


def _selector(text: str, depth: int, *, nested: bool = False) -> Selector | None:
    """A selector's compounds from right to left, None where it is none, can never fit, or says too little."""
    parts: list[Compound] = []
    text = text.strip(GAP + " \t\n\r\f")
    position, link = 0, " "
    if (nested or depth) and (step := _COMBINATOR.match(text)) is not None and step[1]:
        parts.append(Compound(None, parent=True))  # of a nested rule or in `:has()`: from the element itself
        link, position = step[1], step.end()
    while position < len(text):
        read = _Reader(text, position, depth).compound(link)
        if read is None or len(parts) >= COMPOUNDS_MAX:
            return None
        part, position = read
        parts.append(part)
        if position >= len(text):
            break
        step = _COMBINATOR.match(text, position)
        if step is None or (step.end() >= len(text) and step[1]):
            return None
        link, position = step[1] or " ", step.end()
    parts.reverse()
    # With a part left out, what remains must still be about something in particular.
    if not parts or not (depth or parts[0].specific or all(part.specific for part in parts if part.doubtful)):
        return None
    return tuple(parts)


class _Reader:
    """Reads the compound that begins at `position`."""

    def __init__(self, text: str, position: int, depth: int) -> None:
        self._text, self._start, self._depth = text, position, depth
        self.doubtful = False

    def compound(self, link: str) -> tuple[Compound, int] | None:
        """It and where it ends; None where nothing is one or can ever fit."""
        text, position = self._text, self._start
        match = _TYPE.match(text, position)
        tag = match[2] if match is not None and match[2] != "*" else None
        position = position if match is None else match.end()
        parts: dict[str, list[Any]] = {
            name: []
            for name in ("ids", "classes", "attributes", "pseudo", "places", "any_of", "none_of", "has", "languages")
        }
        inner: list[Weight] = []
        parent = False
        while position < len(text):
            if text[position] == GAP:
                position += 1
                if position < len(text) and (text[position].isalnum() or text[position] in "-_"):
                    self.doubtful = True  # two names without anything between them: an error
                    return None
                continue
            match = _SIMPLE.match(text, position)
            if match is None:
                break
            position = match.end()
            kind, name = match[1], match[2]
            if match[3]:
                parent = True
            elif kind == ".":
                parts["classes"].append(plain(name))
            elif kind == "#":
                parts["ids"].append(plain(name))
            elif not kind:
                value = match[6] if match[6] is not None else match[7]
                parts["attributes"].append(
                    (plain(match[4]).lower(), match[5] or "", plain(value or ""), (match[8] or "").lower())
                )
            else:
                argument = None
                if text[position : position + 1] == "(":
                    end = closing(text, position)
                    argument, position = text[position + 1 : end].removesuffix(")"), end
                if name.lower() in _TEXT_PSEUDO:
                    parts["pseudo"].append(TEXT_PART)
                elif kind == "::" or not self._pseudo(name.lower(), argument, parts, inner):
                    return None
        if position == self._start:
            return None
        named = (
            len(parts["ids"]),
            sum(len(parts[name]) for name in ("classes", "attributes", "pseudo", "places", "languages")),
            int(tag is not None),
        )
        first, second, third = map(sum, zip(named, *inner, strict=True))
        return Compound(
            plain(tag).lower() if tag is not None else None,
            **{name: tuple(found) for name, found in parts.items()},
            weight=(first, second, third),
            doubtful=self.doubtful,
            parent=parent,
            link=link,
        ), position

    def _pseudo(self, name: str, argument: str | None, parts: dict[str, list[Any]], inner: list[Weight]) -> bool:
        """Take in a pseudo-class; False where it never fits."""
        if name in _FALSE_PSEUDO or (name[0] == "-" and argument is None and "any-link" not in name):
            return False
        if argument is None:
            if name.endswith("any-link"):
                name = "link"
            if name in STATIC_PSEUDO:
                parts["pseudo"].append(name)
            elif name not in _TRUE_PSEUDO:
                self.doubtful = True
        elif name in COUNTING_PSEUDO and (place := _PLACE.fullmatch(argument)):
            of = self._choices(place[6], inner) if place[6] else ()
            parts["places"].append((name, *_steps(place), of or ()))
        elif name in _CHOICE_PSEUDO or name in ("not", "has"):
            choices = self._choices(argument, [] if name == "where" else inner)
            if choices is None:
                self.doubtful = True
            elif name == "not":
                parts["none_of"] += choices
            else:
                parts["has" if name == "has" else "any_of"].append(choices)
        elif name == "lang":
            parts["languages"].append(tuple(plain(each).strip(' "').lower() for each in split(argument)))
        elif name == "dir":
            self.doubtful = self.doubtful or argument.strip().lower() != "ltr"
        else:
            self.doubtful = True
        return True

    def _choices(self, argument: str, inner: list[Weight]) -> tuple[Selector, ...] | None:
        """The members of the list in a pseudo-class that can fit; None where there are too many, or too deep."""
        members = split(argument)
        if self._depth >= NESTED_MAX or len(members) > CHOICES_MAX:
            return None
        found = []
        for member in members:
            read = _selector(member, self._depth + 1)
            if read is not None:
                found.append(read)
            elif not _never(member):
                self.doubtful = True
        if found:
            inner.append(max(map(weight, found)))
        return tuple(found)


def _steps(place: re.Match[str]) -> tuple[int, int]:
    """The `a` and `b` of `an+b`."""
    if place[1]:
        return 2, int(place[1].lower() == "odd")
    if place[5]:
        return 0, int(place[5])
    step = int(place[2] + "1") if place[2] in ("", "+", "-") else int(place[2])
    return step, int((place[3] or "") + (place[4] or "0"))
