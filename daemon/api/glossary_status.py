"""The glossary's words for what the daemon is doing. Standard library only."""

from __future__ import annotations

from typing import Any

_MADE_UP: Any = ...

STATUS: dict[str, tuple[str, Any]] = {
    "Activity.audit": ("The line, when a change was made.", _MADE_UP),
    "Activity.event": ("`audit`: a change was made. `stats`: how things stand.", "audit"),
    "Activity.stats": ("How things stand, when that is what is told.", None),
    "Stats.audit_seq": ("The number of the last audit line.", 42),
    "Stats.messages": ("How many messages there are.", 128),
    "Stats.problems": ("What keeps the daemon from being ready; empty when nothing does.", []),
}
