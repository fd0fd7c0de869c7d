"""How long to wait before a server that is away is tried again."""

from __future__ import annotations

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0


class Backoff:
    """Doubles with each failure, and begins anew after a success; `chance` (0 to 1) spreads many of them."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def succeeded(self) -> None:
        self._next = FIRST_SECONDS

    def failed(self, chance: float) -> float:
        """Return how many seconds to wait."""
        now, self._next = self._next, min(2 * self._next, LONGEST_SECONDS)
        return now * (0.5 + chance / 2)
