"""Serial numbers of zones: a circle of 2^32, on which "newer" is at most half way round (RFC 1982)."""

from __future__ import annotations

_CIRCLE = 2**32
_HALF = 2**31


def is_newer(serial: int, than: int) -> bool:
    """Tell whether `serial` comes after `than` (RFC 1982, 3.2)."""
    return 0 < (serial - than) % _CIRCLE < _HALF


def after(serial: int) -> int:
    """Return the next serial; never 0, which some servers take for none."""
    return (serial + 1) % _CIRCLE or 1
