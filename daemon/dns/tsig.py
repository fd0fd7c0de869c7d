"""Signatures between name servers that share a key: TSIG with HMAC-SHA256 (RFC 8945)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import NamedTuple

from daemon.dns.message import HEADER_OCTETS
from zones.labels import Name
from zones.labels import read as read_name
from zones.name import BadName
from zones.records import ANY, TSIG

ALGORITHM: Name = b"\x0bhmac-sha256\x00"
MAC_OCTETS = 32
FUDGE_SECONDS = 300  # how far two clocks may be apart (RFC 8945, 10)
BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22
RECORD_OCTETS = 10 + len(ALGORITHM) + 6 + 2 + 2 + MAC_OCTETS + 2 + 2 + 2 + 6  # behind the key's name, at the longest
_CLASS_TTL = struct.pack("!HI", ANY, 0)
_ADDITIONAL_COUNT_AT = 10


class Malformed(Exception):
    """This is no TSIG record."""


class Tsig(NamedTuple):
    """A TSIG record's data (RFC 8945, 4.2)."""

    algorithm: Name
    time_seconds: int
    fudge_seconds: int
    mac: bytes
    original_id: bytes
    error: int = 0
    other: bytes = b""

    @property
    def timers(self) -> bytes:
        return self.time_seconds.to_bytes(6, "big") + self.fudge_seconds.to_bytes(2, "big")

    def variables(self, key: Name) -> bytes:
        """Return what is digested beside the message (RFC 8945, 4.3.3)."""
        tail = struct.pack("!HH", self.error, len(self.other)) + self.other
        return key + _CLASS_TTL + self.algorithm + self.timers + tail

    def record(self, key: Name) -> bytes:
        """Return the whole record."""
        mac = struct.pack("!H", len(self.mac)) + self.mac
        tail = self.original_id + struct.pack("!HH", self.error, len(self.other)) + self.other
        data = self.algorithm + self.timers + mac + tail
        return key + TSIG.to_bytes(2, "big") + _CLASS_TTL + struct.pack("!H", len(data)) + data


def read(data: bytes) -> Tsig:
    """Read a TSIG record's data. Raises `Malformed`."""
    try:
        algorithm, at = read_name(data)
        high, low, fudge, size = struct.unpack_from("!HIHH", data, at)
        at += 10
        mac, at = data[at : at + size], at + size
        original_id, error, other_size = struct.unpack_from("!2sHH", data, at)
    except (BadName, struct.error):
        raise Malformed from None
    other = data[at + 6 :]
    if len(mac) != size or len(other) != other_size:
        raise Malformed
    return Tsig(algorithm, high << 32 | low, fudge, mac, original_id, error, other)


def _prefixed(mac: bytes) -> bytes:
    return len(mac).to_bytes(2, "big") + mac if mac else b""


def digest(secret: bytes, *parts: bytes) -> bytes:
    """Return the MAC of these parts."""
    return hmac.digest(secret, b"".join(parts), hashlib.sha256)


def stripped(packet: bytes, tsig_at: int, original_id: bytes) -> bytes:
    """Return the message as it was before it was signed."""
    count = int.from_bytes(packet[_ADDITIONAL_COUNT_AT:HEADER_OCTETS], "big") - 1
    return original_id + packet[2:_ADDITIONAL_COUNT_AT] + count.to_bytes(2, "big") + packet[HEADER_OCTETS:tsig_at]


def appended(message: bytes, record: bytes) -> bytes:
    """Return the message with one more additional record."""
    count = int.from_bytes(message[_ADDITIONAL_COUNT_AT:HEADER_OCTETS], "big") + 1
    return message[:_ADDITIONAL_COUNT_AT] + count.to_bytes(2, "big") + message[HEADER_OCTETS:] + record


def fault(unsigned: bytes, key: Name, tsig: Tsig, secret: bytes | None, now_seconds: int, before: bytes = b"") -> int:
    """Return what is wrong with a signature, 0 for nothing; in the order of RFC 8945, 5.2. `before`: the MAC of the
    request, when this is its answer."""
    if secret is None or tsig.algorithm != ALGORITHM:
        return BADKEY
    if len(tsig.mac) != MAC_OCTETS:
        return BADTRUNC if 16 <= len(tsig.mac) < MAC_OCTETS else BADSIG
    if not hmac.compare_digest(digest(secret, _prefixed(before), unsigned, tsig.variables(key)), tsig.mac):
        return BADSIG
    return BADTIME if abs(now_seconds - tsig.time_seconds) > tsig.fudge_seconds else 0


class Signer:
    """Signs the messages that answer one request; from the second on each also vouches for the one before."""

    def __init__(self, key: Name, secret: bytes, request_mac: bytes = b"") -> None:
        self._key, self._secret = key, secret
        self._before, self._first = request_mac, True
        self.mac = b""

    def sign(self, message: bytes, now_seconds: int, error: int = 0, other: bytes = b"") -> bytes:
        """Return the message with its signature."""
        tsig = Tsig(ALGORITHM, now_seconds, FUDGE_SECONDS, b"", message[:2], error, other)
        what = tsig.variables(self._key) if self._first else tsig.timers  # RFC 8945, 5.3.1
        self.mac = self._before = digest(self._secret, _prefixed(self._before), message, what)
        self._first = False
        return appended(message, tsig._replace(mac=self.mac).record(self._key))


def unsigned_refusal(message: bytes, key: Name, tsig: Tsig, error: int) -> bytes:
    """Return an answer to who could not be told apart: the reason, and no signature (RFC 8945, 5.2.1 and 5.2.2)."""
    return appended(message, tsig._replace(mac=b"", error=error, other=b"").record(key))
