"""The sender's own name, where it reads like a word that means something: a brand called `Track` follows no parcel."""

from __future__ import annotations

import re
from functools import lru_cache

from daemon.mail.domains import of_address
from daemon.mail.lexicon import vocabulary
from daemon.mail.text import fold

NAME_MIN_CHARS = 4
_MISLEADING = frozenset({"other", "dead", "sample", "idle", "refuse"})


@lru_cache(maxsize=1024)
def misleading_name(display: str, address: str) -> re.Pattern[str] | None:
    """What finds the name in folded text, or None where the name says nothing.

    The name is the label of the sender's domain, together or in the words of the display name that make it up.
    """
    label = (of_address(address) or "").partition(".")[0]
    bare = label.replace("-", "")
    if len(bare) < NAME_MIN_CHARS:
        return None
    forms = {label, bare, label.replace("-", " ")}
    words = re.findall(r"[^\W_]+", fold(display))
    for first in range(len(words)):
        for last in range(first + 1, len(words) + 1):
            if "".join(words[first:last]) == bare:
                forms.add(" ".join(words[first:last]))
    hits = vocabulary().scan("\n".join(sorted(forms)))
    if not any(hit.meaning in _MISLEADING for found in hits.values() for hit in found.all):
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(forms, key=len, reverse=True))) + r")(?!\w)")
