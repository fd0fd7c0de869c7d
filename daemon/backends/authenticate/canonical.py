"""The canonical forms of a mail (RFC 6376, 3.4)."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator

PIECE_BYTES = 64 * 1024  # about a millisecond's work

_WSP = re.compile(rb"[ \t]+")


def field(raw: bytes, form: str) -> bytes:
    """Return a header field, without a CRLF at its end."""
    if form == "simple":
        return raw
    name, _, value = raw.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _WSP.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def body_hash(raw: bytes, start: int, form: str) -> tuple[bytes, int]:
    """Return SHA-256 and length of the canonical body that begins at `start`.

    Worked piece by piece, giving way to other threads between two: a large mail holds nobody up.
    """
    digest, length, line_ends = hashlib.sha256(), 0, 0
    for taken in _pieces(raw, start):
        piece = taken
        if form == "relaxed":
            piece = _WSP.sub(b" ", piece).replace(b" \r\n", b"\r\n")
        text = piece.rstrip(b"\r\n")
        while line_ends and text:  # empty lines count once something follows them
            now = min(line_ends, PIECE_BYTES)
            digest.update(b"\r\n" * now)
            length, line_ends = length + 2 * now, line_ends - now
        digest.update(text)
        length += len(text)
        line_ends += (len(piece) - len(text)) // 2
        time.sleep(0)
    # Both forms end in one CRLF; only the relaxed form of an empty body is empty.
    if length or form == "simple":
        digest.update(b"\r\n")
        length += 2
    return digest.digest(), length


def _pieces(raw: bytes, start: int) -> Iterator[bytes]:
    """Cut behind what is neither white space nor CR, so that no run of white space and no CRLF is cut in two."""
    while start < len(raw):
        end = min(start + PIECE_BYTES, len(raw))
        while end < len(raw) and raw[end - 1] in b" \t\r":
            end += 1
        yield raw[start:end]
        start = end
