"""Mail that no person wrote, and that must not be answered by itself (RFC 3834), or two programs write for ever."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.mail.model import ParsedMail

_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply"})
_LIST_FIELDS = ("list-id", "list-unsubscribe", "list-post", "list-help", "list-subscribe", "list-archive", "list-owner")
_AUTOREPLY_FIELDS = ("x-autoreply", "x-autorespond", "x-autoreply-from")
_SUPPRESSED = frozenset(
    {"all", "oof", "autoreply"}
)  # X-Auto-Response-Suppress also knows DR, NDR, RN and NRN: receipts
_DAEMONS = frozenset({"mailer-daemon", "mail-daemon"})


def is_automatic(mail: ParsedMail, envelope_from: str) -> bool:
    """Tell whether a mail is automatic by its fields or its envelope: the empty sender is that of reports."""
    author = mail.from_.address if mail.from_ else ""
    daemons = _DAEMONS & {_local_part(envelope_from), _local_part(author)}
    return mail.auto_submitted or not envelope_from or bool(daemons)


def says_automatic(fields: Mapping[str, str]) -> bool:
    """Tell whether header fields, by name, all in lower case, say so.

    RFC 3834 sections 2 and 5, reports (RFC 6522), mailing lists (RFC 2369, RFC 2919), and what was customary before.
    """
    submitted = fields.get("auto-submitted", "no").partition(";")[0].partition("(")[0].strip()
    suppressed = {word.strip() for word in fields.get("x-auto-response-suppress", "").split(",")}
    return (
        submitted not in {"", "no"}
        or fields.get("precedence", "").strip() in _PRECEDENCE
        or any(name in fields for name in (*_LIST_FIELDS, *_AUTOREPLY_FIELDS))
        or bool(suppressed & _SUPPRESSED)
        or fields.get("return-path", "").strip() == "<>"
        or fields.get("content-type", "").startswith("multipart/report")
    )


def _local_part(address: str) -> str:
    return address.rpartition("@")[0].lower()
