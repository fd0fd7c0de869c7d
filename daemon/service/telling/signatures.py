"""What a delivery is signed with: our own header, and those of Standard Webhooks beside it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from daemon.clock import SECOND_MS

SECRET_PREFIX = "whsec_"  # noqa: S105  the form of a secret, not one
SECRET_BYTES = 32


def secret_text(random: bytes) -> str:
    """Return a secret in the form of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(random).decode("ascii")


def signed_headers(event: str, delivery_id: str, secrets: Sequence[str], now_ms: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt, one signature for each secret in force.

    Ours is keyed by the whole text of the secret, the one of Standard Webhooks by the bytes that its base64 part
    stands for. The id is the same on every attempt, the time is its own.
    """
    at = now_ms // SECOND_MS
    ours = [_mac(secret.encode(), f"{at}.".encode() + body).hex() for secret in secrets]
    theirs = [_mac(_key(secret), f"{delivery_id}.{at}.".encode() + body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Postern-Webhooks",
        "X-Postern-Event": event,
        "X-Postern-Delivery": delivery_id,
        "X-Postern-Signature": ",".join([f"t={at}", *(f"v1={value}" for value in ours)]),
        "webhook-id": delivery_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(value).decode('ascii')}" for value in theirs),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")
