"""Delivery status notifications (RFC 3464): what another mail system reports of the recipients of a mail of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass

from daemon.mail.headers import decode_value, split_header
from daemon.mail.limits import INLINE
from daemon.mail.parse import unusual
from daemon.mail.structure import Tree

REPORTS_MAX = 100
GROUP_FIELDS_MAX = 30
DETAIL_MAX_CHARS = 300
_BETWEEN_GROUPS = re.compile(rb"\r?\n[ \t]*\r?\n")
# Permanent, and for the system, the mail or a policy, a full mailbox among them (RFC 3463, 3): the address is sound.
_NOT_THE_ADDRESS = re.compile(r"5\.(?:2\.[23]|[367]\.\d{1,3})\Z")
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported of one recipient: `action` as in section 2.3.3, `permanent` when its address takes no mail."""

    recipient: str
    action: str
    permanent: bool
    detail: str


def blames_address(status: str) -> bool:
    """Tell whether a status (RFC 3463) says that there is no use in writing to the address again."""
    return status.startswith("5.") and not _NOT_THE_ADDRESS.match(status)


def reports(raw: bytes) -> tuple[Report, ...]:
    """Return what a notification reports; nothing for any other mail, and for one that is out of the ordinary."""
    if unusual(raw) is not None:
        return ()
    for part in Tree(INLINE).leaves(raw):
        if part.content_type == "message/delivery-status" and not part.level:
            _, *groups = _BETWEEN_GROUPS.split(part.content().strip(), REPORTS_MAX)
            return tuple(found for group in groups if (found := _report(group)) is not None)
    return ()


def _report(group: bytes) -> Report | None:
    fields = {name.lower(): decode_value(value) for name, value in split_header(group, GROUP_FIELDS_MAX)[0]}
    named = fields.get("original-recipient") or fields.get("final-recipient", "")
    recipient = named.partition(";")[2].strip().removeprefix("<").removesuffix(">").lower()
    status = _STATUS.match(fields.get("status", ""))
    if not recipient or status is None:
        return None
    said = fields.get("diagnostic-code", "").partition(";")[2].strip()
    detail = f"{status[0]} {said}".strip()[:DETAIL_MAX_CHARS]
    action = fields.get("action", "").partition("(")[0].strip().lower()
    return Report(recipient, action, blames_address(status[0]), detail)
