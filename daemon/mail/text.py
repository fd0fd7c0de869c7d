"""Characters: what may not be in a value, and how writing in any script is compared."""

from __future__ import annotations

import re
import unicodedata

# Letters of these scripts lose their accents when compared: mails are often typed without them.
_ACCENTED_BELOW = 0x0530
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0")
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = {"\n", "\t"}


class _Table(dict[int, str | int | None]):
    """A `str.translate` table that is worked out a character at a time and remembered."""

    def __init__(self, *, lower: bool) -> None:
        super().__init__()
        self._lower = lower

    def __missing__(self, code: int) -> str | int | None:
        value = fold_char(chr(code), lower=self._lower)
        if len(self) < 20_000:
            self[code] = value
        return value


def fold_char(char: str, *, lower: bool) -> str:
    """One character to one character: digits of every script to ASCII, widths and fonts undone, dashes to `-`."""
    digit = unicodedata.digit(char, None)
    if digit is not None and unicodedata.category(char) in {"Nd", "No"}:
        return str(digit)
    category = unicodedata.category(char)
    if category == "Pd" or char == "\u2212":
        return "-"
    if category == "Zs":
        return " "
    if category[0] not in "LMN":
        return char
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) != 1:
        plain = char
    if not lower:
        return plain
    base = unicodedata.normalize("NFD", plain)[0]
    if ord(base) < _ACCENTED_BELOW:
        plain = base
    lowered = plain.lower()
    return {"\u0142": "l", "\u00f8": "o", "\u0131": "i", "\u0111": "d"}.get(lowered[0], lowered[0])


_FOLD = _Table(lower=True)
_SHAPE = _Table(lower=False)


def fold(text: str) -> str:
    """`text` for comparing words: same length, lower case, no accents, ASCII digits (NFKC by character)."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def shape(text: str) -> str:
    """`text` for reading codes: same length and case, ASCII digits, letters and dashes (NFKC by character)."""
    return text if text.isascii() else text.translate(_SHAPE)


def is_unseen(char: str) -> bool:
    """True for characters that show nothing and take no room: format, control and filler characters."""
    if char in _BREAKS:
        return False
    return (
        char in _INVISIBLE
        or unicodedata.category(char) in {"Cf", "Cc", "Cs", "Co", "Cn"}
        or 0xFE00 <= ord(char) <= 0xFE0F
    )


_UNSEEN = re.compile(r"[^\x20-\x7e\n\t\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0600\u0900-\u0dff\u3041-\u312f\u4e00-\ud7a3]")


class _Seen(dict[int, int | None]):
    """A `str.translate` table that drops what nobody sees, worked out a character at a time and remembered."""

    def __missing__(self, code: int) -> int | None:
        value = None if _UNSEEN.match(chr(code)) and is_unseen(chr(code)) else code
        if len(self) < 20_000:
            self[code] = value
        return value


_SEEN = _Seen()
# Between these, a text is shown from right to left whatever it is (UAX 9, 2.2): nobody reads it as it is written.
OVERRIDE, _POP = "\u202e", "\u202c"
# Within these, numbers that are parted by a space change places.
_TURNS = re.compile("[\u202b\u2067\u200f\u061c]")
_PARTED_NUMBERS = re.compile("\\d+(?:[\\s\u200e\u200f\u061c\u202a-\u202c\u2066-\u2069]+\\d+)+")
_REVERSED = re.compile(f"{OVERRIDE}[^\n{_POP}]*")


def seen(text: str) -> str:
    """`text` without what nobody reads (zero-width, controls, reversed), composed (NFC); newlines and tabs stay."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if OVERRIDE in text:
            text = _REVERSED.sub("", text)
        if _TURNS.search(text):
            text = _PARTED_NUMBERS.sub("", text)
    return text.translate(_SEEN) if _UNSEEN.search(text) else text


def unreversed(pieces: list[str], ends: re.Pattern[str]) -> list[str]:
    """`pieces`, texts and what is between them in turn, with no text from an override to where it ends."""
    found, reverses = list[str](), False
    for at, each in enumerate(pieces):
        piece = each
        if at % 2:
            reverses = reverses and ends.search(piece) is None
        else:
            if reverses:
                _, pop, piece = piece.partition(_POP)
                reverses = not pop
            kept = _REVERSED.sub("", piece)
            reverses = reverses or piece.rfind(OVERRIDE) > piece.rfind(_POP)
            piece = kept
        found.append(piece)
    return found


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def one_line(text: str) -> str:
    """`text` on one line: controls, line separators and stray surrogates to a space, bidi marks dropped.

    Header values, names and subjects pass here after decoding: an encoded CRLF (RFC 2047) must not become a line.
    """
    if not text.isascii():
        text = "".join(char for char in text if char not in _BIDI)
    return _CONTROL.sub(" ", text).strip()
