"""Callers' regular expressions, in an engine that cannot backtrack: RE2, linear in the text, bounded in memory."""

from __future__ import annotations

from collections.abc import Callable

import re2

from daemon.api.waits import REGEX_MAX_BYTES
from daemon.errors import invalid

PROGRAM_MAX_BYTES = 1 << 20
_OPTIONS = re2.Options()
_OPTIONS.max_mem = PROGRAM_MAX_BYTES
_OPTIONS.log_errors = False


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a test whether `pattern` is found in a text. Raises `PosternError` (`validation_failed`)."""
    if len(pattern.encode()) > REGEX_MAX_BYTES:
        raise invalid("regex", f"a pattern has at most {REGEX_MAX_BYTES} bytes")
    try:
        compiled = re2.compile(pattern, options=_OPTIONS)
    except re2.error as problem:
        reason = str(problem.args[0] if problem.args else problem)
        raise invalid(
            "regex", f"RE2 refuses this pattern ({reason}); look-around and back-references are not in it"
        ) from None
    return lambda text: compiled.search(text) is not None
