"""A key that mail is signed with, and the callback by which a sender gets those of a domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One DKIM key in force: its private half, and the selector that the other is published under (RFC 6376, 3.1)."""

    domain: str
    selector: str
    private_key: RSAPrivateKey | Ed25519PrivateKey


SigningKeys = Callable[[str], Awaitable[tuple[SigningKey, ...]]]
"""The keys that a domain signs with now, RSA first; none when it has none."""
