"""How many answers a network may get each second by UDP, whose senders can be forged.

A network is a /24 of IPv4 or a /56 of IPv6. What is above the limit is dropped, but for every second answer, which says
"ask by TCP" (slip 2): a resolver in that network gets through, and a victim of forged questions gets nothing larger
than they were. Counting is part of the hot loop, so it is one dict of whole numbers, emptied each second.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

NETWORKS_MAX = 65_536
SLIP = 2
LITTLE_ENDIAN = sys.byteorder == "little"

# Masks for an address as the machine's own whole number: the first 24 of 32 bits, the first 56 of 64.
IPV4_MASK = 0x00FFFFFF if LITTLE_ENDIAN else 0xFFFFFF00
IPV6_MASK = 0x00FFFFFF_FFFFFFFF if LITTLE_ENDIAN else 0xFFFFFFFF_FFFFFF00


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Answers a second for each network; 0: no limit. Loopback is exempt unless it is told otherwise."""

    per_second: int = 200
    limit_loopback: bool = False

    @property
    def threshold(self) -> int:
        return self.per_second or sys.maxsize


def is_loopback(address: bytes) -> bool:
    """Tell whether an address (4 or 16 octets) is this machine itself, IPv4 mapped into IPv6 included."""
    if len(address) == 16 and address.startswith(bytes(10) + b"\xff\xff"):
        address = address[12:]
    return address[0] == 127 if len(address) == 4 else address == bytes(15) + b"\x01"
