"""Secrets that backends log in with: given, or in a file that is ours alone."""

from __future__ import annotations

import stat
from pathlib import Path


class Unusable(ValueError):
    """The settings make no backend; the message says which to change."""


def secret(name: str, given: str | None, path: Path | None) -> str | None:
    """Return a secret that is given, or what a file of ours alone holds. Raises `Unusable`."""
    variable = f"POSTERN_{name.upper()}"
    if path is None:
        return given
    if given is not None:
        raise Unusable(f"{variable} and {variable}_FILE are both set: give one of the two.")
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unusable(f"{variable}_FILE: others may read {path}: `chmod 600` it.")
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise Unusable(f"{variable}_FILE: {path} cannot be read: {problem}.") from None
    if not text:
        raise Unusable(f"{variable}_FILE: {path} is empty.")
    return text
