"""What a shell offers where an id or a name is wanted: asked of the daemon, and nothing when it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

OFFERED_MAX = 200
ANSWER_MAX_SECONDS = 1.0

Offer = Callable[[str], list[tuple[str, str]]]


def of(noun: str, field: str, told: str | None = None, also: str | None = None) -> Offer:
    """Return what completes a value of `field` in the lists of a noun, with `told` beside it; `also` is taken, too."""

    def offer(incomplete: str) -> list[tuple[str, str]]:
        from postern_ctl.session import postern

        try:
            client = postern()
            client.transport.timeout_seconds = ANSWER_MAX_SECONDS
            rows = list(islice(getattr(client, noun).list(limit=OFFERED_MAX), OFFERED_MAX))
        except Exception:  # noqa: BLE001  a shell that completes has no place for an error
            return []
        found = [
            (str(row[name]), str(row[told] or "") if told else "") for row in rows for name in (field, also) if name
        ]
        return [pair for pair in found if pair[0].startswith(incomplete)]

    return offer


def among(words: Iterable[str]) -> Offer:
    """Return what completes one of these words."""
    known = tuple(words)
    return lambda incomplete: [(word, "") for word in known if word.startswith(incomplete)]
