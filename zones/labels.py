"""Names as DNS carries them: wire form without compression, in lower case (RFC 1035, 3.1; RFC 4343).

A `Name` is a `bytes` object such as `b"\\x03www\\x07example\\x00"`: short, hashable, and ready to be sent.
`zones.name` has the stricter rules for names that people register.
"""

from __future__ import annotations

from collections.abc import Iterator

from zones.name import BadName, normalise

Name = bytes

ROOT: Name = b"\0"
NAME_MAX_OCTETS = 255  # on the wire, the root's octet counted (RFC 1035, 2.3.4)
LABEL_MAX_OCTETS = 63
_SPECIAL = frozenset(b'."\\;()@$')


def from_text(text: str, origin: Name | None = None) -> Name:
    """Read a name in presentation form (RFC 1035, 5.1): `@`, `\\.` and `\\065`; without a final dot, under `origin`.

    Raises `BadName`.
    """
    if text == "@" and origin is not None:
        return origin
    if text == ".":
        return ROOT
    if not text.isascii():
        text = normalise(text) + ("." if text.endswith(".") else "")
    labels, absolute = _labels(text)
    end = ROOT if absolute else origin
    if end is None:
        raise BadName(f"{text!r} has no final dot, and there is no $ORIGIN that it could be under")
    name = b"".join(bytes((len(label),)) + label for label in labels).lower() + end
    if len(name) > NAME_MAX_OCTETS:
        raise BadName(f"{text!r} is longer than {NAME_MAX_OCTETS} octets (RFC 1035, 2.3.4)")
    return name


def _labels(text: str) -> tuple[list[bytes], bool]:
    """Split at the dots that are not escaped; tell whether the name ended with one."""
    labels, label, absolute = [], bytearray(), False
    for octet, escaped in octets(text):
        absolute = octet == 0x2E and not escaped
        if absolute:
            labels.append(_checked(bytes(label), text))
            label.clear()
        else:
            label.append(octet)
    if not absolute:
        labels.append(_checked(bytes(label), text))
    return labels, absolute


def _checked(label: bytes, text: str) -> bytes:
    if not label:
        raise BadName(f"{text!r} has an empty label")
    if len(label) > LABEL_MAX_OCTETS:
        raise BadName(f"{text!r} has a label longer than {LABEL_MAX_OCTETS} octets (RFC 1035, 2.3.4)")
    return label


def octets(text: str) -> Iterator[tuple[int, bool]]:
    """Undo the escapes of presentation form: yield each octet and whether it was escaped. Raises `BadName`."""
    at, raw = 0, text.encode("utf-8", "surrogateescape")
    while at < len(raw):
        octet = raw[at]
        if octet != 0x5C:
            yield octet, False
            at += 1
            continue
        digits = raw[at + 1 : at + 4]
        if digits[:1].isdigit():
            if len(digits) < 3 or not digits.isdigit() or int(digits) > 255:
                raise BadName(f"{text!r}: after a backslash stand three digits up to 255, or one other character")
            yield int(digits), True
            at += 4
        elif digits:
            yield digits[0], True
            at += 2
        else:
            raise BadName(f"{text!r} ends with a backslash")


def to_text(name: Name, origin: Name | None = None) -> str:
    """Return the presentation form: absolute, or as it is written under `origin`."""
    if origin is not None and is_within(name, origin):
        if name == origin:
            return "@"
        if origin != ROOT:
            name = name[: -len(origin)] + ROOT
            return to_text(name).removesuffix(".")
    return "".join(_label_text(label) + "." for label in split(name)) or "."


def _label_text(label: bytes) -> str:
    return "".join(
        f"\\{chr(octet)}" if octet in _SPECIAL else chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"
        for octet in label
    )


def split(name: Name) -> list[bytes]:
    """Return the labels, without the root's."""
    labels, at = [], 0
    while length := name[at]:
        labels.append(name[at + 1 : at + 1 + length])
        at += 1 + length
    return labels


def parent(name: Name) -> Name:
    """Return the name without its first label; the root has no parent and is returned itself."""
    return name[name[0] + 1 :] if name[0] else name


def ancestors(name: Name) -> Iterator[Name]:
    """Yield the name itself, then each name above it, the root last."""
    while name[0]:
        yield name
        name = name[name[0] + 1 :]
    yield name


def is_within(name: Name, origin: Name) -> bool:
    """Tell whether `name` is `origin` or below it."""
    return name.endswith(origin) and origin in ancestors(name)


def wildcard_of(name: Name) -> Name:
    """Return the wildcard just below a name (RFC 4592, 2.1.1)."""
    return b"\x01*" + name


def sort_key(name: Name) -> list[bytes]:
    """Return what orders names canonically (RFC 4034, 6.1): by label, the last first."""
    return split(name)[::-1]


def read(wire: bytes, at: int = 0) -> tuple[Name, int]:
    """Read an uncompressed name and the offset behind it. Raises `BadName`."""
    start = at
    while True:
        if at >= len(wire) or wire[at] > LABEL_MAX_OCTETS:
            raise BadName("a name in wire form is cut short or compressed")
        length = wire[at]
        at += 1 + length
        if not length:
            break
    if at - start > NAME_MAX_OCTETS:
        raise BadName(f"a name is longer than {NAME_MAX_OCTETS} octets (RFC 1035, 2.3.4)")
    return wire[start:at].lower(), at
