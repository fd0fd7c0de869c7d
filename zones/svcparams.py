"""The parameters of SVCB and HTTPS records (RFC 9460, 2.1 and 7)."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import struct
from collections.abc import Callable

from zones.fields import BadRecord, Field, Word, Words, quoted, taken
from zones.labels import octets
from zones.name import BadName

_NAMES = ("mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp")
_CODES = {name: code for code, name in enumerate(_NAMES)}
_NO_VALUE = frozenset({_CODES["no-default-alpn"], _CODES["ohttp"]})
_CODE_MAX = 65534  # 65535 is reserved (RFC 9460, 14.3.1)


def _code(name: str) -> int:
    if name in _CODES:
        return _CODES[name]
    digits = name.removeprefix("key")
    if digits == name or not (digits.isascii() and digits.isdigit()) or len(digits) > 5 or int(digits) > _CODE_MAX:
        raise BadRecord(f"{name!r} is no parameter: {', '.join(_NAMES)} or key0 to key{_CODE_MAX}")
    return int(digits)


def _name(code: int) -> str:
    return _NAMES[code] if code < len(_NAMES) else f"key{code}"


def _items(value: bytes) -> list[bytes]:
    """Split a comma-separated list; a backslash keeps a comma (RFC 9460, A.1)."""
    items, item, at = [], bytearray(), 0
    while at < len(value):
        if value[at] == 0x5C and at + 1 < len(value):
            item.append(value[at + 1])
            at += 2
        elif value[at] == 0x2C:
            items.append(bytes(item))
            item.clear()
            at += 1
        else:
            item.append(value[at])
            at += 1
    items.append(bytes(item))
    if not all(items):
        raise BadRecord("a list has an empty item")
    return items


def _port(text: str) -> bytes:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise BadRecord(f"{text!r} is no port")
    return struct.pack("!H", int(text))


def _encoded(code: int, value: bytes) -> bytes:
    """Return a value's wire form. Raises `BadRecord`."""
    text = value.decode("latin-1")
    if code in _NO_VALUE:
        if value:
            raise BadRecord(f"{_name(code)} takes no value")
        return b""
    match _name(code):
        case "mandatory":
            return b"".join(struct.pack("!H", key) for key in sorted(_code(item) for item in text.split(",")))
        case "alpn":
            return b"".join(bytes((len(item),)) + item for item in _items(value) if len(item) < 256)
        case "port":
            return _port(text)
        case "ipv4hint":
            return b"".join(_address(ipaddress.IPv4Address, item) for item in text.split(","))
        case "ipv6hint":
            return b"".join(_address(ipaddress.IPv6Address, item) for item in text.split(","))
        case "ech":
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error:
                raise BadRecord("ech is not base64") from None
    return value


def _address(kind: Callable[[str], ipaddress.IPv4Address | ipaddress.IPv6Address], text: str) -> bytes:
    try:
        return kind(text).packed
    except ValueError:
        raise BadRecord(f"{text!r} is no address of that kind") from None


def _shown(code: int, value: bytes) -> str:
    """Return a parameter's text. Raises `BadRecord` when the value is malformed."""
    name = _name(code)
    if code in _NO_VALUE:
        if value:
            raise BadRecord(f"{name} has a value")
        return name
    match name:
        case "mandatory":
            return f"{name}={','.join(_name(struct.unpack('!H', part)[0]) for part in _parts(value, 2))}"
        case "port":
            [part] = _parts(taken(value, 0, 2), 2) if len(value) == 2 else _parts(b"", 2)
            return f"{name}={int.from_bytes(part, 'big')}"
        case "ipv4hint":
            return f"{name}={','.join(str(ipaddress.IPv4Address(part)) for part in _parts(value, 4))}"
        case "ipv6hint":
            return f"{name}={','.join(str(ipaddress.IPv6Address(part)) for part in _parts(value, 16))}"
        case "ech":
            return f"{name}={base64.b64encode(value).decode('ascii')}"
        case "alpn":
            items, at = [], 0
            while at < len(value):
                item = taken(value, at + 1, value[at])
                if not item:
                    raise BadRecord("alpn has an empty item")
                items.append(item.replace(b"\\", b"\\\\").replace(b",", b"\\,"))
                at += 1 + len(item)
            if not items:
                raise BadRecord("alpn is empty")
            return f"{name}={quoted(b','.join(items))}"
    return f"{name}={quoted(value)}"


def _parts(value: bytes, size: int) -> list[bytes]:
    if not value or len(value) % size:
        raise BadRecord("a parameter's value has the wrong length")
    return [value[at : at + size] for at in range(0, len(value), size)]


def _read(words: Words) -> bytes:
    values: dict[int, bytes] = {}
    rest = words.rest()
    while rest:
        name, equals, text = rest.pop(0).text.partition("=")
        if equals and not text and rest and rest[0].quoted:  # key="value" is two words side by side
            text = rest.pop(0).text
        code = _code(name)
        if code in values:
            raise BadRecord(f"{name} stands twice")
        try:
            value = bytes(octet for octet, _ in octets(Word(text).text))
        except BadName as problem:
            raise BadRecord(str(problem)) from None
        values[code] = _encoded(code, value)
    return b"".join(struct.pack("!HH", code, len(value)) + value for code, value in sorted(values.items()))


def _show(data: bytes, at: int) -> tuple[str, int]:
    shown, last = [], -1
    while at < len(data):
        code, length = struct.unpack("!HH", taken(data, at, 4))
        if code <= last or code > _CODE_MAX:
            raise BadRecord("the parameters are not in order (RFC 9460, 2.2)")
        shown.append(_shown(code, taken(data, at + 4, length)))
        at, last = at + 4 + length, code
    return " ".join(shown), at


SVC_PARAMS = Field(_read, _show)
