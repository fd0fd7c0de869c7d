"""CSS colours as they are written, and how well one can be told from another."""

from __future__ import annotations

import colorsys
import math
import re
from functools import lru_cache

from daemon.mail.colour_names import NAMED

Colour = tuple[float, float, float]
WHITE: Colour = (255.0, 255.0, 255.0)
BLACK: Colour = (0.0, 0.0, 0.0)

NUMBER = r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,3})?"
_FUNCTIONS = frozenset("rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark".split())
_FUNCTION = re.compile(r"([a-z-]+)\((.*?)\)?", re.DOTALL)
_PART = re.compile(rf"({NUMBER})(%|deg|g?rad|turn)?")
_COMMA = re.compile(r",(?![^()]*\))")
_ANGLES = {"deg": 1.0, "rad": 180 / math.pi, "grad": 0.9, "turn": 360.0}


@lru_cache(maxsize=1_000)
def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = ((c / 255 / 12.92) if c <= 10.3 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=1_000)
def colour(value: str) -> tuple[Colour, float] | None:
    """A CSS colour and its alpha, or None when it is no colour of its own (inherit, a variable, an unknown name)."""
    value = value.strip()
    if value == "transparent":
        return BLACK, 0.0
    digits = value[1:] if value.startswith("#") else NAMED.get(value, "")
    if digits:
        return _hexadecimal(digits)
    match = _FUNCTION.fullmatch(value)
    return _functional(match[1], match[2]) if match is not None and match[1] in _FUNCTIONS else None


def legacy(value: str) -> str:
    """What browsers make of an attribute that is to be a colour, whatever it says (WHATWG HTML 2.3.6)."""
    value = value.strip().lower()
    if value in NAMED or not value or value == "transparent":
        return value
    if len(value) == 4 and value[0] == "#" and _hexadecimal(value[1:]) is not None:
        return value
    digits = "".join(char if char in "0123456789abcdef" else "0" for char in value[:128].removeprefix("#"))
    size = max(1, -(-len(digits) // 3))
    parts = [digits.ljust(3 * size, "0")[at : at + size][-8:] for at in range(0, 3 * size, size)]
    while len(parts[0]) > 2 and all(part[0] == "0" for part in parts):
        parts = [part[1:] for part in parts]
    return "#" + "".join(part[:2].rjust(2, "0") for part in parts)


def _hexadecimal(digits: str) -> tuple[Colour, float] | None:
    if len(digits) in (3, 4):
        digits = "".join(char * 2 for char in digits)
    if len(digits) not in (6, 8) or not all(char in "0123456789abcdef" for char in digits):
        return None
    parts = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
    return (float(parts[0]), float(parts[1]), float(parts[2])), parts[3] / 255 if len(parts) == 4 else 1.0


def _functional(kind: str, inner: str) -> tuple[Colour, float] | None:
    """A colour function (CSS Color 4 and 5), the simple ways to write it; mixtures are all mixed in sRGB."""
    if kind == "color-mix":
        return _mixture(inner)
    if kind == "light-dark":
        return colour(_COMMA.split(inner)[0])
    words = _words(kind, inner)
    parts = [_part(word, kind, at) for at, word in enumerate(words)]
    if len(parts) not in (3, 4) or None in parts:
        return None
    first, second, third, alpha = [*(part or 0.0 for part in parts), 1.0][:4]
    alpha = min(max(alpha, 0.0), 1.0)
    if kind.startswith("rgb"):
        return _bounded(first / 255, second / 255, third / 255), alpha
    if kind.startswith("hsl"):
        return _bounded(*colorsys.hls_to_rgb(first % 360 / 360, min(max(third, 0), 1), min(max(second, 0), 1))), alpha
    if kind == "hwb":
        grey = max(1.0, second + third)
        pure = colorsys.hls_to_rgb(first % 360 / 360, 0.5, 1.0)
        return _bounded(*(c * (1 - second / grey - third / grey) + second / grey for c in pure)), alpha
    if kind == "color":
        return _bounded(first, second, third), alpha
    if kind.endswith("lch"):
        second, third = second * math.cos(math.radians(third)), second * math.sin(math.radians(third))
    linear = _from_oklab(first, second, third) if kind.startswith("ok") else _from_lab(first, second, third)
    return _bounded(*(12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear)), alpha


def _words(kind: str, inner: str) -> list[str]:
    """The three or four arguments of a colour function; none where they are not written as they are to be."""
    if "," in inner:  # the older way, of these functions only
        words = [word.strip() for word in inner.split(",")]
        percents = [word.endswith("%") for word in words[:3]]
        agree = all(percents) or not any(percents) if kind[:3] == "rgb" else percents == [False, True, True]
        return words if kind[:3] in ("rgb", "hsl") and agree and "none" not in words else []
    before, slash, alpha = inner.partition("/")
    words = before.split()
    if kind == "color":
        words = words[1:] if words[:1] in (["srgb"], ["display-p3"]) else []
    return [] if len(words) != 3 else [*words, alpha.strip()] if slash else words


def _bounded(red: float, green: float, blue: float) -> Colour:
    return min(max(red, 0), 1) * 255, min(max(green, 0), 1) * 255, min(max(blue, 0), 1) * 255


def _part(word: str, kind: str, at: int) -> float | None:
    """A number of a colour function, its percentages in the unit of the number."""
    match = _PART.fullmatch(word)
    if match is None:
        return 0.0 if word == "none" else None
    number, unit = float(match[1]), match[2] or ""
    if unit in _ANGLES:
        return number * _ANGLES[unit]
    if kind[:3] in ("hwb", "hsl") and at in (1, 2):
        return number / 100
    if unit != "%":
        return number
    if kind.startswith("rgb") and at < 3:
        return number * 2.55
    if kind in ("lab", "lch") and at < 3:
        return number * (1.0 if at == 0 else 1.25 if kind == "lab" else 1.5)
    return number / 100 * (0.4 if kind.startswith("ok") and at in (1, 2) else 1.0)


def _from_oklab(light: float, a: float, b: float) -> tuple[float, float, float]:
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _from_lab(light: float, a: float, b: float) -> tuple[float, float, float]:
    middle = (light + 16) / 116
    x, y, z = (
        white * (part**3 if part > 6 / 29 else (116 * part - 16) / 903.3)
        for white, part in ((0.96422, middle + a / 500), (1.0, middle), (0.82521, middle - b / 200))
    )
    return (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )


def _mixture(inner: str) -> tuple[Colour, float] | None:
    pieces = _COMMA.split(inner)
    found: list[tuple[Colour, float]] = []
    shares: list[float | None] = []
    for piece in pieces[1:]:
        share = re.search(r"(?:^|\s)(\d{1,4}\.?\d{0,9})%(?=\s|$)", piece)
        one = None if "color-mix" in piece else colour(piece.replace(share[0], " ") if share else piece)
        if one is None:
            return None
        found.append(one)
        shares.append(float(share[1]) / 100 if share else None)
    if len(found) != 2:
        return None
    first = shares[0] if shares[0] is not None else 1 - (shares[1] if shares[1] is not None else 0.5)
    second = shares[1] if shares[1] is not None else 1 - first
    first, total = (first, first + second) if first + second > 0 else (0.5, 1.0)
    part = first / total
    (ink, alpha), (other, other_alpha) = found
    red, green, blue = (one * part + two * (1 - part) for one, two in zip(ink, other, strict=True))
    return (red, green, blue), (alpha * part + other_alpha * (1 - part)) * min(1.0, total)
