"""The language of the control socket: frames of a JSON object and octets. Both ends use this module.

A frame is two lengths (four octets each, big-endian), the object, the octets. Whoever feeds asks; each question has an
`id`, and its answer has the same one and either `ok` or `error`. Zones come packed (`zones.packed`).

    hello                              → protocol, pid, address, arguments, zones
    begin                              all zones follow; those that do not come are no longer served after `end`
    put          lengths; zones        serve these zones from now on
    end                                → zones; begins to answer, if that has not begun
    remove       zones                 serve these no longer
    keys         keys                  TSIG keys: name → base64
    secondaries  zone, allow, notify   who may transfer a zone, and who is told of its changes
    stats                              → counts
    quit                               ends the process
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, NamedTuple

PROTOCOL = 1
FRAME_MAX_OCTETS = 64 * 1024 * 1024
_LENGTHS = struct.Struct("!II")


class Frame(NamedTuple):
    """One frame."""

    head: dict[str, Any]
    body: bytes = b""


class BadFrame(Exception):
    """This is not our language."""


def write(frame: Frame) -> bytes:
    """Return a frame as octets."""
    head = json.dumps(frame.head, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(head), len(frame.body)) + head + frame.body


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """Read the next frame; None at the end. Raises `BadFrame`."""
    try:
        head_octets, body_octets = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        if head_octets + body_octets > FRAME_MAX_OCTETS:
            raise BadFrame(f"a frame of {head_octets + body_octets} octets")
        head = json.loads(await reader.readexactly(head_octets))
        body = await reader.readexactly(body_octets)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValueError as problem:
        raise BadFrame(str(problem)) from None
    if not isinstance(head, dict):
        raise BadFrame("a frame's head is no object")
    return Frame(head, body)
