"""The waits that are open: who waits for what, for operators to see. Kept in memory, since a wait lives no longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from daemon.api.waits import WaitInProgress


@dataclass(frozen=True, slots=True)
class Open:
    """A wait and its place among all that there were."""

    n: int
    wait: WaitInProgress


class Progress:
    """All of them, in the order in which they began."""

    def __init__(self) -> None:
        self._open: dict[int, Open] = {}
        self._last_n = 0
        self.moves = 0  # one more whenever one begins or ends

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def of(self, wait: WaitInProgress) -> Iterator[None]:
        """Count a wait for as long as the block lasts."""
        self._last_n += 1
        n = self._last_n
        self._open[n] = Open(n, wait)
        self.moves += 1
        try:
            yield
        finally:
            del self._open[n]
            self.moves += 1

    def newest(self, tenant_id: str | None, before_n: int | None, limit: int) -> list[Open]:
        """Return up to `limit` waits, the newest first."""
        found = []
        for one in reversed(self._open.values()):
            if (before_n is None or one.n < before_n) and tenant_id in (None, one.wait.tenant_id):
                found.append(one)
                if len(found) == limit:
                    break
        return found
