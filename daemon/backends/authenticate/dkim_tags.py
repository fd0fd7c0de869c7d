"""DKIM's tag lists: what a signature says (RFC 6376, 3.5), and what a key record does (3.6.1)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from daemon.mail.fields import Field
from zones.name import BadName, normalise

SIGNATURE_MAX_BYTES = 16 * 1024
KEY_RECORD_MAX_BYTES = 4 * 1024
RSA_MIN_BITS = 1024  # RFC 8301, 3.2
RSA_MAX_BITS = 4096
CLOCK_SKEW_SECONDS = 300
# What a reader takes for the one there is must not be doubled behind the signer's back (RFC 6376, 8.15).
SINGLE = ("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "content-type")

_FOLD = re.compile(rb"[ \t\r\n]+")
_TAG = re.compile(rb"[a-zA-Z][a-zA-Z0-9_]*\Z")
_WHOLE = re.compile(r"[0-9]{1,20}\Z")


class Unusable(ValueError):
    """A signature or key by which nothing can be verified (PERMFAIL, RFC 6376, 6.1)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A sound signature. `value` is the b= tag, `unsigned` its own field without that value."""

    domain: str
    selector: str
    identity_domain: str
    key_type: str
    header_form: str
    body_form: str
    names: tuple[str, ...]
    body_hash: bytes
    body_length: int | None
    value: bytes
    unsigned: bytes
    expires_seconds: int | None

    @property
    def key_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that may be used. In testing mode (t=y) a failure says nothing."""

    public: RSAPublicKey | Ed25519PublicKey
    exact_identity: bool
    testing: bool


def tags(text: bytes) -> dict[str, str]:
    """Read a tag list (RFC 6376, 3.2). Raises `Unusable`."""
    found: dict[str, str] = {}
    pieces = text.split(b";")
    if not pieces[-1].strip(b" \t\r\n"):
        pieces.pop()
    for piece in pieces:
        name, sign, value = piece.partition(b"=")
        name = name.strip(b" \t\r\n")
        if not sign or not _TAG.match(name) or name.decode() in found:
            raise Unusable("no tag list")
        found[name.decode()] = value.strip(b" \t\r\n").decode("utf-8", "replace")
    return found


def signature(field: Field) -> Signature:
    """Read a DKIM-Signature. Raises `Unusable`."""
    if len(field.raw) > SIGNATURE_MAX_BYTES:
        raise Unusable("a signature too large")
    given = tags(field.value)
    if given.get("v") != "1" or given.get("q", "dns/txt").lower() not in ("dns/txt", "dns"):
        raise Unusable("a version or query method that is not known")
    algorithm = given.get("a", "").lower()
    if algorithm not in ("rsa-sha256", "ed25519-sha256"):  # SHA-1 is over (RFC 8301, 3.1)
        raise Unusable("an algorithm that does not count")
    domain, selector = _domain(given.get("d", "")), _domain(given.get("s", ""))
    identity = _domain(given.get("i", "@" + domain).rpartition("@")[2])
    if identity != domain and not identity.endswith("." + domain):
        raise Unusable("an identity outside the domain")
    header_form, _, body_form = given.get("c", "simple/simple").lower().partition("/")
    body_form = body_form or "simple"
    if {header_form, body_form} - {"simple", "relaxed"}:
        raise Unusable("a canonical form that is not known")
    names = tuple(name.strip().lower() for name in given.get("h", "").split(":"))
    if "from" not in names:
        raise Unusable("From is not signed")
    signed, expires = _number(given, "t"), _number(given, "x")
    if signed is not None and expires is not None and expires < signed:
        raise Unusable("expired when it was made")
    return Signature(
        domain=domain,
        selector=selector,
        identity_domain=identity,
        key_type=algorithm.partition("-")[0],
        header_form=header_form,
        body_form=body_form,
        names=names,
        body_hash=_base64(given.get("bh", "")),
        body_length=_number(given, "l"),
        value=_base64(given.get("b", "")),
        unsigned=_without_value(field.raw),
        expires_seconds=expires,
    )


def key(record: bytes, wanted: Signature) -> Key:
    """Read a key record for a signature. Raises `Unusable`."""
    if len(record) > KEY_RECORD_MAX_BYTES:
        raise Unusable("a key record too large")
    given = tags(record)
    if given.get("v", "DKIM1") != "DKIM1" or given.get("k", "rsa").lower() != wanted.key_type:
        raise Unusable("a key of another kind")
    if "sha256" not in _words(given.get("h", "sha256")) or not {"*", "email"} & _words(given.get("s", "*")):
        raise Unusable("a key for something else")
    encoded = _base64(given.get("p", ""))  # empty: revoked
    flags = _words(given.get("t", ""))
    try:
        if wanted.key_type == "ed25519":
            public: object = Ed25519PublicKey.from_public_bytes(encoded)  # RFC 8463, 4: the bare 32 octets
        else:
            public = load_der_public_key(encoded)
    except (ValueError, UnsupportedAlgorithm):
        raise Unusable("no key") from None
    if isinstance(public, RSAPublicKey):
        if not RSA_MIN_BITS <= public.key_size <= RSA_MAX_BITS:
            raise Unusable("a key of a size that does not count")
    elif not isinstance(public, Ed25519PublicKey):
        raise Unusable("a key of another kind")
    return Key(public, "s" in flags, "y" in flags)


def _without_value(raw: bytes) -> bytes:
    """Return the field with its b= tag emptied, white space and all (RFC 6376, 3.7)."""
    name, _, value = raw.partition(b":")
    pieces = value.split(b";")
    for at, piece in enumerate(pieces):
        tag, sign, _ = piece.partition(b"=")
        if sign and tag.strip(b" \t\r\n") == b"b":
            pieces[at] = tag + sign
    return name + b":" + b";".join(pieces)


def _domain(text: str) -> str:
    try:
        return normalise(text)
    except BadName as problem:
        raise Unusable(str(problem)) from None


def _base64(text: str) -> bytes:
    try:
        found = base64.b64decode(_FOLD.sub(b"", text.encode("utf-8", "replace")), validate=True)
    except binascii.Error:
        found = b""
    if not found:
        raise Unusable("no base64 where there must be some")
    return found


def _number(given: dict[str, str], tag: str) -> int | None:
    if tag not in given:
        return None
    if not _WHOLE.match(given[tag]):
        raise Unusable(f"no number: {tag}")
    return int(given[tag])


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(":")}
