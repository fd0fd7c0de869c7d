"""Whom a fetched mail came for, and from whom: what its envelope was, as far as its header tells.

The last server on the way writes at the top, so what stands higher is surer.
"""

from __future__ import annotations

import re

from daemon.mail.headers import addresses, split_header

HEADER_LOOK_OCTETS = 256 * 1024
FIELDS_MAX = 1_000
ADDRESSES_MAX = 200
_DELIVERED = ("delivered-to", "x-original-to", "x-envelope-to", "envelope-to")
_FOR = re.compile(rb"\bfor\s{1,20}<([^<>\s]{3,320})>")


def envelope(raw: bytes) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Return the reverse path, empty for a bounce, and groups of recipients, the surest first.

    Each line of a server that took the mail for one recipient is a group, those of delivery before those of relays.
    To and Cc, what the author wrote, come last, together.
    """
    fields, _ = split_header(_header(raw), FIELDS_MAX)
    delivered: list[tuple[str, ...]] = []
    relayed: list[tuple[str, ...]] = []
    written: list[str] = []
    author = ""
    sender: str | None = None
    for name, value in fields:
        match name.lower():
            case name if name in _DELIVERED:
                delivered.append(_addresses(value))
            case "received":
                relayed.extend((one.decode("utf-8", "replace"),) for one in _FOR.findall(value)[:1])
            case "return-path" if sender is None and not relayed:  # below a Received line it is not the last one's
                sender = next(iter(_addresses(value)), "")
            case "to" | "cc":
                written.extend(_addresses(value))
            case "from" if not author:
                author = next(iter(_addresses(value)), "")
    groups = [*delivered, *relayed, tuple(written[:ADDRESSES_MAX])]
    return author if sender is None else sender, tuple(group for group in groups if group)


def _header(raw: bytes) -> bytes:
    head = raw[:HEADER_LOOK_OCTETS]
    ends = [end for end in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if end >= 0]
    return head[: min(ends)] if ends else head


def _addresses(value: bytes) -> tuple[str, ...]:
    found, _ = addresses(value, ADDRESSES_MAX)
    return tuple(one.address for one in found if one.address)
