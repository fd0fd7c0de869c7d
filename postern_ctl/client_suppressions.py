"""The part of the client that is about whom not to write to."""

from __future__ import annotations

from postern_ctl.answers import Answer, Listing
from postern_ctl.calls import Group


class Suppressions(Group):
    """Addresses that a tenant does not write to."""

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List suppressed addresses, newest first, `limit` to a page."""
        return self._list("suppressions.list", tenant=tenant, limit=limit, cursor=cursor)

    def get(self, address: str, *, tenant: str) -> Answer:
        """Show why a tenant does not write to an address."""
        return self._do("suppressions.get", address, query={"tenant": tenant})

    def put(self, address: str, *, tenant: str, reason: str | None = None) -> Answer:
        """Have a tenant not write to an address; an `unsubscribe` is about subscribed mail only."""
        return self._do("suppressions.put", address, query={"tenant": tenant}, reason=reason)

    def remove(self, address: str, *, tenant: str) -> Answer:
        """Have a tenant write to an address again; who unsubscribed as well stays unsubscribed."""
        return self._do("suppressions.remove", address, query={"tenant": tenant})
