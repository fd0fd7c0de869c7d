"""DKIM (RFC 6376, with RFC 8301 and RFC 8463): is a mail as its signer sent it?"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from daemon.api.messages import Verdict
from daemon.backends.authenticate.dkim_tags import CLOCK_SKEW_SECONDS, SINGLE, Key, Signature, Unusable, key, signature
from daemon.backends.resolve.lookups import LookupFailed
from daemon.backends.resolve.resolver import Resolver
from daemon.mail import canonical
from daemon.mail.fields import Field

SIGNATURES_MAX = 5
INLINE_MAX_BYTES = 32 * 1024  # what is larger is hashed in a thread
_BEST: tuple[Verdict, ...] = ("pass", "temperror", "fail", "permerror", "none")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Signed:
    """What became of one signature; without a domain it could not even be read."""

    verdict: Verdict
    domain: str = ""


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what several signatures come to: one that passes is enough (RFC 6376, 4.2)."""
    return min(verdicts, key=_BEST.index, default="none")


class Dkim:
    """Verifies signatures; `executor` has the threads in which large mails are hashed."""

    def __init__(self, resolver: Resolver, executor: Executor) -> None:
        self._resolver = resolver
        self._executor = executor

    async def check(self, fields: list[Field], raw: bytes, body: int, now_seconds: int) -> list[Signed]:
        """Verify the topmost `SIGNATURES_MAX` signatures of a mail whose body begins at `body`."""
        found = [field for field in fields if field.name == "dkim-signature"][:SIGNATURES_MAX]
        if not found:
            return []
        hashes: dict[str, tuple[bytes, int]] = {}
        pending = []
        for field in found:
            try:
                read = signature(field)
            except Unusable:
                pending.append(_said(Signed("permerror")))
                continue
            form = read.body_form
            if form not in hashes:
                hashes[form] = await self._work(len(raw), partial(canonical.body_hash, raw, body, form))
            pending.append(self._verify(read, fields, hashes[form], now_seconds, len(raw)))
        return list(await asyncio.gather(*pending))

    async def _verify(
        self, read: Signature, fields: list[Field], body: tuple[bytes, int], now_seconds: int, size: int
    ) -> Signed:
        digest, length = body
        if read.expires_seconds is not None and read.expires_seconds + CLOCK_SKEW_SECONDS < now_seconds:
            return Signed("fail", read.domain)
        # A signature over part of the body vouches for none of it: codes may stand in the rest (RFC 6376, 8.2).
        if not hmac.compare_digest(digest, read.body_hash) or read.body_length not in (None, length):
            return Signed("fail", read.domain)
        try:
            _refuse_doubles(read, fields)
            records = await self._resolver.txt(read.key_name)
            if not records:
                raise Unusable("no key record")
            used = key(records[0], read)
            if used.exact_identity and read.identity_domain != read.domain:
                raise Unusable("an identity that the key is not for")
        except Unusable:
            return Signed("permerror", read.domain)
        except LookupFailed:
            return Signed("temperror", read.domain)
        passed = await self._work(size, partial(_is_signed, read, fields, used))
        failed: Verdict = "none" if used.testing else "fail"  # RFC 6376, 3.6.1, t=y
        return Signed("pass" if passed else failed, read.domain)

    async def _work(self, size: int, work: Callable[[], T]) -> T:
        if size <= INLINE_MAX_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


async def _said(signed: Signed) -> Signed:
    return signed


def _refuse_doubles(read: Signature, fields: list[Field]) -> None:
    there, covered = Counter(field.name for field in fields), Counter(read.names)
    for name in SINGLE:
        if there[name] > max(covered[name], 1):
            raise Unusable(f"{name} is there more often than it was signed")


def _is_signed(read: Signature, fields: list[Field], used: Key) -> bool:
    digest = Hash(SHA256())
    left: dict[str, list[Field]] = {}
    for field in fields:
        left.setdefault(field.name, []).append(field)
    for name in read.names:
        if left.get(name):  # from the bottom upwards; a name without a field signs its absence (RFC 6376, 5.4.2)
            digest.update(canonical.field(left[name].pop().raw, read.header_form) + b"\r\n")
    digest.update(canonical.field(read.unsigned, read.header_form))
    message = digest.finalize()
    try:
        if isinstance(used.public, Ed25519PublicKey):
            used.public.verify(read.value, message)  # RFC 8463, 3: PureEdDSA over the hash
        else:
            used.public.verify(read.value, message, padding.PKCS1v15(), Prehashed(SHA256()))
    except InvalidSignature:
        return False
    return True
