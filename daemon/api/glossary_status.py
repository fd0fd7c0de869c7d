"""The glossary's words for what the daemon is doing. Standard library only."""

from __future__ import annotations

from typing import Any

_MADE_UP: Any = ...

STATUS: dict[str, tuple[str, Any]] = {
    "Activity.audit": ("The line, when a change was made.", _MADE_UP),
    "Activity.event": ("`audit`: a change was made. `stats`: how things stand.", "audit"),
    "Activity.stats": ("How things stand, when that is what is told.", None),
    "DeliveryFollowQuery.limit": ("How many of the newest are told at first.", 50),
    "DeliveryFollowQuery.status": ("Only those that are this, or become it.", "dead"),
    "Setting.help": ("What it is.", "longest single wait"),
    "Setting.name": ("The variable that sets it.", "POSTERN_MAX_WAIT_MS"),
    "Setting.source": ("Where its value came from: flag, environment, file or default.", "default"),
    "Setting.unit": ("What it is counted in; empty when it is no number.", "ms"),
    "Setting.value": ("Its value as text; `(set)` in the place of a secret.", "300000"),
    "SettingsInForce.settings": ("All of them.", _MADE_UP),
    "Stats.audit_seq": ("The number of the last audit line.", 42),
    "Stats.messages": ("How many messages there are.", 128),
    "Stats.problems": ("What keeps the daemon from being ready; empty when nothing does.", []),
    "WaitInProgress.actor": ("Who waits: the kind of principal and its id.", "operator:local"),
    "WaitInProgress.began_at": ("When it was asked for, or taken up again.", "2026-01-31T09:30:00.000Z"),
    "WaitInProgress.claim": ("Whether the mail will be this caller's alone.", False),
    "WaitInProgress.from": ("What the sender has to contain; null: any.", "example.com"),
    "WaitInProgress.regex": ("The pattern that the text has to match; null: any.", None),
    "WaitInProgress.since": ("Mail that came before this does not count.", "2026-01-31T09:29:00.000Z"),
    "WaitInProgress.subject": ("What the subject has to contain; null: any.", "code"),
    "WaitInProgress.until": ("When it gives up.", "2026-01-31T09:32:00.000Z"),
    "WaitInProgress.wait_id": ("The caller's own id for it, when it can be resumed.", None),
}
