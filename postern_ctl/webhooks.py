"""For those who receive webhooks: check that a delivery is Postern's, whole and fresh. Standard library only.

    from postern_ctl.webhooks import Unverified, verify

    try:
        event = verify(body, request.headers, secret)
    except Unverified:
        return 400
    if event.delivery_id not in seen:  # a delivery may come more than once, always under the same id
        ...

`body` is the raw bytes as they came: what was parsed and written again has another signature.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE_SECONDS = 300
SECRET_PREFIX = "whsec_"  # noqa: S105  the form of a secret, not one
HEADER_MAX_LETTERS = 4_096
SIGNATURES_MAX = 16
_OURS = "x-postern-signature"
_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
_TIME = re.compile(r"[0-9]{1,12}\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")


class Unverified(ValueError):
    """This is not to be trusted; each way it can be so has a class of its own."""


class SignatureMissing(Unverified):
    """There is no signature at all."""


class SignatureMalformed(Unverified):
    """The headers of a signature are not as they should be."""


class SignatureMismatch(Unverified):
    """The signature is by another secret, or of another body."""


class TimestampTooOld(Unverified):
    """It was signed too long ago: perhaps somebody sends again what they once saw."""


class TimestampInFuture(Unverified):
    """It was signed in the time to come: one of the two clocks is wrong."""


class BodyMalformed(Unverified):
    """It is signed, and no JSON object."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery that holds. `delivery_id` is the same whenever it is sent again; None when nothing vouches for it."""

    data: dict[str, Any]
    delivery_id: str | None
    timestamp: int


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Verified:
    """Check a delivery and return what it holds.

    Both forms of signature are understood: `X-Postern-Signature`, and the three headers of Standard Webhooks. Each that
    is there must hold, and one must be there. Only the latter vouches for the delivery's id. Of several secrets, as
    during a rotation, any will do. `now` is the time in seconds, the clock's unless given. Raises `Unverified`.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets or not all(secrets):
        raise ValueError("give the webhook's secret")
    given = {name.lower(): value for name, value in headers.items()}
    ours, standard = given.get(_OURS), [given.get(name) for name in _STANDARD]
    if ours is None and not any(value is not None for value in standard):
        raise SignatureMissing("neither X-Postern-Signature nor webhook-signature is there")
    at, delivery_id = 0, None
    if any(value is not None for value in standard):
        at, delivery_id = _standard(body, standard, secrets)
    if ours is not None:
        signed_at = _ours(body, ours, secrets)
        if delivery_id is not None and signed_at != at:
            raise SignatureMalformed("the two signatures were made at different times")
        at = signed_at
    _fresh(at, time.time() if now is None else now, tolerance_seconds)
    return Verified(_parsed(body), delivery_id, at)


def _ours(body: bytes, header: str, secrets: Sequence[str]) -> int:
    """Check `t=…,v1=…[,v1=…]`: HMAC-SHA256 of `t.body`, keyed by the whole text of the secret."""
    times, values = [], []
    for part in _parts(header, ","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            times.append(value)
        elif name == "v1":
            values.append(value)
    if len(times) != 1 or not _TIME.match(times[0]) or not values or not all(map(_HEX.match, values)):
        raise SignatureMalformed("X-Postern-Signature is t=<seconds>,v1=<64 hex digits>")
    signed = times[0].encode() + b"." + body
    expected = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
    _any_equal([value.encode() for value in values], [value.encode() for value in expected])
    return int(times[0])


def _standard(body: bytes, headers: Sequence[str | None], secrets: Sequence[str]) -> tuple[int, str]:
    """Check the headers of Standard Webhooks: HMAC-SHA256 of `id.time.body`, keyed by the base64-decoded secret."""
    delivery_id, at, signatures = headers
    if not delivery_id or not at or not signatures or len(delivery_id) > HEADER_MAX_LETTERS or not _TIME.match(at):
        raise SignatureMalformed("webhook-id, webhook-timestamp and webhook-signature belong together")
    values = [
        value for part in _parts(signatures, " ") for version, _, value in [part.partition(",")] if version == "v1"
    ]
    if not values:
        raise SignatureMalformed("webhook-signature is v1,<base64>")
    signed = f"{delivery_id}.{at}.".encode() + body
    expected = [base64.b64encode(hmac.digest(_key(secret), signed, "sha256")) for secret in secrets]
    _any_equal([value.encode() for value in values], expected)
    return int(at), delivery_id


def _parts(header: str, between: str) -> list[str]:
    parts = header.split(between) if len(header) <= HEADER_MAX_LETTERS else []
    if not 0 < len(parts) <= SIGNATURES_MAX:
        raise SignatureMalformed("the header of the signature is too long")
    return parts


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("that is no secret of a webhook: it looks like whsec_…") from None


def _any_equal(given: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """Compare everything with everything, in a time that tells nothing. Raises `SignatureMismatch`."""
    equal = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(equal):
        raise SignatureMismatch("the signature does not hold: another secret, or another body")


def _fresh(at: int, now: float, tolerance_seconds: float) -> None:
    if now - at > tolerance_seconds:
        raise TimestampTooOld(f"it was signed {now - at:.0f} s ago")
    if at - now > tolerance_seconds:
        raise TimestampInFuture(f"it was signed {at - now:.0f} s from now")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise BodyMalformed("the body is no JSON object")
    return data
