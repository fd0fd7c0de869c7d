"""What is this machine itself. A module of its own, for the command line has no use for what it imports."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or address; IPv4 within IPv6 (RFC 4291, 2.5.5.2) is IPv4."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
