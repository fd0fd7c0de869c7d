"""The trace of a mail: the lines that its receiver puts before it (RFC 5321, 4.4), and how many it came with."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime

from daemon.backends.protocols import Arrival

HOPS_MAX = 100  # RFC 5321, 6.3
HEADER_LOOK_OCTETS = 1024 * 1024
NAME_MAX_CHARS = 255

_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
_UNFIT_IN_NAME = re.compile(r"[^\w.:\[\]-]", re.ASCII)  # a HELO argument is whatever the client likes
_FIT_ADDRESS = re.compile(r"[^\s<>()\\\x00-\x1f\x7f-\x9f]{1,512}\Z")


def trace(
    arrival: Arrival, *, by: str, protocol: str, trace_id: str, recipient: str | None, received: datetime
) -> bytes:
    """Return `Return-Path` and `Received`, with their line ends.

    `recipient` is the only one there is, else None: with several, none is to learn of the others. An address that
    could end its line or its brackets is left out.
    """
    sender = arrival.envelope_from if _FIT_ADDRESS.match(arrival.envelope_from) else ""
    helo = _UNFIT_IN_NAME.sub("?", arrival.helo)[:NAME_MAX_CHARS] or "unknown"
    peer = arrival.peer_ip or "unknown"
    literal = f"IPv6:{peer}" if ":" in peer else peer  # RFC 5321, 4.1.3
    target = f" for <{recipient}>" if recipient and _FIT_ADDRESS.match(recipient) else ""
    lines = (
        f"Return-Path: <{sender}>",
        f"Received: from {helo} ([{literal}])",
        f"\tby {by} with {protocol} id {trace_id}{target};",
        f"\t{format_datetime(received)}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def protocol(spoken: str, *, extended: bool, encrypted: bool, utf8: bool) -> str:
    """Return the name of what was `spoken`, SMTP or LMTP (RFC 3848, RFC 6531 section 4.3)."""
    if not extended:
        return spoken
    name = f"UTF8{spoken}" if utf8 else "ESMTP" if spoken == "SMTP" else spoken
    return name + ("S" if encrypted else "")


def hops(mail: bytes) -> int:
    """Return how many `Received` lines a mail has in its header; of a header without end, in its first MiB."""
    end = mail.find(b"\r\n\r\n", 0, HEADER_LOOK_OCTETS)
    return len(_RECEIVED.findall(mail[: HEADER_LOOK_OCTETS if end < 0 else end]))
