"""The verdicts on a received mail, within a time that does not keep its sender waiting for long."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from daemon.api.messages import Authentication, Verdict
from daemon.backends.authenticate import dmarc, results, spf
from daemon.backends.authenticate.dkim import Dkim, Signed, best
from daemon.backends.deliver.targets import Allowed, special
from daemon.backends.protocols import Arrival
from daemon.backends.resolve.resolver import Address, Resolver
from daemon.clock import SECOND_MS, Clock
from daemon.mail.fields import split

BUDGET_SECONDS = 8.0  # less than a stopping receiver gives the mails in hand
THREADS = 2

T = TypeVar("T")

log = logging.getLogger("postern.authenticate")


class Authenticator:
    """Checks SPF, DKIM and DMARC, or believes a relay that did.

    `authserv_id` is the name under which relays of the operator's own write Authentication-Results; `relays` are their
    addresses. A mail that came without a peer was fetched from a server of the operator's own.
    """

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        *,
        authserv_id: str | None = None,
        relays: Allowed = Allowed(),  # noqa: B008  frozen
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._authserv_id = authserv_id
        self._relays = relays
        self._budget_seconds = budget_seconds
        self._threads = ThreadPoolExecutor(THREADS, "authenticate")
        self._dkim = Dkim(resolver, self._threads)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def verdicts(self, arrival: Arrival, raw: bytes) -> Authentication:
        """Return the verdicts on a mail. Raises nothing: no mail is lost over them."""
        try:
            return await self._verdicts(arrival, raw)
        except Exception:
            log.exception("mail not authenticated")
            return Authentication()

    async def _verdicts(self, arrival: Arrival, raw: bytes) -> Authentication:
        fields, body = split(raw)
        peer = _address(arrival.peer_ip)
        stated: dict[str, Verdict] = {}
        if self._authserv_id and (arrival.peer_ip is None or (peer is not None and self._relays.covers(peer))):
            stated = results.trusted(fields, self._authserv_id) or {}
        if len(stated) == len(results.METHODS):
            return Authentication(**stated)
        deadline = asyncio.get_running_loop().time() + self._budget_seconds
        author = dmarc.author_domain(fields)
        late = [Signed("temperror", author or "")]
        signing = _within(deadline, self._dkim.check(fields, raw, body, self._clock.now_ms() // SECOND_MS), late)
        spf_verdict: Verdict = stated.get("spf", "unknown")
        # The address of a relay says nothing of who sent the mail, nor does one that anybody has at home.
        if peer is None or "spf" in stated or self._relays.covers(peer) or special(peer):
            signed = await signing
        else:
            allowing = _within(
                deadline, spf.check(self._resolver, peer, arrival.envelope_from, arrival.helo), "temperror"
            )
            allowed, signed = await asyncio.gather(allowing, signing)
            spf_verdict = results.verdict(allowed)
        dmarc_verdict: Verdict = stated.get("dmarc", "permerror")
        if author is not None and "dmarc" not in stated:
            asked = spf.identity(arrival.envelope_from, arrival.helo)
            alignment = dmarc.check(self._resolver, author, spf_verdict, asked[1] if asked else None, signed)
            dmarc_verdict = await _within(deadline, alignment, "temperror")
        dkim_verdict = stated.get("dkim") or best(one.verdict for one in signed)
        return Authentication(spf=spf_verdict, dkim=dkim_verdict, dmarc=dmarc_verdict)


async def _within(deadline: float, work: Awaitable[T], late: T) -> T:
    try:
        async with asyncio.timeout_at(deadline):
            return await work
    except TimeoutError:
        return late


def _address(text: str | None) -> Address | None:
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
