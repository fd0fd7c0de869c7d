"""A mail as Azure Communication Services wants it: JSON, not RFC 5322. It writes the mail anew from what is given.

What cannot be said that way is lost: the Date, which it sets itself, and the order of the parts.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from daemon.backends.protocols import Outgoing
from daemon.mail.model import Address
from daemon.mail.parse import open_attachment, parse

RECIPIENTS_MAX = 50
REQUEST_MAX_BYTES = 10 * 1024 * 1024
# Said by fields of their own, or nobody's to say.
_NOT_GIVEN = frozenset("from sender reply-to to cc bcc subject date mime-version".split())


class Unsendable(ValueError):
    """The service takes no such mail; the message says why."""


def as_json(mail: Outgoing, sender: str | None) -> dict[str, Any]:
    """Return the body of the request; `sender` stands in for the mailbox, which then has the answers by Reply-To.

    Raises `Unsendable`.
    """
    parsed = parse(mail.raw)
    if parsed.from_ is None:
        raise Unsendable("the mail has no From")
    if len(mail.recipients) > RECIPIENTS_MAX:
        raise Unsendable(f"Azure takes {RECIPIENTS_MAX} recipients at most; the mail has {len(mail.recipients)}")
    message: dict[str, Any] = {
        "senderAddress": sender or parsed.from_.address,
        "recipients": _recipients(mail.recipients, parsed.to, parsed.cc),
        "content": {"subject": parsed.subject},
        "headers": {
            name: value
            for name, value in parsed.headers
            if name.lower() not in _NOT_GIVEN and not name.lower().startswith("content-")
        },
        "userEngagementTrackingDisabled": True,
    }
    for name, body in (("plainText", parsed.text), ("html", parsed.html)):
        if body is not None:
            message["content"][name] = body
    answers_to = parsed.reply_to or ((parsed.from_,) if sender else ())
    if answers_to:
        message["replyTo"] = [_named(one) for one in answers_to]
    if parsed.attachments:
        message["attachments"] = [_attachment(mail.raw, one.index) for one in parsed.attachments]
    return message


def _recipients(given: Iterable[str], to: Iterable[Address], cc: Iterable[Address]) -> dict[str, list[dict[str, str]]]:
    """Sort the recipients as the header names them; whom it does not name is a blind copy's."""
    known: dict[str, tuple[str, Address]] = {one.address.lower(): ("cc", one) for one in cc}
    known |= {one.address.lower(): ("to", one) for one in to}
    found: dict[str, list[dict[str, str]]] = {}
    for address in given:
        kind, named = known.get(address.lower(), ("bcc", Address(None, address)))
        found.setdefault(kind, []).append(_named(Address(named.name, address)))
    return found


def _named(one: Address) -> dict[str, str]:
    return {"address": one.address, "displayName": one.name} if one.name else {"address": one.address}


def _attachment(raw: bytes, index: int) -> Mapping[str, str]:
    part, content = open_attachment(raw, index)
    said = {
        "name": part.filename,
        "contentType": part.content_type,
        "contentInBase64": base64.b64encode(content).decode("ascii"),
    }
    return said | {"contentId": part.content_id} if part.inline and part.content_id else said
