"""SPF records (RFC 7208, 4.6.1, 5, 6 and 12): read whole before anything of them is asked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

RECORD_MAX_BYTES = 8 * 1024

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MACRO = r"%(?:\{[slodiphv](?:[1-9][0-9]{0,2})?r?[-.+,/_=]*\}|[%_-])"
_MACRO_WITH_TEXT = r"%(?:\{[slodiphvcrt](?:[1-9][0-9]{0,2})?r?[-.+,/_=]*\}|[%_-])"
_LITERAL = r"[\x21-\x24\x26-\x7e]"
_STRING = re.compile(rf"(?:{_MACRO_WITH_TEXT}|{_LITERAL})*\Z", re.IGNORECASE)
_SPEC = re.compile(rf"(?:{_MACRO}|{_LITERAL})+\Z", re.IGNORECASE)
_SPEC_END = re.compile(r"(?:%\{[^}]*\}|\.(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])\.?)\Z", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)\Z", re.IGNORECASE)
_MECHANISM = re.compile(r"([-+?~]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?=[:/]|\Z)(.*)\Z", re.IGNORECASE)
_LENGTHS = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_VERSION = re.compile(rb"v=spf1(?: |\Z)", re.IGNORECASE)


class BadRecord(ValueError):
    """The record breaks the grammar, and so counts as a whole for nothing (permerror)."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism. `spec` is the domain with its macros; `network` is that of ip4 and ip6."""

    result: str
    kind: str
    spec: str = ""
    network: Network | None = None
    length4: int = 32
    length6: int = 128


@dataclass(frozen=True, slots=True)
class Record:
    """What a domain says about who sends for it."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str | None


def is_spf(text: bytes) -> bool:
    """Tell whether a TXT record is one of SPF (RFC 7208, 4.5)."""
    return _VERSION.match(text) is not None


def read(text: bytes) -> Record:
    """Read a record. Raises `BadRecord`."""
    if len(text) > RECORD_MAX_BYTES or not text.isascii():
        raise BadRecord("too long, or not ASCII")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in text.decode().split(" ")[1:]:
        if not term:
            continue
        if found := _MODIFIER.match(term):
            _add_modifier(modifiers, found[1].lower(), found[2])
        else:
            mechanisms.append(_mechanism(term))
    return Record(tuple(mechanisms), modifiers.get("redirect"))


def _add_modifier(modifiers: dict[str, str], name: str, value: str) -> None:
    if name in ("redirect", "exp"):
        if name in modifiers:
            raise BadRecord(f"two of {name}")
        modifiers[name] = _spec(value)
    elif not _STRING.match(value):
        raise BadRecord(f"{name} with a bad macro")


def _mechanism(term: str) -> Mechanism:
    found = _MECHANISM.match(term)
    if not found:
        raise BadRecord(f"unknown: {term}")
    result = {"-": "fail", "~": "softfail", "?": "neutral"}.get(found[1], "pass")
    kind, rest = found[2].lower(), found[3]
    if kind == "all":
        if rest:
            raise BadRecord("all stands alone")
        return Mechanism(result, kind)
    if kind in ("ip4", "ip6"):
        return Mechanism(result, kind, network=_network(kind, rest))
    length4, length6 = 32, 128
    if kind in ("a", "mx"):
        rest, length4, length6 = _lengths(rest)
    if not rest and kind in ("a", "mx", "ptr"):
        return Mechanism(result, kind, "", None, length4, length6)
    if not rest.startswith(":"):
        raise BadRecord(f"{kind} without its domain")
    return Mechanism(result, kind, _spec(rest[1:]), None, length4, length6)


def _lengths(rest: str) -> tuple[str, int, int]:
    """Take the prefix lengths off the end (RFC 7208, 5.6)."""
    slash = rest.rfind("/")
    start = slash
    while start > 0 and (rest[start - 1] == "/" or rest[start - 1].isdigit()):
        start -= 1
        if rest[start] == "/":
            slash = start
    if slash < 0:
        return rest, 32, 128
    found = _LENGTHS.match(rest, slash)
    if not found:
        return rest, 32, 128
    length4, length6 = int(found[1] or 32), int(found[2] or 128)
    if length4 > 32 or length6 > 128:
        raise BadRecord("a prefix too long")
    return rest[:slash], length4, length6


def _network(kind: str, rest: str) -> Network:
    address, slash, length = rest[1:].partition("/")
    if not rest.startswith(":") or (slash and not re.fullmatch("0|[1-9][0-9]{0,2}", length)):
        raise BadRecord(f"{kind} without a network")
    try:
        if kind == "ip4":
            return ipaddress.IPv4Network(rest[1:], strict=False)
        return ipaddress.IPv6Network(rest[1:], strict=False)
    except ValueError:
        raise BadRecord(f"{kind} without a network: {address}") from None


def _spec(text: str) -> str:
    if not _SPEC.match(text) or not _SPEC_END.search(text):
        raise BadRecord(f"no domain: {text}")
    return text
