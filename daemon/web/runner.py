"""The HTTP listener and the control socket, both served by one application."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from daemon.ids import Ids
from daemon.settings import HostPort
from daemon.web.protocol import Server
from daemon.web.server import SERVICES, around


class Runner(web.AppRunner):
    """Runs an application on our `Server`, with our frame around everything that it answers."""

    def __init__(self, app: web.Application, ids: Ids, shutdown_timeout: float) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout)
        self._ids = ids

    async def listen(self, where: HostPort) -> HostPort:
        """Open the HTTP listener and return where it is. Raises `OSError`."""
        await web.TCPSite(self, *where).start()
        host, port = self.addresses[0][:2]
        return HostPort(host, port)

    async def listen_locally(self, path: Path) -> None:
        """Open the control socket, in the place of one that was left behind. Raises `OSError`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # noqa: ASYNC240  nobody is served yet
        await web.UnixSite(self, path).start()
        path.chmod(0o600)  # noqa: ASYNC240

    async def _make_server(self) -> Server:
        plain = await super()._make_server()
        services = self.app[SERVICES]
        return Server(
            around(self._ids, services, plain.request_handler),
            self._ids,
            services.stats.counters.count,
            request_factory=plain.request_factory,
            handler_cancellation=True,  # a wait ends when its caller hangs up
        )
