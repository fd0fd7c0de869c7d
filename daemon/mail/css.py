"""The little of CSS that decides whether a reader sees a text: rules, the cascade, and single values.

Not a CSS engine. Selectors of tags, classes, ids and attributes joined by descendants, children and siblings are
understood, and so are `@media` conditions on width for a desktop window; a rule that is not understood has no effect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

WINDOW_WIDTH_PX = 1_000
STYLE_MAX_CHARS = 200_000
RULES_MAX = 2_000
COMPOUNDS_MAX = 8
REMEMBERED_SHEETS = 50
REMEMBERED_STYLE_CHARS = 40_000

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|<!--|-->", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_RELEVANT = frozenset(
    """display visibility opacity font font-size color background background-color background-image position left right
    top bottom text-indent clip clip-path height max-height width max-width line-height overflow overflow-x overflow-y
    transform margin margin-left margin-top margin-right scale zoom letter-spacing unicode-bidi direction
    text-decoration text-decoration-line filter -webkit-text-fill-color float z-index content-visibility
    white-space""".split()
)
_COMPOUND = re.compile(
    r"(\*|[\w-]+)?((?:[.#][\w-]+|\[[\w-]+(?:[~|^$*]?=(?:\"[^\"\]]*\"|'[^'\]]*'|[^\]\s]*)\s*i?)?\]|:[\w-]+(?:\([^()]*\))?)*)"
)
_SIMPLE = re.compile(r"([.#:])([\w-]+)(\([^()]*\))?|\[([\w-]+)(?:([~|^$*]?=)[\"']?([^\"'\]]*)[\"']?\s*i?)?\]")
_COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")
_STATIC_PSEUDO = frozenset({"first-child", "last-child", "root", "link", "any-link", "only-child"})
_WIDTH_CONDITION = re.compile(r"(min|max)-(?:device-)?width\s*:\s*([\d.]+)\s*(px|em|rem)")

Declarations = dict[str, str]


@dataclass(frozen=True, slots=True)
class Compound:
    """One element's part of a selector; `link` is the combinator to the part on its left."""

    tag: str | None
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()
    pseudo: tuple[str, ...] = ()
    link: str = " "


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector's compounds from right to left, its weight in the cascade, and its declarations.

    `simple`: it judges an element by nothing but its tag, id and classes.
    """

    compounds: tuple[Compound, ...]
    weight: tuple[int, int, int, int]
    declarations: Declarations
    important: Declarations
    simple: bool


@dataclass(slots=True)
class Sheet:
    """All rules of a document, found by the id, class or tag that their last compound asks for.

    `contextual`: one of them looks at more than an element's tag, id and classes.
    """

    by_key: dict[str, list[Rule]] = field(default_factory=dict)
    count: int = 0
    contextual: bool = False

    def add(self, text: str) -> None:
        """Take in a `<style>` element's text."""
        text = unescape(_COMMENT.sub(" ", text[:STYLE_MAX_CHARS]))
        for prelude, block in _blocks(text):
            plain, important = declarations(block)
            if not plain and not important:
                continue
            for selector in prelude.split(","):
                compounds = _compounds(selector.strip())
                if compounds is None or self.count >= RULES_MAX:
                    continue
                self.count += 1
                weight = (
                    sum(len(part.ids) for part in compounds),
                    sum(len(part.classes) + len(part.attributes) + len(part.pseudo) for part in compounds),
                    sum(part.tag is not None for part in compounds),
                    self.count,
                )
                rule = Rule(compounds, weight, plain, important, _is_simple(compounds))
                self.contextual = self.contextual or not rule.simple
                self.by_key.setdefault(_key(compounds[0]), []).append(rule)


def reading_cost(text: str) -> int:
    """About what a style sheet costs to read, in checks of one rule against one element."""
    return len(text) // 100 + 3 * text.count("{") + text.count(",")


def sheet(texts: tuple[str, ...]) -> Sheet:
    """The rules of a document's `<style>` texts; not to be changed, for those of ordinary size are kept."""
    return _remembered(texts) if sum(map(len, texts)) <= REMEMBERED_STYLE_CHARS else _sheet(texts)


def _sheet(texts: tuple[str, ...]) -> Sheet:
    whole = Sheet()
    for text in texts:
        whole.add(text)
    return whole


_remembered = lru_cache(maxsize=REMEMBERED_SHEETS)(_sheet)


def _is_simple(compounds: tuple[Compound, ...]) -> bool:
    return len(compounds) == 1 and not compounds[0].pseudo and not compounds[0].attributes


def unescape(text: str) -> str:
    """CSS escapes undone (CSS Syntax 4.3.7), lower case."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: _char(match[1]) if match[1] else match[2], text)
    return text.lower()


def _char(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _key(compound: Compound) -> str:
    if compound.ids:
        return "#" + compound.ids[0]
    if compound.classes:
        return "." + compound.classes[0]
    return compound.tag or "*"


def _blocks(text: str) -> list[tuple[str, str]]:
    """(selector list, declarations) of each rule in force, `@media` blocks opened when they apply."""
    found: list[tuple[str, str]] = []
    position, skip_to = 0, 0
    while len(found) < RULES_MAX:
        opening = text.find("{", position)
        if opening < 0:
            break
        prelude = text[position:opening].rsplit("}", 1)[-1].rsplit(";", 1)[-1].strip()
        if prelude.startswith("@"):
            name = prelude.split("(")[0].split()[0]
            if name in {"@media", "@supports", "@layer", "@container"} and (name != "@media" or media_applies(prelude)):
                position = opening + 1
                continue
            position = skip_to = _closing(text, opening)
            continue
        closing = text.find("}", opening)
        closing = len(text) if closing < 0 else closing
        found.append((prelude, text[opening + 1 : closing]))
        position = closing + 1
    return found if skip_to >= 0 else []


def _closing(text: str, opening: int) -> int:
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, opening):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.end()
    return len(text)


def media_applies(prelude: str) -> bool:
    """Whether one of the alternatives of a media query holds on a light, desktop-wide screen."""
    return any(_condition_holds(query) for query in prelude.removeprefix("@media").split(","))


def _condition_holds(query: str) -> bool:
    if "not " in query or "print" in query or "dark" in query or "speech" in query or "pixel-ratio" in query:
        return False
    for bound, number, unit in _WIDTH_CONDITION.findall(query):
        width = float(number[:9].replace(".", "", number[:9].count(".") - 1) or 0) * (1 if unit == "px" else 16)
        if width < WINDOW_WIDTH_PX if bound == "max" else width > WINDOW_WIDTH_PX:
            return False
    return True


def declarations(block: str) -> tuple[Declarations, Declarations]:
    """The declarations of a block that matter to visibility: plain ones, and those marked `!important`."""
    plain: Declarations = {}
    important: Declarations = {}
    for piece in block.split(";"):
        name, colon, value = piece.partition(":")
        name = name.strip()
        if not colon or name not in _RELEVANT:
            continue
        value = value.strip()
        if value.endswith("important"):
            important[name] = value.rpartition("!")[0].strip()
        else:
            plain[name] = value
    return plain, important


def inline_declarations(style: str) -> tuple[Declarations, Declarations]:
    """The declarations of a `style` attribute."""
    if "/*" in style:
        style = _COMMENT.sub(" ", style)
    return declarations(unescape(style))


def _compounds(selector: str) -> tuple[Compound, ...] | None:
    parts: list[Compound] = []
    position, link = 0, ""
    while position < len(selector):
        match = _COMPOUND.match(selector, position)
        if match is None or match.end() == position or len(parts) >= COMPOUNDS_MAX:
            return None
        part = _compound(match[1], match[2] or "", link or " ")
        if part is None:
            return None
        parts.append(part)
        position = match.end()
        if position == len(selector):
            break
        step = _COMBINATOR.match(selector, position)
        if step is None:
            return None
        link, position = step[1] or " ", step.end()
    return tuple(reversed(parts)) or None


def _compound(tag: str | None, rest: str, link: str) -> Compound | None:
    ids, classes, attributes, pseudo = [], [], [], []
    for kind, name, argument, attribute, operator, value in _SIMPLE.findall(rest):
        if kind == ".":
            classes.append(name)
        elif kind == "#":
            ids.append(name)
        elif kind == ":":
            if argument or name not in _STATIC_PSEUDO:
                return None  # a state (:hover), a generated box (::before) or more than we understand
            pseudo.append(name)
        else:
            attributes.append((attribute, operator, value))
    return Compound(
        None if tag in (None, "*") else tag, tuple(ids), tuple(classes), tuple(attributes), tuple(pseudo), link
    )
