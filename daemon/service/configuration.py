"""The settings in force, as the daemon reads them."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.api.stats import Setting, SettingsInForce
from daemon.service.context import Call
from daemon.service.tools import Service, Tools
from daemon.settings import ENV_PREFIX, Loaded

_CLIENTS = {ENV_PREFIX + name for name in ("API_BASE_URL", "API_KEY", "MOCK")}  # a daemon has no use for them


class Configuration(Service):
    """The noun `settings`."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self.sources: Mapping[str, str] = {}  # once it is known where they came from

    async def get(self, call: Call) -> SettingsInForce:
        """Show every setting but the clients' own; of secrets, and of who logs in at a URL, only that they are set."""
        rows = [row for row in Loaded(self._settings, self.sources).table() if row.name not in _CLIENTS]
        return SettingsInForce(settings=[Setting(**row._asdict()) for row in rows])
