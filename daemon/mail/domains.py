"""Registrable domains by the Public Suffix List."""

from __future__ import annotations

from functools import cache, lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=1024)
def registrable(host: str) -> str | None:
    """The part of a host name that somebody can register (`a.b.co.uk` gives `b.co.uk`), or None for a public suffix."""
    host = host.strip().strip(".").lower()
    if not host or len(host) > 253:
        return None
    found: str | None = _suffixes().privatesuffix(host)
    return found


def host_of(url: str) -> str:
    """The host of a URL, lower case, or an empty string."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def of_address(address: str) -> str | None:
    """The registrable domain of a mail address."""
    return registrable(address.rpartition("@")[2])
