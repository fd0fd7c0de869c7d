"""DKIM (RFC 6376, RFC 8463): mail signed by the keys of its domain. Pure: the same mail gives the same octets always.

It takes a few milliseconds and, for a large mail, some more; body hashes are worked in pieces. Run it in a thread.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from daemon.mail import canonical
from daemon.mail.encode import folded
from daemon.mail.fields import Field, split
from daemon.mail.signing_key import SigningKey

# What a reader goes by. Each is signed once more than it is there, so that nobody adds another (RFC 6376, 8.15).
SEALED = (
    "from reply-to to cc subject date message-id in-reply-to references mime-version content-type"
    " content-transfer-encoding content-disposition"
).split()
# What is signed as it stands; a mailing list may add its own (RFC 6376, 5.4.1).
SIGNED = "content-id list-unsubscribe list-unsubscribe-post".split()
_VALUE_LINE_CHARS = 72


class Unsignable(ValueError):
    """A mail that no signature can cover: its header cannot be read, or it says nothing of who wrote it."""


def sign(raw: bytes, keys: Sequence[SigningKey], at_seconds: int) -> bytes:
    """Return a mail with a signature by each key on top, the first key's first; without keys, as it is.

    `at_seconds` is when it was signed, as the signatures say it (Unix time). Raises `Unsignable`.
    """
    if not keys:
        return raw
    fields, body = split(raw)
    if not any(field.name == "from" for field in fields):
        raise Unsignable("there is no From that could be signed")
    digest, _ = canonical.body_hash(raw, body, "relaxed")
    names = _names(fields)
    covered = b"".join(_covered(fields, names))
    return b"".join([*(_signature(key, names, digest, covered, at_seconds) for key in keys), raw])


def _names(fields: Sequence[Field]) -> list[str]:
    """Return what is signed, each name as often as it is there, and once more where nothing may be added."""
    there = Counter(field.name for field in fields)
    return [name for name in (*SEALED, *SIGNED) for _ in range(there[name] + (name in SEALED))]


def _covered(fields: Sequence[Field], names: Sequence[str]) -> Iterator[bytes]:
    """Give out the canonical fields in the order of the names, of equal ones the lowest first (RFC 6376, 5.4.2)."""
    left: dict[str, list[Field]] = {}
    for field in fields:
        left.setdefault(field.name, []).append(field)
    for name in names:
        if left.get(name):
            yield canonical.field(left[name].pop().raw, "relaxed") + b"\r\n"


def _signature(key: SigningKey, names: Sequence[str], body: bytes, covered: bytes, at_seconds: int) -> bytes:
    is_ed25519 = isinstance(key.private_key, Ed25519PrivateKey)
    tokens = [
        f"v=1; a={'ed25519' if is_ed25519 else 'rsa'}-sha256; c=relaxed/relaxed;",
        f"d={key.domain}; s={key.selector};",
        f"t={at_seconds};",
        *(f"{'h=' if number == 0 else ''}{name}:" for number, name in enumerate(names[:-1])),
        f"{names[-1]};",
        f"bh={base64.b64encode(body).decode()};",
        "b=",
    ]
    unsigned = f"DKIM-Signature: {folded(tokens, len('DKIM-Signature: '))}".encode("ascii")
    digest = Hash(SHA256())
    digest.update(covered)
    digest.update(canonical.field(unsigned, "relaxed"))
    message = digest.finalize()
    if isinstance(key.private_key, Ed25519PrivateKey):
        value = key.private_key.sign(message)  # RFC 8463, 3: PureEdDSA over the hash
    else:
        value = key.private_key.sign(message, padding.PKCS1v15(), Prehashed(SHA256()))
    text = base64.b64encode(value)
    lines = [text[at : at + _VALUE_LINE_CHARS] for at in range(0, len(text), _VALUE_LINE_CHARS)]
    return unsigned + b"\r\n ".join([b"", *lines]) + b"\r\n"
