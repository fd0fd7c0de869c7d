"""How much mail a mailbox takes from one sender, and from one network: beyond that it is deferred, never lost.

The count is of recipients that were accepted. An envelope's sender is whatever its client says, so the network is
counted, too; the empty sender is nobody, and only its network counts.
"""

from __future__ import annotations

from daemon.backends.protocols import Arrival, Refusal, Refused
from daemon.service.addresses import normal_address
from daemon.service.rates import Buckets, network_of
from daemon.service.tools import Service, Tools
from daemon.store.rows import unpack


class SenderRates(Service):
    """Two sets of token buckets."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._senders = Buckets()
        self._networks = Buckets()

    def admit(self, arrival: Arrival, destination: str, limits: str) -> None:
        """Count a recipient; `limits` are its tenant's own. Raises `Refused`."""
        if arrival.peer_ip is None or self._rates.exempt(arrival.peer_ip):
            return
        own = unpack(limits)
        sender = normal_address(arrival.envelope_from) or arrival.envelope_from
        counted = [("rate_inbound_per_network", self._networks, network_of(arrival.peer_ip))]
        if sender:
            counted.append(("rate_inbound_per_sender", self._senders, sender))
        for name, buckets, who in counted:
            per_minute = int(own.get(name, getattr(self._settings, name)))
            if per_minute and buckets.take(f"{destination} {who}", per_minute, 1, self._clock.monotonic()):
                self._count("mails_deferred")
                raise Refused(Refusal.TOO_OFTEN)
