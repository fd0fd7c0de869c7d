"""What the tests of verdicts share: a mail, an authenticator that asks a name server of the test's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from daemon.api.messages import Authentication
from daemon.backends.authenticate.authenticator import Authenticator
from daemon.backends.deliver.targets import Allowed
from daemon.backends.protocols import Arrival
from daemon.backends.resolve.resolver import Resolver
from daemon.clock import ManualClock
from daemon.settings import HostPort
from tests.nameserver import NameServer, Records, name_server

PEER = "8.8.4.4"  # of the public ones; it is only talked about
HOME = Allowed.of(["loopback", "private"])
RAW = (
    b"From: Foreign <no-reply@foreign.test>\r\nTo: agent@postern.test\r\nSubject: Your code\r\n"
    b"\r\nYour code is  482913.\t\r\n\r\nBye\r\n\r\n\r\n"
)


@contextlib.contextmanager
def authenticator(
    at: HostPort | None, *, authserv_id: str | None = None, relays: Allowed = HOME, budget_seconds: float = 8
) -> Iterator[Authenticator]:
    """Make one; to be used within one event loop."""
    clock = ManualClock()
    made = Authenticator(
        Resolver(at, clock), clock, authserv_id=authserv_id, relays=relays, budget_seconds=budget_seconds
    )
    try:
        yield made
    finally:
        made.close()


async def asked(
    records: Records,
    raw: bytes = RAW,
    *,
    peer: str | None = "127.0.0.1",
    sender: str = "",
    helo: str = "mx.foreign.test",
) -> tuple[Authentication, NameServer]:
    """Return the verdicts on a mail, and the name server that was asked."""
    with name_server(records) as server, authenticator(server.at) as made:
        return await made.verdicts(Arrival(sender, peer, helo), raw), server


async def verdicts(
    records: Records,
    raw: bytes = RAW,
    *,
    peer: str | None = "127.0.0.1",
    sender: str = "",
    helo: str = "mx.foreign.test",
) -> Authentication:
    return (await asked(records, raw, peer=peer, sender=sender, helo=helo))[0]
