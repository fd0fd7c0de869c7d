"""What everybody who looks names up has in common: how long it may take, and how it fails."""

from __future__ import annotations

LOOKUP_MAX_SECONDS = 3.0


class LookupFailed(Exception):
    """Nobody could say: no answer in time, SERVFAIL, no name server. It may go well later."""
