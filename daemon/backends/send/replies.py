"""What a reply of an SMTP server says of a recipient (RFC 5321, 4.2; RFC 3463)."""

from __future__ import annotations

import re
from typing import NamedTuple

from daemon.backends.protocols import Fate, Told

TEXT_MAX_CHARS = 400
# Of the address itself: unknown, malformed, moved, or closed. Such a one is not written to again.
_OF_THE_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_SAYS_NO_MORE = frozenset({"5.0.0", None})
_MAILBOX_CODES = frozenset({550, 551, 553})  # RFC 5321, 4.2.3, where no enhanced code says it better
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|\Z)")


class Reply(NamedTuple):
    """A code and its text; lines are separated by LF."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.text.split())}"[:TEXT_MAX_CHARS].encode("utf-8", "replace").decode()

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def for_good(self) -> bool:
        return 500 <= self.code < 600


def of_recipient(reply: Reply) -> Told:
    """Say what became of a recipient whom RCPT was answered about."""
    if not reply.ok and not reply.for_good:
        return Told(Fate.DEFERRED, str(reply))
    if reply.ok:
        return Told(Fate.SENT, str(reply))
    enhanced = _enhanced(reply)
    unknown = enhanced in _OF_THE_ADDRESS or (enhanced in _SAYS_NO_MORE and reply.code in _MAILBOX_CODES)
    return Told(Fate.REFUSED if unknown else Fate.REJECTED, str(reply))


def of_mail(reply: Reply) -> Told:
    """Say what became of the recipients of a mail whose data was answered so: a refusal is of what the mail is."""
    if reply.for_good and _enhanced(reply) not in _OF_THE_ADDRESS:
        return Told(Fate.REJECTED, str(reply))
    return of_recipient(reply)


def _enhanced(reply: Reply) -> str | None:
    found = _ENHANCED.match(reply.text)
    return found[1] if found else None
