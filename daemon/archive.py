"""An archive: one file whose every octet is checked, under a passphrase where that is wanted. Backups are archives.

    POSTERN ARCHIVE 1\\n
    {"kind": …, "cipher": …, "meta": {…}}\\n   what it is, readable without the passphrase
    frames                                    length (4 octets, big-endian) and payload each; one of length 0 ends them
    SHA-256                                   32 octets, over all that came before

The payload is compressed by zlib and then, under a passphrase, encrypted: scrypt (RFC 7914) makes the key, and each
frame is sealed by ChaCha20-Poly1305 (RFC 8439) with a nonce that holds its number and whether it is the last, so that
none can be left out, moved or put at the end; the header is authenticated with each. The digest finds what rotted,
without the passphrase; the seals find what was forged.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"POSTERN ARCHIVE 1\n"
CIPHER = "scrypt+chacha20-poly1305"
FRAME_BYTES = 256 * 1024
FRAME_MAX_BYTES = 2 * FRAME_BYTES
HEADER_MAX_BYTES = 64 * 1024
DIGEST_BYTES = 32
KEY_BYTES = 32
SALT_BYTES = 16
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**16, 8, 1  # 64 MiB and about a quarter of a second
SCRYPT_N_MAX = 2**20
LEVEL = 3
_LENGTH = struct.Struct(">I")


class ArchiveError(Exception):
    """What is wrong with an archive, in one line."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an archive says of itself; `meta` is whatever its maker put there."""

    kind: str
    meta: dict[str, Any]
    encrypted: bool


def write(target: IO[bytes], kind: str, meta: dict[str, Any], content: Iterable[bytes], passphrase: str | None) -> None:
    """Write an archive of `content`."""
    told: dict[str, Any] = {"kind": kind, "cipher": None, "meta": meta}
    if passphrase is not None:
        salt = secrets.token_bytes(SALT_BYTES)
        told |= {"cipher": CIPHER, "salt": salt.hex(), "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P}
    head = MAGIC + json.dumps(told, sort_keys=True).encode() + b"\n"
    digest = hashlib.sha256()

    def put(octets: bytes) -> None:
        digest.update(octets)
        target.write(octets)

    put(head)
    box = None if passphrase is None else _Box(passphrase, told, head)
    for number, (frame, is_last) in enumerate(_frames(content)):
        payload = frame if box is None else box.seal(number, frame, is_last=is_last)
        put(_LENGTH.pack(len(payload)) + payload)
    put(_LENGTH.pack(0))
    target.write(digest.digest())


def header(source: IO[bytes]) -> Header:
    """Read the header. Raises `ArchiveError`."""
    told, _ = _header(source)
    return _shown(told)


def check(path: Path) -> Header:
    """Compare the digest of a whole file. Raises `ArchiveError` when any octet is not what was written."""
    digest, left = hashlib.sha256(), path.stat().st_size - DIGEST_BYTES
    with path.open("rb") as source:
        found = header(source)
        source.seek(0)
        while left > 0:
            part = source.read(min(FRAME_BYTES, left))
            if not part:
                break
            digest.update(part)
            left -= len(part)
        if left or source.read() != digest.digest():
            raise ArchiveError(f"{path.name} is damaged: its content is not what was written. Use another copy.")
    return found


def read(source: IO[bytes], passphrase: str | None) -> Iterator[bytes]:
    """Yield the content in pieces. Raises `ArchiveError` when it is damaged or the passphrase is wrong."""
    told, head = _header(source)
    box = None
    if told["cipher"] is not None:
        if passphrase is None:
            raise ArchiveError("It is encrypted: the passphrase is needed.")
        box = _Box(passphrase, told, head)
    inflate = zlib.decompressobj()
    try:
        for number, (frame, is_last) in enumerate(_read_frames(source)):
            clear = frame if box is None else box.open(number, frame, is_last=is_last)
            while clear:
                yield inflate.decompress(clear, FRAME_MAX_BYTES)
                clear = inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error:
        raise ArchiveError("It is damaged: its content cannot be unpacked. Use another copy.") from None
    except InvalidTag:
        raise ArchiveError("The passphrase is wrong, or the content was altered.") from None
    if not inflate.eof:
        raise ArchiveError("It ends too early. Use another copy.")


def new_file(path: Path) -> IO[bytes]:
    """Open a new file that nobody else may read. Raises `FileExistsError`."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb")


class _Box:
    """Seals frames under a passphrase."""

    def __init__(self, passphrase: str, told: dict[str, Any], head: bytes) -> None:
        try:
            salt, cost = bytes.fromhex(told["salt"]), (int(told["n"]), int(told["r"]), int(told["p"]))
            if cost[0] > SCRYPT_N_MAX or cost[1] > SCRYPT_R or cost[2] > SCRYPT_P:
                raise ValueError
            key = Scrypt(salt, KEY_BYTES, *cost).derive(passphrase.encode())
        except (KeyError, TypeError, ValueError):
            raise ArchiveError("Its header is damaged. Use another copy.") from None
        self._cipher, self._bound = ChaCha20Poly1305(key), hashlib.sha256(head).digest()

    def seal(self, number: int, clear: bytes, *, is_last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(number, is_last), clear, self._bound)

    def open(self, number: int, sealed: bytes, *, is_last: bool) -> bytes:
        return self._cipher.decrypt(_nonce(number, is_last), sealed, self._bound)


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _frames(content: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the compressed content in frames, and of each whether it is the last. There is always one."""
    deflate, waiting = zlib.compressobj(LEVEL), bytearray()
    for piece in content:
        waiting += deflate.compress(piece)
        while len(waiting) > FRAME_BYTES:
            yield bytes(waiting[:FRAME_BYTES]), False
            del waiting[:FRAME_BYTES]
    waiting += deflate.flush()
    while len(waiting) > FRAME_BYTES:
        yield bytes(waiting[:FRAME_BYTES]), False
        del waiting[:FRAME_BYTES]
    yield bytes(waiting), True


def _read_frames(source: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    frame = _read_frame(source)
    while frame:
        after = _read_frame(source)
        yield frame, not after
        frame = after


def _read_frame(source: IO[bytes]) -> bytes:
    length = source.read(_LENGTH.size)
    size = _LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else FRAME_MAX_BYTES + 1
    frame = source.read(size) if size <= FRAME_MAX_BYTES else b""
    if size != len(frame):
        raise ArchiveError("It ends too early, or is damaged. Use another copy.")
    return frame


def _header(source: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    magic = source.readline(len(MAGIC))
    line = source.readline(HEADER_MAX_BYTES)
    try:
        told = json.loads(line) if magic == MAGIC else None
    except ValueError:
        told = None
    if (
        not isinstance(told, dict)
        or not isinstance(told.get("meta"), dict)
        or told.get("cipher", 0) not in (None, CIPHER)
    ):
        raise ArchiveError("This is no archive of Postern's, or its beginning is damaged.")
    return told, magic + line


def _shown(told: dict[str, Any]) -> Header:
    return Header(str(told.get("kind")), told["meta"], told["cipher"] is not None)
