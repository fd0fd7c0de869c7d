"""The canonical forms of a mail (RFC 6376, 3.4)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

PIECE_BYTES = 32 * 1024  # well under a millisecond's work


def field(raw: bytes, form: str) -> bytes:
    """Return a header field, without a CRLF at its end."""
    if form == "simple":
        return raw
    name, _, value = raw.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _single_spaced(value.replace(b"\r\n", b"")).strip(b" ")


def body_hash(raw: bytes, start: int, form: str) -> tuple[bytes, int]:
    """Return SHA-256 and length of the canonical body that begins at `start`.

    Worked piece by piece, giving way to other threads between two: a large mail holds nobody up.
    """
    digest, length, line_ends = hashlib.sha256(), 0, 0
    for piece in _pieces(raw, start, form):
        text = piece.rstrip(b"\r\n")
        if piece[len(text) :] != b"\r\n" * ((len(piece) - len(text)) // 2):
            text = piece  # a bare CR or LF ends no line
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


def _single_spaced(text: bytes) -> bytes:
    """Make each run of white space one space; halving is many times as fast as an expression."""
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _pieces(raw: bytes, start: int, form: str) -> Iterator[bytes]:
    """Give the canonical body out in pieces that cut no run of white space and no CRLF in two."""
    held = b""
    for at in range(start, len(raw), PIECE_BYTES):
        piece = held + raw[at : at + PIECE_BYTES]
        if form == "relaxed":
            piece = _single_spaced(piece).replace(b" \r\n", b"\r\n")
        end = len(piece)
        if at + PIECE_BYTES < len(raw):  # what the next piece may change is held back for it
            end -= piece.endswith(b"\r")
            end -= form == "relaxed" and piece.endswith(b" ", 0, end)
        yield piece[:end]
        held = piece[end:]
