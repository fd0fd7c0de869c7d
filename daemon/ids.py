"""Identifiers: opaque, prefixed, at least 96 bits of randomness; the random source is injectable."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable

ID_BYTES = 15  # 120 bits: 24 letters of base32, none of them padding
SECRET_BYTES = 35  # 280 bits: 56 letters
LOCAL_PART_BYTES = 10  # 80 bits: 16 letters


class Ids:
    """Mints ids and secrets from one random source."""

    def __init__(self, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.random_bytes = random_bytes

    def new(self, prefix: str) -> str:
        """Return `<prefix>_<24 letters>`."""
        return f"{prefix}_{self._text(ID_BYTES)}"

    def bare(self) -> str:
        """Return an id without a prefix, for the middle of a key."""
        return self._text(ID_BYTES)

    def secret(self) -> str:
        """Return the secret part of a key."""
        return self._text(SECRET_BYTES)

    def local_part(self) -> str:
        """Return the left side of an address nobody can guess."""
        return self._text(LOCAL_PART_BYTES)

    def _text(self, count: int) -> str:
        return base64.b32encode(self.random_bytes(count)).decode("ascii").rstrip("=").lower()
