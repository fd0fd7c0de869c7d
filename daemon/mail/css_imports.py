"""Style sheets that a message brings in an address of its own (`data:`, RFC 2397), by `<link>` or by `@import`.

Not every program heeds them, so they count as a layer that is in force for some: they may hide a text, never show it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from daemon.mail.css_syntax import GAP, STYLE_MAX_CHARS, lexed, plain

IMPORTS_MAX = 20
IMPORTS_DEEP_MAX = 3

_IMPORT = re.compile(rf"@import[\s{GAP}]*(?:url\(\s*)?\"?\s*([^\s\")]+)\"?\s*\)?([^;{{}}]*)", re.IGNORECASE)
_DATA = re.compile(r"\s*data:([^,]*),(.*)", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(r"charset=\"?([\w-]{1,40})", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
# URLs are read without them (WHATWG URL 4.4).
_DROPPED = str.maketrans("", "", "\t\r\n")
_MEDIA = re.compile(r"\b(?:layer|supports)\b\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?", re.IGNORECASE)


def imported(text: str, depth: int = 0) -> Iterator[str]:
    """The style sheets that one imports from `data:` addresses, and those that they import, innermost first."""
    if depth >= IMPORTS_DEEP_MAX or "@" not in text:
        return
    for found, (address, condition) in enumerate(_IMPORT.findall(lexed(text[:STYLE_MAX_CHARS]))):
        if found >= IMPORTS_MAX:
            return
        whole = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16) % 0x110000), plain(address))
        yield from linked(whole, _MEDIA.sub(" ", plain(condition)).strip(), depth + 1)


def linked(address: str, media: str = "", depth: int = 0) -> Iterator[str]:
    """The style sheet at a `data:` address as a block with its condition, after those that it imports."""
    match = _DATA.fullmatch(address[: 4 * STYLE_MAX_CHARS].translate(_DROPPED))
    if match is None:
        return
    body = unquote_to_bytes(match[2])
    if match[1].rstrip().lower().endswith("base64"):
        try:
            body = base64.b64decode(b"".join(body.split()) + b"==")
        except binascii.Error:
            return
    charset = _CHARSET.search(match[1])
    try:
        text = body.decode(charset[1] if charset is not None else "utf-8", "replace")[:STYLE_MAX_CHARS]
    except (LookupError, ValueError):
        return
    yield from imported(text, depth)
    layer = f"@layer{{{text}}}"
    yield f"@media {media}{{{layer}}}" if media else layer
