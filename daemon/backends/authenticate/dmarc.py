"""DMARC (RFC 7489): does SPF or DKIM vouch for the domain in From?

A verdict says whether it does, whatever the domain asks to be done about it: p=, sp= and pct= do not count, except
that a record without them is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.api.messages import Verdict
from daemon.backends.authenticate.dkim import Signed
from daemon.backends.authenticate.dkim_tags import Unusable, tags
from daemon.backends.resolve.lookups import LookupFailed
from daemon.backends.resolve.resolver import Resolver
from daemon.mail.domains import registrable
from daemon.mail.fields import Field
from daemon.mail.headers import addresses
from zones.name import BadName, normalise

AUTHORS_MAX = 100
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Policy:
    """How strictly a domain wants to be matched."""

    strict_dkim: bool
    strict_spf: bool


def author_domain(fields: Iterable[Field]) -> str | None:
    """Return the one domain that From names, as A-labels; None where it is not one (RFC 7489, 6.6.1)."""
    found = [field.value for field in fields if field.name == "from"]
    if len(found) != 1:
        return None
    authors, whole = addresses(found[0].replace(b"\r\n", b""), AUTHORS_MAX)
    try:
        domains = {normalise(author.address.rpartition("@")[2]) for author in authors}
    except BadName:
        return None
    return domains.pop() if whole and len(domains) == 1 else None


async def check(resolver: Resolver, author: str, spf: Verdict, spf_domain: str | None, signed: list[Signed]) -> Verdict:
    """Return the verdict for a From of `author`.

    Without SPF, as of mail from a relay of ours, only a pass can be told, and nobody is asked unless it may be one.
    """
    hopeful = [one for one in signed if one.verdict in ("pass", "temperror") and _aligned(one.domain, author)]
    if spf == "unknown" and not hopeful:
        return "unknown"
    try:
        policy = await _policy(resolver, author)
    except LookupFailed:
        return "temperror"
    except Unusable:
        return "permerror"
    if policy is None:
        return "none"
    results = {one.verdict for one in hopeful if one.domain == author or not policy.strict_dkim}
    if spf_domain is not None and _aligned(spf_domain, author, strict=policy.strict_spf):
        results.add(spf)
    for verdict in ("pass", "temperror"):
        if verdict in results:
            return verdict
    return "unknown" if spf == "unknown" else "fail"


def read_policy(record: bytes) -> Policy:
    """Read a record (RFC 7489, 6.3). Raises `Unusable`."""
    given = {name.lower(): value for name, value in tags(record).items()}
    sound = given.get("p", "").lower() in _POLICIES and given.get("sp", "none").lower() in _POLICIES
    if not sound and "rua" not in given:  # 6.6.3: with an address for reports it counts as p=none
        raise Unusable("no policy")
    return Policy(given.get("adkim", "r").lower() == "s", given.get("aspf", "r").lower() == "s")


async def _policy(resolver: Resolver, author: str) -> Policy | None:
    """Look for the record of a domain, then of its organisational domain (RFC 7489, 6.6.3)."""
    for domain in dict.fromkeys((author, registrable(author) or author)):
        found = [text for text in await resolver.txt(f"_dmarc.{domain}") if _is_dmarc(text)]
        if len(found) == 1:
            return read_policy(found[0])
        if found:
            return None  # several are none
    return None


def _is_dmarc(text: bytes) -> bool:
    name, _, rest = text.partition(b"=")
    return name.strip() == b"v" and rest.partition(b";")[0].strip() == b"DMARC1"


def _aligned(domain: str, author: str, *, strict: bool = False) -> bool:
    """Tell whether two domains belong together (RFC 7489, 3.1). A public suffix belongs to nobody but itself."""
    if domain == author:
        return True
    own = registrable(author)
    return not strict and own is not None and registrable(domain) == own
