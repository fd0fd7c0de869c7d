"""The audit log, and what the daemon is doing: for operators."""

from __future__ import annotations

from postern_ctl.answers import Answer, Listing
from postern_ctl.calls import Group


class Audit(Group):
    """The audit log."""

    def list(
        self,
        *,
        tenant: str | None = None,
        action: str | None = None,
        value: str | None = None,
        after_seq: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Listing:
        """List audit lines, newest first, or upwards from `after_seq`."""
        return self._list(
            "audit.list",
            tenant=tenant,
            action=action,
            value=value,
            after_seq=after_seq,
            limit=limit,
            cursor=cursor,
        )

    def get(self, seq: int) -> Answer:
        """Show one line."""
        return self._do("audit.get", seq)

    def verify(self) -> Answer:
        """Check the chain and its signed checkpoints."""
        return self._do("audit.verify")

    def hash(self, value: str) -> Answer:
        """Return the keyed hash under which the log names an address or a key."""
        return self._do("audit.hash", value=value)

    def checkpoint(self) -> Answer:
        """Sign a checkpoint now."""
        return self._do("audit.checkpoint")

    def checkpoints(self, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List signed checkpoints, `limit` to a page."""
        return self._list("audit.checkpoints", limit=limit, cursor=cursor)


class Stats(Group):
    """What the daemon is doing."""

    def get(self) -> Answer:
        """Show the daemon's addresses, age and counts."""
        return self._do("stats.get")


class SettingsInForce(Group):
    """What the daemon was told to do."""

    def get(self) -> Answer:
        """Show every setting of the daemon, with where it came from; of secrets only that they are set."""
        return self._do("settings.get")
