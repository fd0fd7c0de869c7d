"""A mail's header fields as they stand in its bytes, for signatures cover bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADER_MAX_BYTES = 256 * 1024
FIELDS_MAX = 2_000

_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,100})[ \t]*:")
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in lower case, and the whole of it, folded, without the CRLF at its end."""

    name: str
    raw: bytes

    @property
    def value(self) -> bytes:
        return self.raw.partition(b":")[2]


def split(raw: bytes) -> tuple[list[Field], int]:
    """Return the fields, top to bottom, and where the body begins. A header beyond the limits has no fields."""
    if raw.startswith(b"\r\n"):
        return [], 2
    end = raw.find(_END, 0, HEADER_MAX_BYTES)
    if end < 0:
        if len(raw) > HEADER_MAX_BYTES:
            return [], len(raw)
        end = len(raw.removesuffix(b"\r\n"))
    lines: list[list[bytes]] = []
    for line in raw[:end].split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1].append(line)
        else:
            lines.append([line])
    if len(lines) > FIELDS_MAX:
        return [], len(raw)
    fields = [
        Field(found[1].decode("ascii").lower(), b"\r\n".join(pieces))
        for pieces in lines
        if (found := _NAME.match(pieces[0]))
    ]
    return fields, min(end + len(_END), len(raw))
