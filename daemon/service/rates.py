"""How much a caller may ask and hold open: counted by its credential, or by its network when it has none.

Whoever has a genuine credential is never held up by what strangers do: strangers are counted apart, by what was refused
them, so a shared network locks nobody out. The control socket is exempt, and so are loopback peers unless configured.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from daemon.api.operations import Operation
from daemon.clock import Clock
from daemon.errors import Code, PosternError
from daemon.service.context import Call
from daemon.settings import Settings
from daemon.settings.loopback import is_loopback
from daemon.store.rows import unpack

WINDOW_SECONDS = 60
CHANGE_COST = 5  # a read, or a wait however long, counts 1
BUCKETS_MAX = 50_000
FULL_RETRY_SECONDS = 5
NETWORK_BITS = {4: 24, 6: 64}
STRANGERS_CODES = frozenset(
    {
        Code.INVALID_API_KEY,
        Code.INVALID_ENROLLMENT_TOKEN,
        Code.ENROLLMENT_TOKEN_REVOKED,
        Code.ENROLLMENT_TOKEN_EXPIRED,
    }
)


class Held(StrEnum):
    """What a caller may hold open; the setting that bounds it, and the tenant's limit."""

    WAITS = "rate_waits"
    STREAMS = "rate_streams"


@dataclass(frozen=True, slots=True)
class Quota:
    """What a credential may ask in a minute, what is left of it now, and in how many seconds all of it is back."""

    per_minute: int
    left: int
    whole_in_seconds: int


class Buckets:
    """Token buckets that hold a minute's worth (GCRA), by name; at most `BUCKETS_MAX`, the least used forgotten first.

    Of a bucket only the instant is kept at which it will be full again.
    """

    def __init__(self) -> None:
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, per_minute: int, cost: int, now: float) -> float:
        """Take `cost` and return 0; or take nothing and return the seconds until there is that much."""
        cost_seconds = min(cost, per_minute) * WINDOW_SECONDS / per_minute
        filling_seconds = self._filling_seconds(name, now)
        short_seconds = filling_seconds + cost_seconds - WINDOW_SECONDS
        if short_seconds > 1e-9:
            return short_seconds
        self._full_at[name] = now + filling_seconds + cost_seconds
        self._full_at.move_to_end(name)
        if len(self._full_at) > BUCKETS_MAX:
            self._full_at.popitem(last=False)
        return 0.0

    def quota(self, name: str, per_minute: int, now: float) -> Quota:
        """Return what is in a bucket."""
        filling_seconds = min(self._filling_seconds(name, now), WINDOW_SECONDS)
        left = per_minute - math.ceil(round(filling_seconds * per_minute / WINDOW_SECONDS, 6))
        return Quota(per_minute, left, math.ceil(round(filling_seconds, 6)))

    def _filling_seconds(self, name: str, now: float) -> float:
        return max(0.0, self._full_at.get(name, now) - now)


class Rates:
    """Decides whether a call is one too many."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._keys = Buckets()
        self._networks = Buckets()
        self._held: Counter[tuple[Held, str]] = Counter()

    def admit(self, call: Call, operation: Operation) -> None:
        """Count a call by its credential. Raises `rate_limited`."""
        per_minute = self._limit(call, "rate_per_minute")
        if not per_minute:
            return
        cost = CHANGE_COST if operation.effect is not None else 1
        wait_seconds = self._keys.take(call.principal.key_id or "", per_minute, cost, self._clock.monotonic())
        if wait_seconds:
            told = f"This key has asked all it may: {per_minute} calls a minute, a change counting {CHANGE_COST}."
            raise _too_many(f"{told} Wait as long as Retry-After says.", wait_seconds)

    def quota(self, call: Call) -> Quota | None:
        """Return what is left to a credential; None when it is not limited."""
        per_minute = self._limit(call, "rate_per_minute")
        if not per_minute:
            return None
        return self._keys.quota(call.principal.key_id or "", per_minute, self._clock.monotonic())

    def instead(self, src_ip: str | None, refusal: PosternError) -> PosternError:
        """Count a stranger's refusal by its network, and return what to answer: that, or `rate_limited`."""
        per_minute = self._settings.rate_strangers_per_minute
        if refusal.code not in STRANGERS_CODES or not per_minute or self.exempt(src_ip):
            return refusal
        wait_seconds = self._networks.take(network_of(src_ip or ""), per_minute, 1, self._clock.monotonic())
        if not wait_seconds:
            return refusal
        return _too_many("Too many calls without a valid key came from your network. Check the key.", wait_seconds)

    @contextmanager
    def holding(self, call: Call, held: Held) -> Iterator[None]:
        """Count what is open while the block runs. Raises `rate_limited` when it is one too many."""
        self.room(call, held)
        counted = (held, call.principal.key_id or "")
        self._held[counted] += 1
        try:
            yield
        finally:
            self._held[counted] -= 1
            if not self._held[counted]:
                del self._held[counted]

    def room(self, call: Call, held: Held) -> None:
        """Raise `rate_limited` when a credential holds open as much as it may."""
        most = self._limit(call, held)
        if most and self._held[held, call.principal.key_id or ""] >= most:
            told = f"This key holds {most} {held.removeprefix('rate_')} open, which is all it may. End one first."
            raise _too_many(told, FULL_RETRY_SECONDS)

    def _limit(self, call: Call, name: str) -> int:
        """Return the tenant's own limit, or that of the settings; 0 when there is none."""
        if call.principal.key_id is None or self.exempt(call.src_ip):
            return 0
        own = unpack(call.principal.limits).get(name)
        return int(getattr(self._settings, name) if own is None else own)

    def exempt(self, src_ip: str | None) -> bool:
        """Tell whether whoever is at this address is not limited; None: whoever has none."""
        return src_ip is None or (self._settings.rate_loopback == "exempt" and is_loopback(src_ip))


def network_of(src_ip: str) -> str:
    """Return the network that an address is counted with: its /24, of IPv6 its /64."""
    address = _address(src_ip)
    return str(ip_network((int(address), NETWORK_BITS[address.version]), strict=False))


def _address(src_ip: str) -> IPv4Address | IPv6Address:
    address = ip_address(src_ip)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _too_many(message: str, wait_seconds: float) -> PosternError:
    return PosternError(Code.RATE_LIMITED, message, retry_after_seconds=math.ceil(wait_seconds))
