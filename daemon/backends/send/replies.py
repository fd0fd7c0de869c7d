"""What a reply of an SMTP server says of a recipient (RFC 5321, 4.2; RFC 3463)."""

from __future__ import annotations

import re
from typing import NamedTuple

from daemon.backends.protocols import Fate, Told
from daemon.mail.dsn import blames_address

TEXT_MAX_CHARS = 400
# Said of the whole mail, only what is plainly of an address is held against its recipients.
_OF_THE_ADDRESS = re.compile(r"5\.(?:1\.(?:[1236]|10)|2\.1)\Z")
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
    status = _status(reply)
    blamed = blames_address(status) if status else reply.code in _MAILBOX_CODES
    return Told(Fate.REFUSED if blamed else Fate.REJECTED, str(reply))


def of_mail(reply: Reply) -> Told:
    """Say what became of the recipients of a mail whose data was answered so: a refusal is of what the mail is."""
    if reply.for_good and not _OF_THE_ADDRESS.match(_status(reply)):
        return Told(Fate.REJECTED, str(reply))
    return of_recipient(reply)


def _status(reply: Reply) -> str:
    """Return the enhanced status code (RFC 2034), empty where there is none."""
    found = _ENHANCED.match(reply.text)
    return found[1] if found else ""
