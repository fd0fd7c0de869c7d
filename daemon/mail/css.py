"""The little of CSS that decides whether a reader sees a text: rules, the cascade, and single values.

Not a CSS engine. Selectors of tags, classes, ids, attributes and most pseudo-classes joined by descendants, children
and siblings are understood, and so are `@media` conditions on width for a desktop window. What of a selector is not
understood is left out of it, and the rule is then good for hiding only.
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
_CUSTOM = re.compile(r"(?<![\w.#-])--[\w-]*[A-Z][\w-]*")
_BRACES, _ROUND = re.compile(r"[{}]"), re.compile(r"[()]")
_CAPITAL = re.compile(r"[A-Z]")
# An escaped sign is part of a name: until the names are read it stands as a surrogate, which no text can hold.
_ESCAPED = 0xDC00
_RELEVANT = frozenset(
    """display visibility opacity font font-size color background background-color background-image position left right
    top bottom text-indent clip clip-path height max-height width max-width line-height overflow overflow-x overflow-y
    transform margin margin-left margin-top margin-right scale zoom letter-spacing unicode-bidi direction
    text-decoration text-decoration-line filter -webkit-text-fill-color float z-index content-visibility
    white-space inset inset-inline inset-block inset-inline-start inset-inline-end inset-block-start inset-block-end
    margin-inline margin-block margin-inline-start margin-inline-end margin-block-start translate mask mask-image
    -webkit-mask -webkit-mask-image -webkit-mask-box-image""".split()
)
_NAME = r"[\w\-\u0080-\U0010ffff]+"
_TYPE = re.compile(rf"(?:(?:\*|{_NAME})?\|)?(\*|{_NAME})?")
_SIMPLE = re.compile(
    rf"([.#]|::?)({_NAME})|\[\s*({_NAME})\s*(?:([~|^$*]?=)\s*(?:\"([^\"]*)\"|'([^']*)'|([^\]\s]*))\s*[is]?\s*)?\]"
)
_COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")
_NESTED_MAX = 3
_CHOICES_MAX = 50
_STATIC_PSEUDO = frozenset(
    """root scope link any-link empty first-child last-child only-child first-of-type last-of-type only-of-type
    checked disabled""".split()
)
_COUNTING_PSEUDO = frozenset(("nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"))
_CHOICE_PSEUDO = frozenset(("is", "where", "matches", "-webkit-any", "-moz-any"))
_TRUE_PSEUDO = frozenset(("defined", "read-only"))
# Nothing is like that while a mail is only read.
_FALSE_PSEUDO = frozenset(
    """hover active visited focus focus-within focus-visible target target-within before after first-letter first-line
    placeholder-shown fullscreen modal autofill user-valid user-invalid playing""".split()
)
_PLACE = re.compile(r"\s*(?:(odd|even)|([+-]?\d{0,6})n\s*(?:([+-])\s*(\d{1,6}))?|([+-]?\d{1,6}))\s*")
_INITIAL = re.compile(r"initial-value\s*:([^;}]*)")
_WIDTH_CONDITION = re.compile(r"(min|max)-(?:device-)?width\s*:\s*([\d.]+)\s*(px|em|rem)")

Declarations = dict[str, str]


@dataclass(frozen=True, slots=True)
class Compound:
    """One element's part of a selector; `link` is the combinator to the part on its left.

    `places` are (pseudo-class, a, b) of `an+b`; one of each of `any_of` and none of `none_of` is to fit too. `unread`:
    it has more to it, which is not understood.
    """

    tag: str | None
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()
    pseudo: tuple[str, ...] = ()
    places: tuple[tuple[str, int, int], ...] = ()
    any_of: tuple[tuple[Compound, ...], ...] = ()
    none_of: tuple[Compound, ...] = ()
    weight: tuple[int, int, int] = (0, 0, 0)
    unread: bool = False
    link: str = " "

    @property
    def specific(self) -> bool:
        """Whether it asks for more than a tag."""
        return bool(
            self.ids or self.classes or self.attributes or any(all(c.specific for c in each) for each in self.any_of)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector's compounds from right to left, its weight in the cascade, and its declarations.

    `simple`: it judges an element by nothing but its tag, id and classes. `unread`: part of its selector was left out.
    """

    compounds: tuple[Compound, ...]
    weight: tuple[int, int, int, int]
    declarations: Declarations
    important: Declarations
    simple: bool
    unread: bool = False


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
        text = unescape(_COMMENT.sub(" ", text[:STYLE_MAX_CHARS]), names=True)
        for prelude, block in _blocks(text):
            plain, important = declarations(block)
            if not plain and not important:
                continue
            for selector in _split(prelude):
                compounds = _compounds(selector)
                if compounds is None or self.count >= RULES_MAX:
                    continue
                self.count += 1
                ids, classes, tags = map(sum, zip(*(part.weight for part in compounds), strict=True))
                rule = Rule(
                    compounds,
                    (ids, classes, tags, self.count),
                    plain,
                    important,
                    _is_simple(compounds),
                    any(part.unread for part in compounds),
                )
                self.contextual = self.contextual or not rule.simple
                self.by_key.setdefault(_key(compounds[0]), []).append(rule)


def reading_cost(text: str) -> int:
    """About what a style sheet costs to read, in checks of one rule against one element."""
    return len(text) // 100 + 3 * text.count("{") + text.count(",") + text.count("(")


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
    first = compounds[0]
    return len(compounds) == 1 and not (
        first.pseudo or first.attributes or first.places or first.any_of or first.none_of
    )


def unescape(text: str, *, names: bool = False) -> str:
    """CSS escapes undone (CSS Syntax 4.3.7), lower case; with `names`, escaped signs as they stand in a `Sheet`.

    A capital in the name of a custom property, where case matters, is followed by a mark.
    """
    if "\\" in text:
        text = _ESCAPE.sub(lambda match: _char(match, names=names), text)
    if "--" in text:
        text = _CUSTOM.sub(lambda match: _CAPITAL.sub("\\g<0>\udc00", match[0]), text)
    return text.lower()


def _char(match: re.Match[str], *, names: bool) -> str:
    char = match[2]
    if match[1]:
        code = int(match[1], 16)
        char = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    if names and char.isascii() and not char.isalnum() and char not in "-_":
        return chr(_ESCAPED + ord(char))
    return char


def _name(text: str) -> str:
    """A name as the document has it."""
    return text if text.isascii() else "".join(chr(ord(c) - _ESCAPED) if "\udc00" < c < "\udc80" else c for c in text)


def _split(selectors: str) -> list[str]:
    """The members of a selector list."""
    if "(" not in selectors and "[" not in selectors:
        return [each.strip() for each in selectors.split(",")]
    found, start, depth = [], 0, 0
    for at, char in enumerate(selectors):
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and depth <= 0:
            found.append(selectors[start:at].strip())
            start = at + 1
    return [*found, selectors[start:].strip()]


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
            if name == "@property" and (initial := _INITIAL.search(text, opening, _closing(text, opening))):
                found.append((":root", f"{prelude.removeprefix('@property').strip()}:{initial[1]}"))
            position = skip_to = _closing(text, opening)
            continue
        closing = text.find("}", opening)
        closing = len(text) if closing < 0 else closing
        found.append((prelude, text[opening + 1 : closing]))
        position = closing + 1
    return found if skip_to >= 0 else []


def _closing(text: str, opening: int, brackets: re.Pattern[str] = _BRACES) -> int:
    depth = 0
    for match in brackets.finditer(text, opening):
        depth += 1 if match[0] in "{(" else -1
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
        if not colon or (name not in _RELEVANT and name[:2] != "--"):
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


def _compounds(selector: str, nested: int = 0) -> tuple[Compound, ...] | None:
    """A selector's compounds from right to left, None where it is about nothing that we could judge by."""
    parts: list[Compound] = []
    position, link = 0, " "
    while position < len(selector):
        read = _compound(selector, position, link, nested)
        if read is None or len(parts) >= COMPOUNDS_MAX:
            return None
        part, position = read
        parts.append(part)
        if position == len(selector):
            break
        step = _COMBINATOR.match(selector, position)
        if step is None:
            return None
        link, position = step[1] or " ", step.end()
    parts.reverse()
    # With a part left out, what remains must still be about something in particular.
    if not parts or not (nested or parts[0].specific or all(part.specific for part in parts if part.unread)):
        return None
    return tuple(parts)


def _compound(text: str, position: int, link: str, nested: int) -> tuple[Compound, int] | None:
    """The compound that begins at `position` and where it ends; None where nothing is one or can ever fit."""
    start = position
    match = _TYPE.match(text, position)
    tag = match[1] if match is not None and match[1] != "*" else None
    position = start if match is None else match.end()
    ids, classes, attributes, pseudo, places = [], [], [], [], []
    any_of, none_of, unread, inner = [], [], False, []
    while (match := _SIMPLE.match(text, position)) is not None:
        position = match.end()
        kind, name = match[1], match[2]
        if kind == ".":
            classes.append(_name(name))
        elif kind == "#":
            ids.append(_name(name))
        elif not kind:
            attributes.append((_name(match[3]), match[4] or "", _name(match[5] or match[6] or match[7] or "")))
        else:
            argument = None
            if text[position : position + 1] == "(":
                closing = _closing(text, position, _ROUND)
                argument, position = text[position + 1 : closing].removesuffix(")"), closing
            if (
                kind == "::"
                or name in _FALSE_PSEUDO
                or (name[0] == "-" and argument is None and "any-link" not in name)
            ):
                return None
            if argument is None and name in _STATIC_PSEUDO:
                pseudo.append(name)
            elif argument is not None and name in _COUNTING_PSEUDO and (place := _PLACE.fullmatch(argument)):
                places.append((name, *_steps(place)))
            elif argument is not None and (name in _CHOICE_PSEUDO or name == "not"):
                choices, whole = _choices(argument, nested + 1)
                unread = unread or not whole
                if name == "not":
                    none_of += choices
                elif whole:
                    any_of.append(tuple(choices))
                if choices and name != "where":
                    inner.append(max(choice.weight for choice in choices))
            elif "any-link" in name:
                pseudo.append("link")
            elif name not in _TRUE_PSEUDO:
                unread = True
    if position == start:
        return None
    named = (len(ids), len(classes) + len(attributes) + len(pseudo) + len(places), int(tag is not None))
    first, second, third = map(sum, zip(named, *inner, strict=True))
    return Compound(
        tag, tuple(ids), tuple(classes), tuple(attributes), tuple(pseudo), tuple(places), tuple(any_of),
        tuple(none_of), (first, second, third), unread, link,
    ), position  # fmt: skip


def _choices(argument: str, nested: int) -> tuple[list[Compound], bool]:
    """The members of the list in `:is()` or `:not()` that can fit, and whether all were understood."""
    found, whole = [], nested <= _NESTED_MAX
    members = _split(argument)
    for member in members[:_CHOICES_MAX] if whole else ():
        compounds = _compounds(member, nested)
        if compounds is None:
            continue
        if len(compounds) > 1 or compounds[0].unread:
            whole = False
        else:
            found.append(compounds[0])
    return found, whole and len(members) <= _CHOICES_MAX


def _steps(place: re.Match[str]) -> tuple[int, int]:
    """The `a` and `b` of `an+b`."""
    if place[1]:
        return 2, int(place[1] == "odd")
    if place[5]:
        return 0, int(place[5])
    step = int(place[2] + "1") if place[2] in ("", "+", "-") else int(place[2])
    return step, int((place[3] or "") + (place[4] or "0"))
