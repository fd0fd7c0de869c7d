"""A zone as bytes: its origin, then its records as DNS messages carry them, uncompressed (RFC 1035, 3.2.1).

A name server of many zones keeps them like this, and unpacks those that are asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from zones.fields import BadRecord
from zones.labels import Name
from zones.labels import read as read_name
from zones.name import BadName
from zones.records import CLASS_IN, RRset
from zones.zone import Zone

_HEAD = struct.Struct("!HHIH")  # type, class, TTL, octets of data


def pack(zone: Zone) -> bytes:
    """Return the zone as bytes."""
    return zone.origin + b"".join(
        one.name + _HEAD.pack(one.type, CLASS_IN, one.ttl, len(data)) + data for one in zone for data in one.data
    )


def origin_of(packed: bytes) -> Name:
    """Return the origin of a packed zone. Raises `BadName`."""
    return read_name(packed)[0]


def unpack(packed: bytes) -> Zone:
    """Return the zone. Raises `BadRecord` when these bytes are none; otherwise they are taken as `pack` made them."""
    try:
        origin, at = read_name(packed)
        return Zone(origin, _rrsets(packed, at))
    except (BadName, struct.error, IndexError) as problem:
        raise BadRecord(f"this is no packed zone: {problem}") from None


def _rrsets(packed: bytes, at: int) -> Iterator[RRset]:
    name, rrtype, ttl = b"", 0, 0
    data: list[bytes] = []
    size = len(packed)
    while at < size:
        end = at
        while length := packed[end]:
            end += 1 + length
        end += 1
        this, (kind, _, seconds, count) = packed[at:end], _HEAD.unpack_from(packed, end)
        at = end + 10 + count
        if this != name or kind != rrtype:
            if data:
                yield RRset(name, rrtype, ttl, tuple(data))
            name, rrtype, ttl, data = this, kind, seconds, []
        data.append(packed[end + 10 : at])
    if data:
        yield RRset(name, rrtype, ttl, tuple(data))


def serial_of(packed: bytes) -> int:
    """Return a packed zone's serial without unpacking it: the SOA comes first, and ends with five numbers."""
    _, at = read_name(packed)
    _, at = read_name(packed, at)
    end = at + _HEAD.size + _HEAD.unpack_from(packed, at)[3]
    return int.from_bytes(packed[end - 20 : end - 16], "big")
