"""CSS lengths, numbers and sums of them."""

from __future__ import annotations

import re

from daemon.mail.colours import NUMBER

SUM_MAX_CHARS = 200
VALUE_MAX_CHARS = 1_000

_UNIT = "px|pt|em|r?ex|r?ch|r?cap|r?ic|rem|r?lh|%|[dsl]?v(?:w|h|i|b|min|max)|cq(?:w|h|i|b|min|max)|cm|mm|in|pc|q"
_LENGTH = re.compile(rf"({NUMBER})({_UNIT})?")
_MEASURE = re.compile(rf"\s*(?:((?:{NUMBER}))({_UNIT})?|(calc|min|max|clamp)?(\()|([-+*/),]))\s*")
WORDS = re.compile(r"[\w-]*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^\s()]+")
SUMS = ("calc(", "min(", "max(", "clamp(")
_PX = {"": 1.0, "px": 1.0, "pt": 4 / 3, "q": 0.945, "cm": 37.8, "mm": 3.78, "in": 96.0, "pc": 16.0}
_WINDOW_PX = (10.0, 7.0)


def words(value: str) -> list[str]:
    """The space-separated parts of a value, a function with its arguments being one."""
    return WORDS.findall(value[:VALUE_MAX_CHARS]) if "(" in value else value[:VALUE_MAX_CHARS].split()


def number(value: str) -> float | None:
    """A number or a percentage, as a factor."""
    match = _NUMBER.fullmatch(value.strip())
    if match is None:
        return length(value, 0.0, percent_of=1.0) if "(" in value else None
    return float(match[1]) / (100 if match[2] else 1)


_NUMBER = re.compile(rf"({NUMBER})(%?)")


def length(value: str, font_px: float, *, percent_of: float | None = None) -> float | None:
    """A CSS length in px, or None where it says nothing we can measure."""
    value = value.strip()
    match = _LENGTH.fullmatch(value)
    if match is not None:
        return _px(match[1], match[2] or "", font_px, percent_of)
    return _Sum(value, font_px, percent_of).value() if value.startswith(SUMS) else None


def _px(number: str, unit: str, font_px: float, percent_of: float | None) -> float | None:
    if unit == "%":
        return None if percent_of is None else float(number) * percent_of / 100
    if unit in _PX:
        return float(number) * _PX[unit]
    if unit[0] == "r":
        return float(number) * 16.0
    if "v" in unit or (unit[0] == "c" and unit[1] == "q"):
        return float(number) * _WINDOW_PX[unit.endswith(("h", "b", "min"))]
    return float(number) * font_px


class _Sum:
    """A `calc()`, `min()`, `max()` or `clamp()`, read from left to right."""

    def __init__(self, text: str, font_px: float, percent_of: float | None) -> None:
        self._text, self._font_px, self._percent_of = text[:SUM_MAX_CHARS], font_px, percent_of
        self._at = 0

    def value(self) -> float | None:
        """What it comes to in px, None where it cannot be told."""
        try:
            return self._factor()
        except (ValueError, ArithmeticError, RecursionError):
            return None

    def _next(self, wanted: str) -> str | None:
        match = _MEASURE.match(self._text, self._at)
        if match is None or match[5] is None or match[5] not in wanted:
            return None
        self._at = match.end()
        return match[5]

    def _total(self) -> float:
        total = self._product()
        while sign := self._next("+-"):
            total += self._product() * (1 if sign == "+" else -1)
        return total

    def _product(self) -> float:
        product = self._factor()
        while sign := self._next("*/"):
            other = self._factor()
            product = product * other if sign == "*" else product / other
        return product

    def _factor(self) -> float:
        match = _MEASURE.match(self._text, self._at)
        if match is None or match[5] is not None:
            raise ValueError
        self._at = match.end()
        if match[1] is not None:
            size = _px(match[1], match[2] or "", self._font_px, self._percent_of)
            if size is None:
                raise ValueError
            return size
        values = [self._total()]
        while self._next(","):
            values.append(self._total())
        if not self._next(")"):
            raise ValueError
        if match[3] == "clamp" and len(values) == 3:
            return max(values[0], min(values[1], values[2]))
        return max(values) if match[3] == "max" else min(values)
