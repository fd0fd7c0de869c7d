"""The part of the client that is about domains, zones, and who else serves them."""

from __future__ import annotations

from collections.abc import Sequence

from postern_ctl.answers import Answer, Listing
from postern_ctl.calls import Group


class Domains(Group):
    """Mail domains."""

    def create(self, name: str, *, tenant_id: str, mode: str | None = None) -> Answer:
        """Add a domain to a tenant: `delegated` unless said otherwise, `manual` or `purchased`."""
        return self._do("domains.create", name=name, tenant_id=tenant_id, mode=mode)

    def list(self, *, tenant: str | None = None, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List domains, `limit` to a page."""
        return self._list("domains.list", tenant=tenant, limit=limit, cursor=cursor)

    def get(self, name: str) -> Answer:
        """Show a domain, the records that others have to add, and its keys."""
        return self._do("domains.get", name)

    def verify(self, name: str) -> Answer:
        """Look now whether a domain is set up."""
        return self._do("domains.verify", name)

    def rotate_dkim(self, name: str) -> Answer:
        """Begin to replace a domain's DKIM keys."""
        return self._do("domains.rotate_dkim", name)

    def advance(self, name: str) -> Answer:
        """Move a purchased domain on: it is registered, or it is live."""
        return self._do("domains.advance", name)

    def delete(self, name: str, *, confirm: str | None = None) -> Answer:
        """Remove a domain with its mailboxes; when there are some, `confirm` is its name."""
        return self._do("domains.delete", name, query={"confirm": confirm})


class Zones(Group):
    """What the name server answers."""

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List zones, `limit` to a page."""
        return self._list("zones.list", limit=limit, cursor=cursor)

    def get(self, name: str) -> Answer:
        """Show a zone; `text` is its zone file."""
        return self._do("zones.get", name)

    def load(self, name: str, *, text: str, add: bool | None = None, dry_run: bool | None = None) -> Answer:
        """Import a zone file in place of what was added before, or beside it with `add`."""
        return self._do("zones.load", name, text=text, add=add, dry_run=dry_run)

    def records(self, zone: str, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List the records that were added, newest first, `limit` to a page."""
        return self._list("zones.records", zone, limit=limit, cursor=cursor)

    def set_records(
        self,
        zone: str,
        *,
        name: str,
        type: str,
        data: Sequence[str],
        ttl: int | None = None,
        dry_run: bool | None = None,
    ) -> Answer:
        """Have these be the added records of a name and type."""
        return self._do("zones.set_records", zone, name=name, type=type, data=[*data], ttl=ttl, dry_run=dry_run)

    def delete_records(self, zone: str, *, name: str, type: str, dry_run: bool | None = None) -> Answer:
        """Remove the added records of a name and type."""
        query = {"name": name, "type": type, "dry_run": dry_run and "true"}
        return self._do("zones.delete_records", zone, query=query)


class Secondaries(Group):
    """Other name servers that serve our zones, too."""

    def list(self, zone: str, *, limit: int | None = None, cursor: str | None = None) -> Listing:
        """List a zone's secondaries, `limit` to a page."""
        return self._list("secondaries.list", zone, limit=limit, cursor=cursor)

    def put(self, zone: str, *, name: str, host: str, port: int | None = None) -> Answer:
        """Have a name server serve a zone, too; the answer shows its key once, as `secret`."""
        return self._do("secondaries.put", zone, name=name, host=host, port=port)

    def delete(self, zone: str, *, name: str) -> Answer:
        """Have a name server serve a zone no longer."""
        return self._do("secondaries.delete", zone, query={"name": name})
