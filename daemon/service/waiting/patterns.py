"""Callers' regular expressions, in an engine that cannot backtrack: RE2.

Its time is linear in the text, but a pattern with large repetitions makes the constant large. So the memory that a
pattern may take is small, which refuses the worst, and long texts are searched on threads: RE2 runs without the
interpreter's lock.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import re2

from daemon.api.waits import REGEX_MAX_BYTES
from daemon.errors import invalid

PROGRAM_MAX_BYTES = 64 * 1024
INLINE_MAX_CHARS = 2_000
SEARCH_THREADS = 2
_OPTIONS = re2.Options()
_OPTIONS.max_mem = PROGRAM_MAX_BYTES
_OPTIONS.log_errors = False


_threads = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="pattern")


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    async def found_in(self, text: str) -> bool:
        """Tell whether the pattern is found in `text`, without holding up the event loop."""
        if len(text) <= INLINE_MAX_CHARS:
            return self._search(text)
        return await asyncio.get_running_loop().run_in_executor(_threads, self._search, text)

    def _search(self, text: str) -> bool:
        return self._compiled.search(text) is not None


def compile_pattern(pattern: str) -> Pattern:
    """Compile what a caller wrote. Raises `PosternError` (`validation_failed`)."""
    if len(pattern.encode()) > REGEX_MAX_BYTES:
        raise invalid("regex", f"a pattern has at most {REGEX_MAX_BYTES} bytes")
    try:
        return Pattern(re2.compile(pattern, options=_OPTIONS))
    except re2.error as problem:
        said = problem.args[0] if problem.args else str(problem)
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise invalid(
            "regex", f"RE2 refuses this pattern ({reason}); look-around and back-references are not in it"
        ) from None
