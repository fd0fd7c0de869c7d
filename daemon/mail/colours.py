"""CSS colours as they are written, and how well one can be told from another."""

from __future__ import annotations

import colorsys
import math
import re
from functools import lru_cache

Colour = tuple[float, float, float]
WHITE: Colour = (255.0, 255.0, 255.0)
BLACK: Colour = (0.0, 0.0, 0.0)

_NAMED: dict[str, str] = {
    "white": "ffffff", "black": "000000", "red": "ff0000", "green": "008000", "blue": "0000ff", "yellow": "ffff00",
    "gray": "808080", "grey": "808080", "silver": "c0c0c0", "navy": "000080", "teal": "008080", "purple": "800080",
    "maroon": "800000", "olive": "808000", "lime": "00ff00", "aqua": "00ffff", "cyan": "00ffff", "fuchsia": "ff00ff",
    "magenta": "ff00ff", "orange": "ffa500", "snow": "fffafa", "ivory": "fffff0", "whitesmoke": "f5f5f5",
    "ghostwhite": "f8f8ff", "floralwhite": "fffaf0", "azure": "f0ffff", "mintcream": "f5fffa", "aliceblue": "f0f8ff",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "gainsboro": "dcdcdc", "darkgray": "a9a9a9", "dimgray": "696969",
    "seashell": "fff5ee", "beige": "f5f5dc", "linen": "faf0e6", "lavender": "e6e6fa", "honeydew": "f0fff0",
    "lightyellow": "ffffe0", "lightcyan": "e0ffff", "cornsilk": "fff8dc", "oldlace": "fdf5e6", "mistyrose": "ffe4e1",
    "lavenderblush": "fff0f5", "papayawhip": "ffefd5", "blanchedalmond": "ffebcd", "antiquewhite": "faebd7",
    "lemonchiffon": "fffacd", "lightgoldenrodyellow": "fafad2", "moccasin": "ffe4b5", "canvas": "ffffff",
    "midnightblue": "191970", "darkblue": "00008b", "royalblue": "4169e1", "steelblue": "4682b4", "tomato": "ff6347",
}  # fmt: skip
NUMBER = r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,3})?"
_MODERN = ("hwb(", "lab(", "lch(", "oklab(", "oklch(", "color(", "color-mix(")


@lru_cache(maxsize=1_000)
def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = ((c / 255 / 12.92) if c <= 10.3 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def colour(value: str) -> tuple[Colour, float] | None:
    """A CSS colour and its alpha, or None when it is no colour of its own (inherit, a variable, an unknown name)."""
    value = value.strip()
    if value == "transparent":
        return BLACK, 0.0
    digits = value[1:] if value.startswith("#") else _NAMED.get(value, "")
    if len(digits) in (3, 4):
        digits = "".join(char * 2 for char in digits)
    if len(digits) in (6, 8) and all(char in "0123456789abcdef" for char in digits):
        parts = [int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)]
        return (float(parts[0]), float(parts[1]), float(parts[2])), parts[3] / 255 if len(parts) == 4 else 1.0
    if value.startswith(("rgb", "hsl")):
        return _functional(value)
    return _modern(value) if value.startswith(_MODERN) else None


def _modern(value: str) -> tuple[Colour, float] | None:
    """The later colour functions (CSS Color 4 and 5), the simple ways to write them; mixtures are all mixed in sRGB."""
    kind, _, inner = value.removesuffix(")").partition("(")
    if kind == "color-mix":
        return _mixture(inner)
    words = inner.replace("/", " / ").replace(",", " ").split()
    if kind == "color" and words and words[0] in ("srgb", "display-p3"):
        words = words[1:]
    parts = [_part(word, kind, at) for at, word in enumerate(words) if word != "/"]
    if len(parts) not in (3, 4) or None in parts:
        return None
    first, second, third, alpha = [*(part or 0.0 for part in parts), 1.0][:4]
    if kind == "hwb":
        grey = max(1.0, second + third)
        pure = colorsys.hls_to_rgb(first % 360 / 360, 0.5, 1.0)
        one, two, three = (c * (1 - second / grey - third / grey) + second / grey for c in pure)
        return (one * 255, two * 255, three * 255), alpha
    if kind == "color":
        return _bounded(first, second, third), alpha
    if kind.endswith("lch"):
        second, third = second * math.cos(math.radians(third)), second * math.sin(math.radians(third))
    linear = _from_oklab(first, second, third) if kind.startswith("ok") else _from_lab(first, second, third)
    one, two, three = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear)
    return _bounded(one, two, three), alpha


def _bounded(red: float, green: float, blue: float) -> Colour:
    return min(max(red, 0), 1) * 255, min(max(green, 0), 1) * 255, min(max(blue, 0), 1) * 255


def _part(word: str, kind: str, at: int) -> float | None:
    """A number of a colour function, its percentages in the unit of the number."""
    match = re.fullmatch(rf"({NUMBER})(%|deg)?", word)
    if match is None:
        return 0.0 if word == "none" else None
    number = float(match[1])
    if kind == "hwb" and at in (1, 2):
        return number / 100
    if match[2] != "%":
        return number
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
    pieces = re.split(r",(?![^()]*\))", inner)
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


def _functional(value: str) -> tuple[Colour, float] | None:
    numbers = re.findall(r"(\d{0,6}\.?\d{1,6})(%?)", value)
    if len(numbers) < 3:
        return None
    alpha = 1.0
    if len(numbers) > 3:
        alpha = float(numbers[3][0]) / (100 if numbers[3][1] else 1)
    if value.startswith("hsl"):
        hue, saturation, light = (float(number) for number, _ in numbers[:3])
        rgb = colorsys.hls_to_rgb(hue % 360 / 360, min(light, 100) / 100, min(saturation, 100) / 100)
        return (rgb[0] * 255, rgb[1] * 255, rgb[2] * 255), alpha
    red, green, blue = (min(255.0, float(number) * (2.55 if percent else 1)) for number, percent in numbers[:3])
    return (red, green, blue), alpha
