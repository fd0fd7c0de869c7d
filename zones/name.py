"""Domain names as Postern keeps them: lower case, A-labels, no trailing dot."""

from __future__ import annotations

import re

NAME_MAX_OCTETS = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")


class BadName(ValueError):
    """The text is no domain name; the message says why."""


def normalise(text: str) -> str:
    """Return `text` as lower-case A-labels without the trailing dot.

    Internationalised names go through IDNA 2008 with UTS #46 mapping (RFC 5891). Raises `BadName`.
    """
    name = text.strip().removesuffix(".")
    if not name:
        raise BadName("the name is empty")
    if name.isascii():
        name = name.lower()
    else:
        name = _to_ascii(name)
    if len(name) > NAME_MAX_OCTETS:
        raise BadName(f"a name has at most {NAME_MAX_OCTETS} octets (RFC 1035, 2.3.4)")
    for label in name.split("."):
        if not _LABEL.match(label):
            raise BadName(f"{label!r} is no label: 1 to 63 letters, digits and inner hyphens (RFC 1035, 2.3.1)")
    return name


def _to_ascii(name: str) -> str:
    import idna  # tables of 100 kB: most names never need them

    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except idna.IDNAError as problem:
        raise BadName(f"{name!r} is no internationalised name: {problem}") from None
