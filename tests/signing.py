"""Mail signed by DKIM (RFC 6376), written apart from the verifier: by the letter, for small mails only."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@dataclass
class Signer:
    """A domain with a key under a selector."""

    domain: str
    selector: str = "s1"
    key: RSAPrivateKey | Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def name(self) -> str:
        """Where the key record stands."""
        return f"{self.selector}._domainkey.{self.domain} TXT"

    @property
    def record(self) -> str:
        public = self.key.public_key()
        if isinstance(self.key, Ed25519PrivateKey):
            return "v=DKIM1; k=ed25519; p=" + _text(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return "v=DKIM1; k=rsa; p=" + _text(der)

    def sign(
        self, raw: bytes, *, form: str = "relaxed/relaxed", names: str = "from:to:subject", **more: object
    ) -> bytes:
        """Return the mail with its signature on top; `more` adds tags, or replaces them."""
        head, _, body = raw.partition(b"\r\n\r\n")
        header_form, _, body_form = form.partition("/")
        algorithm = "ed25519-sha256" if isinstance(self.key, Ed25519PrivateKey) else "rsa-sha256"
        covered = _body(body, body_form)
        length = more.get("l")
        digest = hashlib.sha256(covered[: int(str(length))] if length is not None else covered).digest()
        tags = {
            "v": "1",
            "a": algorithm,
            "c": form,
            "d": self.domain,
            "s": self.selector,
            "h": names,
            "bh": _text(digest),
        }
        tags |= {name: str(value) for name, value in more.items()}
        unsigned = "DKIM-Signature: " + "; ".join(f"{name}={value}" for name, value in tags.items()) + ";\r\n b="
        fields = re.split(rb"\r\n(?![ \t])", head)
        chosen = []
        for name in tags["h"].encode().lower().split(b":"):
            at = [number for number, one in enumerate(fields) if one.split(b":")[0].strip().lower() == name]
            if at:
                chosen.append(fields.pop(at[-1]))
        message = b"".join(_header(one, header_form) + b"\r\n" for one in chosen)
        message += _header(unsigned.encode(), header_form)
        return unsigned.encode() + _text(self._signature(message)).encode() + b"\r\n" + raw

    def _signature(self, message: bytes) -> bytes:
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(hashlib.sha256(message).digest())
        return self.key.sign(message, PKCS1v15(), SHA256())


def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65_537, bits)


def certificate(home: Path, name: str) -> Path:
    """Write a self-signed certificate for a name, with its key beside it; return its path."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(f"CN={name}")
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    path = home / f"{name}.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    path.with_suffix(".key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def _header(one: bytes, form: str) -> bytes:
    if form == "simple":
        return one
    name, value = one.split(b":", 1)
    return name.strip().lower() + b":" + b" ".join(value.split())


def _body(body: bytes, form: str) -> bytes:
    if form == "relaxed":
        body = b"\r\n".join(re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n"))
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    body = body[:end]
    return body + b"\r\n" if body or form == "simple" else body


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
