"""The token of a one-time link: what it is, signed, and nothing else. Everything more stands in the link's row.

Layout, base64url without padding: version (1 octet), purpose (1), master key id (4), link id (16), expiry in ms (6),
HMAC-SHA256 over all before it (32) under a key derived for that purpose alone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from enum import StrEnum

from daemon.keys import Keyring, KeyringError

VERSION = 1
MAC_BYTES = 32
LINK_ID_BYTES = 16
EXPIRES_NEVER_MS = 2**48 - 1
_BODY = struct.Struct(">BB4s16s6s")
_TOKEN_CHARS = 80  # 60 octets


class Purpose(StrEnum):
    """What a link yields. `SESSION` is what a spent download yields; `UNSUBSCRIBE` stands in mail, and is not spent."""

    RECEIPT = "receipt"
    REVEAL = "reveal"
    DOWNLOAD = "download"
    SESSION = "session"
    UNSUBSCRIBE = "unsubscribe"


_NUMBERS = {purpose: number for number, purpose in enumerate(Purpose, 1)}
_PURPOSES = {number: purpose for purpose, number in _NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a genuine token says."""

    link_id: str
    purpose: Purpose
    expires_ms: int


def link_id(random: bytes) -> str:
    """Return the id of a link from 16 random octets."""
    return f"link_{random.hex()}"


def write_token(keyring: Keyring, claim: LinkClaim) -> str:
    """Sign a claim with the current key."""
    body = _BODY.pack(
        VERSION,
        _NUMBERS[claim.purpose],
        bytes.fromhex(keyring.current),
        bytes.fromhex(claim.link_id.removeprefix("link_")),
        claim.expires_ms.to_bytes(6, "big"),
    )
    mac = keyring.mac(f"link-{claim.purpose}", body)
    return base64.urlsafe_b64encode(body + mac).decode("ascii")


def read_token(keyring: Keyring, token: str) -> LinkClaim | None:
    """Return the claim of a token that we signed, None for anything else."""
    if len(token) != _TOKEN_CHARS or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _BODY.size + MAC_BYTES:
        return None
    if base64.urlsafe_b64encode(raw).decode("ascii") != token:  # one spelling of a token, so that altered is unknown
        return None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    version, number, key_id, random, expiry = _BODY.unpack(body)
    purpose = _PURPOSES.get(number)
    if version != VERSION or purpose is None:
        return None
    try:
        expected = keyring.mac(f"link-{purpose}", body, key_id.hex())
    except KeyringError:
        return None
    if not hmac.compare_digest(mac, expected):
        return None
    return LinkClaim(link_id(random), purpose, int.from_bytes(expiry, "big"))
