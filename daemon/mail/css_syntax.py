"""The syntax of CSS (CSS Syntax 3): strings, escapes and comments, then blocks within blocks.

What an escape or a string protects must not be read as syntax: each such sign stands as a surrogate, which no text can
hold, until `plain` undoes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

STYLE_MAX_CHARS = 200_000
BLOCKS_DEEP_MAX = 30

# Where a comment stood, for it parts two names and is no space.
GAP = "\udc00"
_PROTECTED = 0xDC00
# Each way begins with one character of its own, because a search then leaps from one such to the next.
_LEXEME = re.compile(
    r"/\*.*?(?:\*/|\Z)"
    r"|\"((?:[^\"\\\n]|\\.)*)(?:\"|(?=\n)|\Z)|'((?:[^'\\\n]|\\.)*)(?:'|(?=\n)|\Z)"
    r"|u(?<![\w-]u)(?i:rl)\(\s*+(?![\"'\s])((?:[^)\\]|\\.)*)(?:\)|\Z)"
    r"|U(?<![\w-]U)(?i:rl)\(\s*+(?![\"'\s])((?:[^)\\]|\\.)*)(?:\)|\Z)"
    r"|\\([0-9a-fA-F]{1,6}(?:\r\n|\s)?|[^\n])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6}(?:\r\n|\s)?|.)", re.DOTALL)
_SYNTAX = re.compile(r"[{}()\[\];]")
# A rule as most are: no semicolon, at-sign or brackets in brackets before its block, and no block within it.
_ORDINARY = re.compile(
    r"\s*+((?>(?:[^{}();@\[\]]++|\([^{}();@\[\]]*+\)|\[[^{}();@\[\]]*+\])*))\{((?>(?:[^{}()\[\]]++|\([^{}()\[\]]*+\))*))\}"
)
_CLOSER = {"(": ")", "[": "]", "{": "}"}


class Block(NamedTuple):
    """A piece of a style sheet: the preludes around it from the outside, then the declarations right in it."""

    preludes: tuple[str, ...]
    body: str


def lexed(text: str) -> str:
    """`text` with its comments out and everything in escapes and strings protected."""
    return (
        _LEXEME.sub(_lexeme, text)
        if "\\" in text or "/*" in text or '"' in text or "'" in text or "(" in text
        else text
    )


def _lexeme(match: re.Match[str]) -> str:
    double, single, address, other, escape = match.groups()
    address = other if address is None else address
    if escape is not None:
        return _unescaped(escape)
    if address is not None:
        return "url(" + _protected(address) + ")"
    inner = double if double is not None else single
    return GAP if inner is None else '"' + _protected(_ESCAPE.sub(lambda found: _unescaped(found[1]), inner)) + '"'


def _unescaped(escape: str) -> str:
    if escape[0] in "0123456789abcdefABCDEF":
        code = int(escape, 16)
        char = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    else:
        char = escape
    return _protected(char)


def _protected(text: str) -> str:
    if text.isalnum():
        return text
    return "".join(c if c.isalnum() or c in "-_" or c > "\x7f" else chr(_PROTECTED + ord(c)) for c in text)


def plain(text: str) -> str:
    """A name or a string as the document has it."""
    return text if text.isascii() else "".join(chr(ord(c) - _PROTECTED) if GAP < c < "\udc80" else c for c in text)


def blocks(text: str) -> Iterator[Block]:
    """Each run of declarations of a lexed style sheet, and each at-rule that opens a block, in order.

    A `{` within round or square brackets opens none, and a semicolon outside of all blocks ends an at-rule only.
    """
    preludes: list[str] = []
    closers: list[str] = []
    body: list[str] = []
    start = position = 0
    while True:
        if position == start and not closers and (rule := _ORDINARY.match(text, start)) is not None:
            if preludes and any(body):
                yield Block(tuple(preludes), ";".join(body))
                body = []
            yield Block((*preludes, rule[1].strip()), rule[2])
            start = position = rule.end()
            continue
        match = _SYNTAX.search(text, position)
        if match is None:
            break
        sign, at, position = match[0], match.start(), match.end()
        if closers:  # within brackets
            if sign == closers[-1]:
                closers.pop()
            elif sign in _CLOSER:
                closers.append(_CLOSER[sign])
            continue
        if sign in "([":
            closers.append(_CLOSER[sign])
        elif sign == ";":
            piece = text[start:at]
            if preludes or piece.lstrip().startswith("@"):
                body.append(piece)
                start = at + 1
        elif sign == "{":
            prelude = text[start:at].strip()
            if prelude.startswith("--") and ":" in prelude and preludes:
                closers.append("}")  # the value of a custom property
                continue
            if preludes and any(body):
                yield Block(tuple(preludes), ";".join(body))
            body, start = [], at + 1
            preludes.append(prelude)
            if len(preludes) > BLOCKS_DEEP_MAX:
                return
        elif sign == "}" and preludes:
            body.append(text[start:at])
            if any(map(str.strip, body)):
                yield Block(tuple(preludes), ";".join(body))
            preludes.pop()
            body, start = [], at + 1
    if preludes:
        yield Block(tuple(preludes), ";".join([*body, text[start:]]))


def split(text: str, sign: str = ",") -> list[str]:
    """The members of a list, apart where `sign` stands outside of brackets."""
    if "(" not in text and "[" not in text:
        return [each.strip() for each in text.split(sign)]
    found, start, depth = [], 0, 0
    for at, char in enumerate(text):
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == sign and depth <= 0:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]


def closing(text: str, opening: int) -> int:
    """The index after the bracket that closes the round one at `opening`."""
    depth = 0
    for match in _ROUND.finditer(text, opening):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return match.end()
    return len(text)


_ROUND = re.compile(r"[()]")
