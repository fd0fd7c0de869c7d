"""Keys: the three kinds that are handed out, and the keyring that seals, signs and derives.

A handed-out key is `pk_<kind>_<id>_<secret>`; at rest there is only SHA-256 of the secret, which has 280 random bits
and so needs no slow hash. The keyring holds master keys by id, outside the database; everything secret is derived from
them by HKDF (RFC 5869), one purpose at a time. This is the only module that seals and unseals.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from daemon.ids import Ids

MASTER_KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
SEAL_VERSION = 1
KEY_FILE_NAME = "master.key"
CREDENTIAL_NAME = "postern-master-key"
_NO_DIGEST = bytes(32)
_KEY_ID = re.compile(r"[0-9a-f]{8}\Z")  # four octets of every link token


class KeyKind(StrEnum):
    """Whose key it is."""

    ENROLL = "enroll"
    AGENT = "agent"
    OPERATOR = "operator"


_FORM = re.compile(r"pk_(enroll|agent|operator)_([a-z2-7]{24})_([a-z2-7]{56})\Z")


@dataclass(frozen=True, slots=True)
class Key:
    """A key in clear: only ever in memory."""

    kind: KeyKind
    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.prefix}_…)"

    @property
    def text(self) -> str:
        return f"{self.prefix}_{self.secret}"

    @property
    def prefix(self) -> str:
        """Return what may be shown: kind and id."""
        return key_prefix(self.kind, self.id)

    @property
    def digest(self) -> bytes:
        """Return what is stored."""
        return hashlib.sha256(self.secret.encode("ascii")).digest()


def key_prefix(kind: KeyKind, key_id: str) -> str:
    """Return the public part of a key."""
    return f"pk_{kind}_{key_id}"


def mint(kind: KeyKind, ids: Ids) -> Key:
    """Make a new key."""
    return Key(kind, ids.bare(), ids.secret())


def parse(text: str) -> Key | None:
    """Read a key as somebody presented it; None when it has not the form of one."""
    found = _FORM.match(text)
    return None if found is None else Key(KeyKind(found[1]), found[2], found[3])


def matches(key: Key, digest: bytes | None) -> bool:
    """Compare a key with a stored digest in constant time; an unknown id (None) costs the same work."""
    return hmac.compare_digest(key.digest, _NO_DIGEST if digest is None else digest) and digest is not None


class KeyringError(Exception):
    """The master key is missing, wrong or readable by others; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives. It is bound to it: moved elsewhere, it does not open."""

    tenant: str
    table: str
    row: str
    column: str

    def bound(self, key_id: str) -> bytes:
        return json.dumps([SEAL_VERSION, key_id, self.tenant, self.table, self.row, self.column]).encode()


class Keyring:
    """The master keys. New things are sealed and signed with the current one; older ones still open and verify."""

    def __init__(self, keys: dict[str, bytes], current: str) -> None:
        self._keys = keys
        self.current = current

    def __repr__(self) -> str:
        return f"Keyring(current={self.current!r}, {len(self._keys)} keys)"

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def add(self, key_id: str, key: bytes) -> None:
        """Take in a new key, as the current one."""
        self._keys[key_id] = key
        self.current = key_id

    def derive(self, purpose: str, key_id: str | None = None, salt: bytes = b"") -> bytes:
        """Return the 32-byte key of one purpose. Raises `KeyringError` when `key_id` is unknown."""
        master = self._keys.get(self.current if key_id is None else key_id)
        if master is None:
            raise KeyringError(f"The keyring has no key {key_id}.")
        info = f"postern/1/{purpose}".encode()
        return HKDF(SHA256(), MASTER_KEY_BYTES, salt or None, info).derive(master)

    def check_value(self, key_id: str) -> str:
        """Return what the database keeps to recognise this key by."""
        return hmac.new(self.derive("check", key_id), b"postern key check", "sha256").hexdigest()

    def mac(self, purpose: str, data: bytes, key_id: str | None = None) -> bytes:
        """Return HMAC-SHA256 of `data` under a purpose's key."""
        return hmac.new(self.derive(purpose, key_id), data, "sha256").digest()

    def seal(self, place: Place, clear: bytes) -> bytes:
        """Encrypt `clear` for `place` with ChaCha20-Poly1305 (RFC 8439) under a key of its own."""
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        box = ChaCha20Poly1305(self.derive("seal", salt=salt)).encrypt(nonce, clear, place.bound(self.current))
        key_id = self.current.encode("ascii")
        return bytes([SEAL_VERSION, len(key_id)]) + key_id + salt + nonce + box

    def unseal(self, place: Place, sealed: bytes) -> bytes:
        """Decrypt. Raises `KeyringError` when it was altered, moved or sealed with a key that is not here."""
        end = 2 + sealed[1]
        key_id = sealed[2:end].decode("ascii")
        salt, nonce = sealed[end : end + SALT_BYTES], sealed[end + SALT_BYTES : end + SALT_BYTES + NONCE_BYTES]
        box = sealed[end + SALT_BYTES + NONCE_BYTES :]
        try:
            return ChaCha20Poly1305(self.derive("seal", key_id, salt)).decrypt(nonce, box, place.bound(key_id))
        except InvalidTag:
            raise KeyringError("A sealed value does not open: it was altered or moved.") from None

    def sign(self, data: bytes) -> tuple[str, str]:
        """Sign with the current Ed25519 key (RFC 8032); return signature and public key in hex."""
        signer = Ed25519PrivateKey.from_private_bytes(self.derive("sign"))
        return signer.sign(data).hex(), signer.public_key().public_bytes_raw().hex()

    def public_keys(self) -> set[str]:
        """Return the public keys of every key here, in hex."""
        return {
            Ed25519PrivateKey.from_private_bytes(self.derive("sign", key_id)).public_key().public_bytes_raw().hex()
            for key_id in self._keys
        }


def signature_holds(public_key: str, signature: str, data: bytes) -> bool:
    """Check an Ed25519 signature; what is no signature or no key does not hold."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_keyring(directory: Path, known: dict[str, str]) -> Keyring:
    """Return the keyring of a data directory, made on first start.

    `known` are the key-check values in the database (empty on first start). A systemd credential comes before the file.
    Raises `KeyringError` when the key is missing, wrong, or open to others: it is never replaced silently.
    """
    path = key_file(directory)
    if not path.exists():
        if known:
            raise KeyringError(f"The master key {path} is missing, but the database was made with one. Put it back.")
        _create(path)
    keyring = _read(path, private=path.parent == directory)
    for key_id, check_value in known.items():
        if key_id not in keyring.key_ids or not hmac.compare_digest(keyring.check_value(key_id), check_value):
            raise KeyringError(f"{path} is not the master key of this database. Put the right one back.")
    return keyring


def key_file(directory: Path) -> Path:
    """Return where the master keys of a data directory are: a systemd credential comes before the file."""
    credential = os.environ.get("CREDENTIALS_DIRECTORY")
    given = Path(credential, CREDENTIAL_NAME) if credential else None
    return given if given is not None and given.exists() else directory / KEY_FILE_NAME


def add_master_key(directory: Path, key_id: str) -> bytes:
    """Add a key to the file, as the current one, durably, and return it. Raises `KeyringError`."""
    path = key_file(directory)
    if path.parent != directory:
        raise KeyringError(f"The master keys are a credential of the system's ({path}). Add a key there, and restart.")
    content = json.loads(path.read_text("ascii"))
    key = secrets.token_bytes(MASTER_KEY_BYTES)
    content["keys"][key_id] = base64.b64encode(key).decode()
    _write(path, {"current": key_id, "keys": content["keys"]})
    return key


def put_key_file(directory: Path, content: bytes) -> Path:
    """Write a recovered key file where there is none. Raises `KeyringError`."""
    path = directory / KEY_FILE_NAME
    if path.exists():
        raise KeyringError(f"{path} is there already. Move it away if it is the wrong one.")
    try:
        _write(path, json.loads(content))
        _read(path, private=True)
    except ValueError:
        raise KeyringError("This is no recovery file of Postern's.") from None
    return path


def _create(path: Path) -> None:
    key_id = secrets.token_hex(4)
    key = base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode()
    _write(path, {"current": key_id, "keys": {key_id: key}})


def _write(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)  # left by a start that was cut short, or planted
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "w") as target:
        target.write(json.dumps(content))
        target.flush()
        os.fsync(target.fileno())
    partial.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read(path: Path, *, private: bool) -> Keyring:
    if private and path.stat().st_mode & 0o077:
        raise KeyringError(f"{path} can be read by others. Run: chmod 600 {path}")
    try:
        content = json.loads(path.read_text("ascii"))
        if not all(_KEY_ID.match(key_id) for key_id in content["keys"]):
            raise ValueError
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in content["keys"].items()}
        if content["current"] not in keys or any(len(key) != MASTER_KEY_BYTES for key in keys.values()):
            raise ValueError
    except OSError as problem:
        raise KeyringError(f"The master key {path} cannot be read: {problem.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyringError(f"{path} is no master key file. Put the right one back.") from None
    return Keyring(keys, content["current"])
