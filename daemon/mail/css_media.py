"""Whether the rules in an at-rule's block are in force (Media Queries 4): yes, no, or for some readers only.

A reader sits before a light, coloured desktop screen. What holds for some such windows only, in the dark, or in
programs that understand more than others, is a maybe: it may hide a text from somebody, but cannot be what shows it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from daemon.mail.css_syntax import closing, split

NO, MAYBE, YES = 0, 1, 2
# Narrower windows are telephones, for which mails bring a second layout of the same.
WINDOW_WIDTHS_PX = (900.0, 1_000.0, 1_400.0, 1_900.0)
_WINDOW_HEIGHT_PX = 700.0
REMEMBERED = 1_000
REMEMBERED_CHARS = 200

_RANGE = re.compile(
    r"(?:([\d.]+)(px|r?em|pt|in|cm)?\s*([<>]=?)\s*)?(?:device-)?(width|height|inline-size)"
    r"(?:\s*([<>]=?|=)\s*([\d.]+)(px|r?em|pt|in|cm)?)?"
)
_BOUND = re.compile(r"(?:(min|max)-)?(?:device-)?(width|height)\s*:\s*([\d.]+)(px|r?em|pt|in|cm)?")
_PX = {"px": 1.0, "em": 16.0, "rem": 16.0, "pt": 4 / 3, "in": 96.0, "cm": 37.8}
_FEATURES = {
    "color": YES, "hover": YES, "any-hover": YES, "pointer": YES, "any-pointer": YES, "update": YES, "scripting": MAYBE,
    "prefers-color-scheme": MAYBE, "width": YES, "height": YES, "device-width": YES, "device-height": YES,
    "monochrome": NO, "grid": NO, "-webkit-transform-3d": YES, "min-color": YES, "orientation": MAYBE,
    "-ms-high-contrast": NO,
}  # fmt: skip
_VALUES = {
    ("prefers-color-scheme", "light"): YES, ("orientation", "landscape"): YES, ("orientation", "portrait"): MAYBE,
    ("hover", "hover"): YES, ("pointer", "fine"): YES, ("any-hover", "hover"): YES, ("any-pointer", "fine"): YES,
    ("hover", "none"): NO, ("pointer", "coarse"): NO, ("pointer", "none"): NO, ("any-hover", "none"): NO,
    ("monochrome", "0"): YES, ("grid", "0"): YES, ("min-monochrome", "0"): YES, ("min-grid", "0"): YES,
    ("-webkit-min-device-pixel-ratio", "0"): YES, ("min-resolution", "0dpi"): YES, ("display-mode", "browser"): YES,
    ("forced-colors", "none"): YES, ("prefers-reduced-motion", "no-preference"): YES, ("scripting", "none"): YES,
    ("scripting", "enabled"): MAYBE, ("-webkit-transform-3d", "1"): YES, ("color-gamut", "srgb"): YES,
}  # fmt: skip


def in_force(prelude: str) -> int:
    """Whether the rules in the block of the at-rule `prelude` apply."""
    return (_known if len(prelude) <= REMEMBERED_CHARS else _in_force)(prelude)


def _in_force(prelude: str) -> int:
    name, _, condition = prelude.lower().partition(" ")
    if "(" in name:
        name, _, rest = prelude.lower().partition("(")
        condition = "(" + rest
    if name == "@media":
        return media(condition)
    if name in ("@supports", "@container", "@layer", "@scope", "@-moz-document", "@document"):
        return MAYBE
    return NO


_known = lru_cache(maxsize=REMEMBERED)(_in_force)


def media(condition: str) -> int:
    """Whether one of the alternatives of a media query list holds."""
    return max(_query(each) for each in split(condition))


def _query(query: str) -> int:
    words = query.split(None, 2)
    negative = words[:1] == ["not"] and len(words) > 1 and not words[1].startswith("(")
    if words[:1] == ["only"] or negative:
        words = words[1:]
        query = query.split(None, 1)[1]
    if not query:
        return YES
    holds = YES
    if words and not words[0].startswith("(") and words[0] != "not":
        kind, _, query = query.partition(" ")
        kind = kind.partition("(")[0]
        holds = YES if kind in ("all", "screen") else NO
        query = query.strip()
        if query.startswith("and"):
            query = query[3:]
        elif query:
            holds = MAYBE
    holds = min(holds, _condition(query.strip(), 0)) if query.strip() else holds
    return YES - holds if negative else holds


def _condition(text: str, depth: int) -> int:
    """A condition of features in brackets, joined by `and`, `or` and `not`."""
    if depth > 8:
        return MAYBE
    found, position, joined, negative = [], 0, "and", False
    while position < len(text):
        if text[position] == "(":
            end = closing(text, position)
            one = _feature(text[position + 1 : end].removesuffix(")").strip(), depth)
            found.append(YES - one if negative else one)
            position, negative = end, False
            continue
        word = re.compile(r"[^\s(]+|\s+").match(text, position)
        if word is None or not (word[0].isspace() or word[0] in ("and", "or", "not")):
            return MAYBE
        joined = "or" if word[0] == "or" else joined
        negative = negative or word[0] == "not"
        position = word.end()
    if not found:
        return MAYBE
    return max(found) if joined == "or" else min(found)


def _feature(text: str, depth: int) -> int:
    if text.startswith(("(", "not ", "not(")):
        return _condition(text, depth + 1)
    if (bound := _BOUND.fullmatch(text)) is not None:
        sign = {"min": ">=", "max": "<="}.get(bound[1] or "", "=")
        return _within(bound[2], [(sign, bound[3], bound[4])])
    if (spread := _RANGE.fullmatch(text)) is not None and (spread[3] or spread[5]):
        bounds = []
        if spread[3]:
            bounds.append((spread[3].translate(_TURNED), spread[1], spread[2]))
        if spread[5]:
            bounds.append((spread[5], spread[6], spread[7]))
        return _within(spread[4], bounds)
    name, colon, value = (part.strip() for part in text.partition(":"))
    return _VALUES.get((name, value), MAYBE) if colon else _FEATURES.get(name, MAYBE)


_TURNED = str.maketrans("<>", "><")


def _within(what: str, bounds: list[tuple[str, str, str | None]]) -> int:
    """Whether a size keeps the bounds in every window, in some, or in none."""
    held = []
    for window in (_WINDOW_HEIGHT_PX,) if what == "height" else WINDOW_WIDTHS_PX:
        holds = True
        for sign, number, unit in bounds:
            try:
                size = float(number[:12]) * _PX[unit or "px"]
            except ValueError:
                return MAYBE
            holds = holds and {
                "<": window < size, "<=": window <= size, ">": window > size, ">=": window >= size, "=": False,
            }[sign]  # fmt: skip
        held.append(holds)
    if what == "height":
        # The height differs more than the width: only what holds for any counts.
        return MAYBE if any(number not in ("0", "1") for _, number, _ in bounds) else YES if all(held) else NO
    return YES if all(held) else MAYBE if any(held) else NO
