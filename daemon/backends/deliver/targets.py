"""Which addresses may be dialled on a stranger's behalf: everything public, and what the operator allows besides.

The list is our own, after the IANA registries of special-purpose addresses (RFC 6890 and its updates) and of IPv6
address space: `ipaddress.is_global` takes NAT64, 6to4, multicast and site-local addresses for public ones.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SPECIAL_V4 = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "carrier-grade NAT (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "168.63.129.16/32": "a cloud's own services",
    "169.254.0.0/16": "link-local (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "IETF protocol assignments (RFC 6890)",
    "192.0.2.0/24": "documentation (RFC 5737)",
    "192.31.196.0/24": "AS112 (RFC 7535)",
    "192.52.193.0/24": "AMT (RFC 7450)",
    "192.88.99.0/24": "6to4 relays (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "192.175.48.0/24": "AS112 (RFC 7534)",
    "198.18.0.0/15": "benchmarks (RFC 2544)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved (RFC 1112) or broadcast (RFC 919)",
}
_SPECIAL_V6 = {
    "::1/128": "loopback (RFC 4291)",
    "::/128": "unspecified (RFC 4291)",
    "::/96": "IPv4-compatible (RFC 4291)",
    "64:ff9b:1::/48": "local NAT64 (RFC 8215)",
    "100::/64": "discard-only (RFC 6666)",
    "2001::/23": "IETF protocol assignments (RFC 2928), Teredo (RFC 4380) among them",
    "2001:db8::/32": "documentation (RFC 3849)",
    "2620:4f:8000::/48": "AS112 (RFC 7534)",
    "3fff::/20": "documentation (RFC 9637)",
    "5f00::/16": "segment routing (RFC 9602)",
    "fc00::/7": "private (RFC 4193)",
    "fe80::/10": "link-local (RFC 4291)",
    "fec0::/10": "site-local (RFC 3879)",
    "ff00::/8": "multicast (RFC 4291)",
}
_SPECIAL = [(ipaddress.ip_network(text), why) for text, why in (_SPECIAL_V4 | _SPECIAL_V6).items()]
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")  # all that is assigned for global unicast (RFC 4291, 2.4)
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")  # RFC 4291, 2.5.5.2
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052, 2.1
_6TO4 = ipaddress.IPv6Network("2002::/16")  # RFC 3056, 2
_GROUPS = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
}


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for: mapped, NAT64 or 6to4; any other stays as it is."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    number = int(address)
    plain = ipaddress.IPv6Address(number)  # without a scope, which no network contains
    if plain in _MAPPED or plain in _NAT64:
        return ipaddress.IPv4Address(number & 0xFFFF_FFFF)
    if plain in _6TO4:
        return ipaddress.IPv4Address(number >> 80 & 0xFFFF_FFFF)
    return plain


def special(address: Address) -> str | None:
    """Return what an address is set aside for; None for a public one."""
    meant = unwrapped(address)
    for network, why in _SPECIAL:
        if meant in network:
            return why
    if isinstance(meant, ipaddress.IPv6Address) and meant not in _UNICAST_V6:
        return "not assigned (RFC 4291)"
    return None


def literal(host: str) -> Address | None:
    """Return the address that a host is, in any spelling that something down the line may take for one, or None.

    Full-width digits (which IDNA makes plain), `0x7f.1`, `017700000001` and `2130706433` are all 127.0.0.1.
    """
    plain = unicodedata.normalize("NFKC", host).replace("。", ".").strip("[]").rstrip(".")
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    if not plain.isascii() or not plain[:1].isdigit():
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be dialled besides the public, and over plain http: networks and host names."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, words: Iterable[str]) -> Allowed:
        """Read the words of the setting `webhook_allow`, which were checked when it was loaded."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for word in words:
            try:
                networks += [ipaddress.ip_network(text) for text in _GROUPS.get(word, (word,))]
            except ValueError:
                hosts.add(word)
        return cls(tuple(networks), frozenset(hosts))

    def covers(self, address: Address) -> bool:
        """Tell whether an address is expressly allowed."""
        meant = unwrapped(address)
        return any(meant in network for network in self.networks)

    def trusts(self, host: str) -> bool:
        """Tell whether a host is allowed by its name, wherever that leads."""
        return host.lower().rstrip(".") in self.hosts


def refusal(address: Address, allowed: Allowed, *, plain: bool) -> str | None:
    """Say why an address is not dialled, `plain` telling that it would be without TLS; None: it may be."""
    if allowed.covers(address):
        return None
    why = special(address)
    if why is not None:
        return f"{address} is {why}"
    return "plain http goes to allowed targets only; use https" if plain else None


def url_refusal(url: str, allowed: Allowed) -> str | None:
    """Say what a URL itself shows to be wrong with it; None: whether it may be dialled shows at the address."""
    if any(not mark.isprintable() or mark in " \\" for mark in url):
        return "a URL holds no blanks, backslashes and control characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "this is no URL"
    if parts.scheme not in ("https", "http") or not host or port == 0:
        return "give a URL such as https://example.org/hook"
    if "@" in parts.netloc:
        return "a URL holds no user and password; check the signature instead"
    if allowed.trusts(host):
        return None
    plain = parts.scheme == "http"
    address = literal(host)
    if address is not None:
        return refusal(address, allowed, plain=plain)
    name = host.lower().rstrip(".")
    if (name == "localhost" or name.endswith(".localhost")) and not allowed.networks:
        return f"{host} is loopback (RFC 6761)"
    if plain and not allowed.networks:
        return "plain http goes to allowed targets only; use https"
    return None
