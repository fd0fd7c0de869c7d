"""SPF (RFC 7208): may this address send for this domain?"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from daemon.backends.authenticate.spf_record import BadRecord, Mechanism, Record, is_spf, read
from daemon.backends.resolve.lookups import LookupFailed
from daemon.backends.resolve.resolver import NAME_MAX_OCTETS, Address, Resolver
from zones.name import BadName, normalise

LOOKUPS_MAX = 10  # RFC 7208, 4.6.4, as are the following
VOID_LOOKUPS_MAX = 2
MX_MAX = 10
PTR_MAX = 10

_MACRO = re.compile(r"%(?:\{([a-z])([0-9]*)(r?)([-.+,/_=]*)\}|([%_-]))", re.IGNORECASE)


class _Permanent(Exception):
    """The domain's records cannot be followed."""


@dataclass(frozen=True, slots=True)
class _Question:
    """The arguments of check_host() (RFC 7208, 4.1)."""

    address: Address
    domain: str
    local: str
    sender_domain: str
    helo: str


def identity(envelope_from: str, helo: str) -> tuple[str, str] | None:
    """Return local part and domain to ask about: of MAIL FROM, for a bounce of HELO (RFC 7208, 2.4); None: neither."""
    local, _, domain = envelope_from.rpartition("@")
    if not envelope_from:
        domain = helo
    try:
        domain = normalise(domain)
    except BadName:
        return None
    return (local or "postmaster", domain) if "." in domain else None


async def check(resolver: Resolver, address: Address, envelope_from: str, helo: str) -> str:
    """Return `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror` or `permerror` (RFC 7208, 2.6)."""
    asked = identity(envelope_from, helo)
    if asked is None:
        return "none"
    local, domain = asked
    evaluation = _Evaluation(resolver)
    try:
        return await evaluation.host(_Question(address, domain, local, domain, helo))
    except LookupFailed:
        return "temperror"
    except (_Permanent, BadRecord):
        return "permerror"


class _Evaluation:
    """One check with what it has spent."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._lookups = 0
        self._voids = 0
        self._names: tuple[str, ...] | None = None

    async def host(self, question: _Question) -> str:
        """check_host() of RFC 7208, 4."""
        records = [text for text in await self._resolver.txt(question.domain) if is_spf(text)]
        if not records:
            return "none"
        if len(records) > 1:
            raise _Permanent("two records")
        record = read(records[0])
        for mechanism in record.mechanisms:
            if await self._matches(mechanism, question):
                return mechanism.result
        return await self._redirected(record, question)

    async def _redirected(self, record: Record, question: _Question) -> str:
        if record.redirect is None:
            return "neutral"
        self._spend()
        target = await self._expanded(record.redirect, question)
        result = await self.host(replace(question, domain=target))
        if result == "none":
            raise _Permanent("redirected to nothing")
        return result

    async def _matches(self, mechanism: Mechanism, question: _Question) -> bool:
        if mechanism.kind == "all":
            return True
        if mechanism.network is not None:
            return question.address in mechanism.network
        self._spend()
        target = await self._expanded(mechanism.spec, question) if mechanism.spec else question.domain
        match mechanism.kind:
            case "include":
                result = await self.host(replace(question, domain=target))
                if result == "none":
                    raise _Permanent("nothing to include")
                return result == "pass"
            case "exists":
                return bool(self._counted(await self._resolver.addresses(target, 4)))
            case "ptr":
                return any(_is_within(name, target) for name in await self._validated(question))
            case "a":
                return await self._has(target, mechanism, question)
        exchangers = self._counted(await self._resolver.mx(target))
        if len(exchangers) > MX_MAX:
            raise _Permanent("too many mail exchangers")
        for _, name in exchangers:
            if await self._has(name, mechanism, question):
                return True
        return False

    async def _has(self, name: str, mechanism: Mechanism, question: _Question) -> bool:
        version = question.address.version
        length = mechanism.length4 if version == 4 else mechanism.length6
        for found in self._counted(await self._resolver.addresses(name, version)):
            if question.address in ipaddress.ip_network((found, length), strict=False):
                return True
        return False

    async def _validated(self, question: _Question) -> tuple[str, ...]:
        """The peer's names that lead back to its address (RFC 7208, 5.5). What cannot be looked up is left out."""
        if self._names is None:
            found = []
            try:
                claimed = await self._resolver.ptr(question.address)
            except LookupFailed:
                claimed = ()
            for name in claimed[:PTR_MAX]:
                try:
                    if question.address in await self._resolver.addresses(name, question.address.version):
                        found.append(name.lower().removesuffix("."))
                except LookupFailed:
                    continue
            self._names = tuple(found)
        return self._names

    async def _expanded(self, spec: str, question: _Question) -> str:
        """Return a domain with its macros replaced (RFC 7208, 7)."""
        pieces, end = [], 0
        for found in _MACRO.finditer(spec):
            pieces.append(spec[end : found.start()])
            end = found.end()
            if found[5]:
                pieces.append({"%": "%", "_": " ", "-": "%20"}[found[5]])
            else:
                pieces.append(_transformed(await self._value(found[1].lower(), question), found))
        name = "".join([*pieces, spec[end:]]).removesuffix(".")
        while len(name) > NAME_MAX_OCTETS and "." in name:
            name = name.partition(".")[2]
        return name

    async def _value(self, letter: str, question: _Question) -> str:
        match letter:
            case "s":
                return f"{question.local}@{question.sender_domain}"
            case "l":
                return question.local
            case "o":
                return question.sender_domain
            case "d":
                return question.domain
            case "h":
                return question.helo
            case "v":
                return "in-addr" if question.address.version == 4 else "ip6"
            case "i" if question.address.version == 4:
                return str(question.address)
            case "i":
                return ".".join(question.address.exploded.replace(":", ""))
        names = await self._validated(question)
        fitting = (name for name in names if _is_within(name, question.domain))
        return min(fitting, key=len, default=names[0] if names else "unknown")

    def _spend(self) -> None:
        self._lookups += 1
        if self._lookups > LOOKUPS_MAX:
            raise _Permanent("too many look-ups")

    def _counted(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        """Count a look-up that found nothing."""
        self._voids += not found
        if self._voids > VOID_LOOKUPS_MAX:
            raise _Permanent("too many look-ups for nothing")
        return found


def _transformed(value: str, macro: re.Match[str]) -> str:
    _, digits, reverse, delimiters, _ = macro.groups()
    parts = re.split("[" + re.escape(delimiters or ".") + "]", value)
    if reverse:
        parts.reverse()
    text = ".".join(parts[-int(digits) :] if digits else parts)
    return quote(text, safe="~") if macro[1].isupper() else text


def _is_within(name: str, domain: str) -> bool:
    domain = domain.lower()
    return name == domain or name.endswith("." + domain)
