"""How a name looks to others: its delegation in the parent zone, and its records by the resolver. Nothing is remembered
here, for what is asked about has often been changed a moment ago."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from daemon.backends.protocols import Delegation, Unseen
from daemon.backends.resolve.lookups import LookupFailed
from daemon.settings import HostPort

if TYPE_CHECKING:
    from daemon.backends.resolve.parent import ParentServers
    from daemon.backends.resolve.stub import Stub

LOOK_MAX_SECONDS = 8.0


class DnsOutside:
    """Asks the given resolver, or the system's, and the servers that it names."""

    def __init__(self, server: HostPort | None) -> None:
        self._server = server
        self._opening: asyncio.Task[tuple[Stub, ParentServers]] | None = None

    async def delegation(self, name: str) -> Delegation:
        """Ask the servers of the parent zone to whom a name is delegated. Raises `Unseen`."""
        try:
            async with asyncio.timeout(LOOK_MAX_SECONDS):
                _, parents = await self._opened()
                return await parents.delegation(name)
        except (LookupFailed, TimeoutError) as problem:
            raise Unseen(f"the name servers above {name} could not be asked: {_told(problem)}") from None

    async def records(self, name: str, kind: str) -> tuple[str, ...]:
        """Return the records of MX, TXT, CNAME or NS as plain text, strings joined. Raises `Unseen`."""
        try:
            async with asyncio.timeout(LOOK_MAX_SECONDS):
                stub, _ = await self._opened()
                found, _ = await stub.ask(name, kind)
        except (LookupFailed, TimeoutError):
            raise Unseen(f"the resolver could not say which {kind} records {name} has") from None
        return tuple(_text(value) for value in found)

    async def _opened(self) -> tuple[Stub, ParentServers]:
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(_open, self._server))
        return await asyncio.shield(self._opening)


def _open(server: HostPort | None) -> tuple[Stub, ParentServers]:
    # Loading the library takes a fifth of a second: off the loop, and only when a domain is looked at.
    from daemon.backends.resolve.parent import ParentServers
    from daemon.backends.resolve.stub import Stub

    stub = Stub(server)
    return stub, ParentServers(stub)


def _text(value: object) -> str:
    match value:
        case bytes():
            return value.decode("latin-1")
        case (preference, host):
            return f"{preference} {host}"
    return str(value)


def _told(problem: BaseException) -> str:
    return str(problem).partition("\n")[0][:200] or "no answer in time"
