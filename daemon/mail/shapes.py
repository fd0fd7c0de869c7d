"""What can be a code by its looks, and what is plainly something else: dates, times, money, phones, addresses."""

# ruff: noqa: RUF001 - holds words and marks of many languages

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS_MIN, DIGITS_MAX = 4, 9
PHONE_MIN_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """A candidate by its looks, and what they are worth; letters need a label, words a line of their own."""

    kind: str
    text: str
    start: int
    end: int
    weight: float
    needs_label: bool = False
    lone: bool = False


_CANDIDATE = re.compile(
    r"""(?<![A-Za-z0-9_@/\\=&%+])(?<!\d[.,:/'-])(?:
    (?P<prefixed>[A-Za-z]{1,4}-\d{4,8})
    |(?P<spaced>\d(?:[ \t\xb7-]\d){3,8}|\d{2,4}(?:(?:[ \t]|[ \t]?[\xb7-][ \t]?)\d{2,4}){1,3})
    |(?P<scattered>\d{1,4}(?:[ \t]\d{1,4}){2,7})
    |(?P<digits>\d{4,10})
    |(?<![^\s])(?P<words>[a-z]{3,10}(?:-[a-z0-9]{3,10}){2,4})
    |(?P<grouped>(?:[A-Z0-9]{2,8}|(?=[A-Za-z-]{0,24}\d)[A-Za-z0-9]{2,8})(?:-[A-Za-z0-9]{2,8}){1,3})
    |(?P<letters>[A-Z]{5,12}|(?=[A-Za-z]{1,11}\d|\d{1,11}[A-Za-z])[A-Za-z0-9]{4,12})
    )(?![A-Za-z0-9_@%]|[.,:/-][A-Za-z0-9]|'[0-9])""",
    re.VERBOSE,
)
_MONEY = r"[$\u20ac\xa3\xa5\u20b9\u20bd\u20a9\u20ab\u0e3f\u20ba\u20b4\u20aa\u20a6\u20b1\u2116%\xb0]"
_CURRENCY = (
    r"(?:eur|euro|usd|gbp|chf|jpy|cny|rmb|inr|krw|vnd|thb|try|uah|rub|pln|czk|huf|ron|bgn|sek|nok|dkk|brl|mxn|cad|aud"
    r"|ars|clp|cop"
    r"|idr|myr|ils|aed|sar|irr|kr|zl|kc|ft|lei|rs|rp|rm|tl|руб|грн|лв|kwh|km|kg|mb|gb|px|pts|ms|ml|mg|m2|watt|kcal"
    r"|steps|hz)"
)
_MONEY_BEFORE = re.compile(rf"(?:{_MONEY}|\b{_CURRENCY})[ ]?$", re.IGNORECASE)
_MONEY_AFTER = re.compile(rf"[ ]?(?:{_MONEY}|{_CURRENCY}\b)", re.IGNORECASE)
# Stretches that are numbers of another kind, whatever is said beside them.
_NOT_CODES = re.compile(
    r"""\+\s?\d[\d\s().\-/]{6,18}\d                                     # telephone, international
    |\(\d{2,5}\)[ ]?\d[\d \-/]{4,12}\d                                  # telephone with area code
    |(?<![\w.])\d{1,5}(?:[ ./\-]\d{2,5}){2,5}(?![\w])                   # long numbers in groups, dates
    |(?<!\w)0\d{1,4}[ /\-]\d{3,8}(?:[ \-]\d{2,6})*(?!\w)                # telephone, national
    |(?<!\w)\d{3}-\d{4}(?!\w|-)                                         # telephone, local
    |(?<![\w/])\d{3,6}/\d{4,10}(?![\w/])                                # year or office, and number
    |(?<!\w)\d{1,2}:\d{2}(?::\d{2})?                                    # time
    |(?<!\d)\d{4}[ ]?[\u5e74\ub144]                                      # year
    |(?<!\w)\d{1,3}(?:[.,\u2019' ]\d{3})+[.,]\d{2}(?!\d)                # money
    |(?<!\w)(?:\d{1,3}\.){3}\d{1,3}(?!\w)                               # IP address
    |\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b    # IBAN
    |\#[0-9A-Za-z-]+                                                    # ticket, colour
    |(?<!\w)\d{1,5}(?:st|nd|rd|th)\b""",
    re.VERBOSE,
)
_CODE_LIKE_GROUPS = re.compile(
    r"\d{2}[ -]\d{2}[ -]\d{2}|\d(?:[ -]\d){3,8}|\d{3}[ -]\d{3}[ -]\d{3}|\d{2}(?:[ -]\d{2}){3}|\d{3}[ -]\d{2}[ -]\d{3}"
)
_YEAR_OR_DATE = re.compile(r"(?:19|20)\d\d|20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_THAI_YEAR = re.compile(r"25[5-9]\d")
_THAI = re.compile(r"[\u0e01-\u0e5b][^\n\d]{0,4}\Z")
_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]+")
_VERSION = re.compile(
    r"(?i)(?:v|ios|win|mac|ipv|mp|utf|sha|http|tls|rfc|iso|covid|windows|chrome|firefox|office|rev|no|nr|art|q|h"
    r"|fy)-?\d+"
)


# What a line must hold to be looked at closely; most lines hold nothing of the kind. It opens with one class of
# characters, because a search leaps from one such to the next.
_PROMISING = re.compile(
    r"[0-9A-Z-](?:(?<=[A-Za-z]\d)|(?<=\d)(?:\D{0,4}\d\D{0,4}\d\D{0,4}\d|[A-Za-z])"
    r"|(?<=[A-Z])(?:[A-Z]{4}|[A-Z]-[A-Z]{2})|(?<=[a-z]{3}-)[a-z0-9]{3,10}-[a-z]{3})"
)


def find(text: str, most: int) -> list[Shape]:
    """The first `most` stretches of `text` (ASCII digits) that could be a code, in order."""
    found: list[Shape] = []
    position = 0
    while promising := _PROMISING.search(text, position):
        start = text.rfind("\n", 0, promising.start()) + 1
        position = text.find("\n", promising.end())
        position = len(text) if position < 0 else position
        line = _NOT_CODES.sub(_blank_other, text[start:position])
        for match in _CANDIDATE.finditer(line):
            if (shape := _shape(line, match, start)) is not None:
                found.append(shape)
                if len(found) == most:
                    return found
    return found


def _blank_other(match: re.Match[str]) -> str:
    if match[0].startswith("0") and sum(char.isdigit() for char in match[0]) < PHONE_MIN_DIGITS and "/" not in match[0]:
        return match[0]
    return match[0] if _CODE_LIKE_GROUPS.fullmatch(match[0]) and not _is_date(match[0]) else " " * len(match[0])


def _is_date(text: str) -> bool:
    parts = re.split(r"[ -]", text)
    if len(parts) != 3 or "-" not in text:
        return False
    first, second, third = (int(part) for part in parts)
    return (
        any(
            1 <= day <= 31 and 1 <= month <= 12 and year >= 0
            for day, month, year in ((first, second, third), (second, first, third), (third, second, first))
        )
        and 20 <= max(first, third) <= 31
    )


def _shape(line: str, match: re.Match[str], offset: int) -> Shape | None:
    kind, found = match.lastgroup or "", match[0]
    start, end = match.span()
    if _MONEY_BEFORE.search(line[max(0, start - 6) : start]) or _MONEY_AFTER.match(line[end : end + 7]):
        return None
    start, end = start + offset, end + offset
    if kind in ("digits", "spaced", "scattered"):
        digits = re.sub(r"\D", "", found)
        if not DIGITS_MIN <= len(digits) <= DIGITS_MAX:
            return None
        weight = {6: 2.0, 4: 1.0, 5: 1.5, 7: 1.5, 8: 1.5}.get(len(digits), 0.0)
        if kind == "scattered":
            return Shape(kind, found, start, end, 0.5, needs_label=True, lone=True)
        if kind == "spaced":
            weight -= 0.5
        if _YEAR_OR_DATE.fullmatch(digits) or (_THAI_YEAR.fullmatch(digits) and _THAI.search(line, 0, match.start())):
            weight -= 3.0
        return Shape(kind, found, start, end, weight)
    if kind == "prefixed":
        return Shape(kind, found, start, end, 1.5)
    if kind == "words":
        return Shape(kind, found, start, end, 0.0, needs_label=True, lone=True)
    return _lettered(kind, found, start, end)


def _lettered(kind: str, found: str, start: int, end: int) -> Shape | None:
    bare = found.replace("-", "")
    has_digit, has_letter = any(char.isdigit() for char in bare), any(char.isalpha() for char in bare)
    if not 4 <= len(bare) <= 16 or _VERSION.fullmatch(found):
        return None
    if has_digit and has_letter:
        if re.fullmatch(r"\d+[a-z]{1,3}|[A-Z]?[a-z]{3,}\d{1,2}|[a-z]{3,}\d{1,4}", found):
            return None
        return Shape(kind, found, start, end, 0.5, needs_label=True)
    if has_digit:
        return None
    if bare.isupper() and len(bare) >= 5:
        return Shape("capitals", found, start, end, -0.5, needs_label=True, lone="-" not in found or len(bare) < 6)
    return None


def value(shape: Shape, brand: str) -> str:
    """The code as it is to be typed: digits without separators, no brand prefix; letters as printed."""
    if shape.kind in ("digits", "spaced", "scattered"):
        return re.sub(r"\D", "", shape.text)
    if shape.kind == "prefixed":
        prefix, _, digits = shape.text.partition("-")
        if len(prefix) == 1 or _initials(prefix.lower(), brand.lower()):
            return digits
    return shape.text


def _initials(prefix: str, brand: str) -> bool:
    """Whether a prefix abbreviates a name: its initials, or letters of it in order from the first on."""
    words = re.findall(r"[a-z0-9]+", brand)
    return "".join(word[0] for word in words).startswith(prefix) or any(_abbreviates(prefix, word) for word in words)


def _abbreviates(prefix: str, word: str) -> bool:
    letters = iter(word)
    return word.startswith(prefix[0]) and all(char in letters for char in prefix)
