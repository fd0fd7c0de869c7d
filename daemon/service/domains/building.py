"""What a zone says: made of the rows and the settings whenever it is asked for. Managed records win over added ones."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from daemon.settings import Settings
from daemon.store import domains, zones
from daemon.store.domains import DkimRow, DomainRow, ExtraRow
from daemon.store.zones import RecordRow, ZoneRow
from zones.azure import SPF_INCLUDE, azure_records
from zones.labels import is_within, to_text
from zones.mailzone import DkimKey, Extra, Mail, Servers, absolute, address_rrsets, base_zone, mail_rrsets, mail_zone
from zones.records import CNAME, NS, SOA, TXT, RRset, rrset, type_name
from zones.zone import Zone

LABELS_REMEMBERED = 20_000  # each new label is a change of the zone that all are in
MTA_STS_SECONDS = 7 * 86_400
RECIPE = 1  # counts the ways in which these records were made: another way raises every serial
_SPF = b"v=spf1"


class ZoneBuilder:
    """Builds zones, as they are in one state of the store."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.base = settings.base_domain
        hosts = [settings.mail_host_name, *settings.nameserver_names]
        self._servers = Servers(
            nameservers=settings.nameserver_names,
            hostmaster=f"hostmaster.{self.base}",
            addresses=dict.fromkeys(hosts, settings.public_ips),
        )
        self._label_rrsets = lru_cache(LABELS_REMEMBERED)(mail_rrsets)
        self._azure = settings.send_backend == "acs"
        self._verifications = dict(pair.split("=", 1) for pair in settings.acs_verifications)
        names = (settings.mail_host_name, settings.nameserver_names, settings.mta_sts_host)
        what = (RECIPE, self.base, names, settings.public_ips, self._azure, settings.acs_verifications)
        self.made_of = hashlib.sha256(repr(what).encode()).hexdigest()[:16]

    def zone(self, conn: sqlite3.Connection, row: ZoneRow) -> Zone:
        """Return a zone with what operators added to it, as far as that agrees with what is managed."""
        managed = self.managed(conn, row)
        added = [one for one in map(as_rrset, zones.records(conn, row.name)) if conflict(managed, one) is None]
        return with_added(managed, added)

    def managed(self, conn: sqlite3.Connection, row: ZoneRow) -> Zone:
        """Return a zone without that."""
        if row.domain is None:
            return base_zone(self.base, self._servers, self._shared(conn), row.serial, self._label_rrsets)
        mail = self._mail(row.domain, domains.keys(conn, row.domain), domains.extras(conn, row.domain))
        return mail_zone(row.domain, self._servers, mail, row.serial)

    def mail_rrsets(self, conn: sqlite3.Connection, domain: str) -> list[RRset]:
        """Return the records by which a domain gets and sends mail."""
        mail = self._mail(domain, domains.keys(conn, domain), domains.extras(conn, domain))
        return mail_rrsets(absolute(domain), mail)

    def mta_sts_policy(self) -> str | None:
        """Return the policy by which others send to us encrypted or not at all (RFC 8461); None: there is none."""
        if self._settings.mta_sts_host is None:
            return None
        lines = (
            "version: STSv1",
            "mode: enforce",
            f"mx: {self._settings.mail_host_name}",
            f"max_age: {MTA_STS_SECONDS}",
        )
        return "".join(f"{line}\r\n" for line in lines)

    def delegation(self, domain: str) -> list[RRset]:
        """Return what the parent zone needs: NS records, and the addresses of name servers that are in the domain."""
        origin = absolute(domain)
        names = [absolute(one) for one in self._servers.nameservers]
        made = [rrset(origin, NS, 3600, *names)]
        for name in names:
            if is_within(name, origin):
                made += address_rrsets(name, self._settings.public_ips)
        return made

    def zone_of(self, row: DomainRow) -> str:
        """Return the name of the zone that a domain's records are in."""
        return self.base if row.mode == "shared" else row.name

    def _shared(self, conn: sqlite3.Connection) -> dict[str, Mail]:
        """Return the mail domains in our own zone, by label; the base domain itself has its postmaster."""
        keys, extras = defaultdict[str, list[DkimRow]](list), defaultdict[str, list[ExtraRow]](list)
        for key in domains.keys_of_shared(conn):
            keys[key.domain].append(key)
        for extra in domains.extras_of_shared(conn):
            extras[extra.domain].append(extra)
        names = {self.base, *(row.name for row in domains.shared(conn))}
        return {
            _label(name, self.base): self._mail(name, keys[name], extras[name])
            for name in sorted(names)
            if name == self.base or name.endswith(f".{self.base}")
        }

    def _mail(self, name: str, keys: Sequence[DkimRow], extras: Sequence[ExtraRow]) -> Mail:
        azure = azure_records(self._verifications.get(name)) if self._azure else ()
        return Mail(
            mail_hosts=(self._settings.mail_host_name,),
            spf_addresses=self._settings.public_ips,
            dkim=tuple(DkimKey(key.selector, key.algorithm, key.public_key) for key in keys),
            dmarc_reports=f"postmaster@{name}",
            tls_reports=f"postmaster@{name}",
            mta_sts_host=self._settings.mta_sts_host,
            mta_sts_id=self.made_of,
            spf_includes=(SPF_INCLUDE,) if self._azure else (),
            extras=(*(Extra(one.name, one.type, one.data) for one in extras), *azure),
        )


def with_added(managed: Zone, added: Sequence[RRset]) -> Zone:
    """Return a zone with more records. Raises `BadZone`."""
    return Zone.of(managed.origin, [*managed, *added]) if added else managed


def conflict(managed: Zone, one: RRset) -> str | None:
    """Say why a record cannot stand beside the managed ones; None: it can."""
    where = f"{to_text(one.name)} {type_name(one.type)}"
    node = managed.nodes.get(one.name, {})
    if not is_within(one.name, managed.origin):
        return f"{where} is not in the zone {to_text(managed.origin)}"
    if one.type == SOA:
        return f"{where} is managed: its serial is raised with each change"
    if one.type in node and not _is_beside_spf(node[one.type], one):
        return f"{where} is managed: the zone would contradict itself"
    if one.type == NS and one.name in managed.nodes:
        return f"{where} would give away names that are managed here"
    if CNAME in node:
        return f"{where} cannot stand beside the managed CNAME record"
    if one.type == CNAME and node:
        return f"{where} cannot stand beside the managed {', '.join(map(type_name, sorted(node)))} records"
    return None


def as_rrset(row: RecordRow) -> RRset:
    """Return a stored record."""
    return rrset(row.name, row.type, row.ttl, row.data)


def as_rows(zone: str, rrsets: Iterable[RRset]) -> list[RecordRow]:
    """Return records as they are stored."""
    return [
        RecordRow(zone=zone, name=one.name, type=one.type, ttl=one.ttl, data=data)
        for one in rrsets
        for data in one.data
    ]


def _is_beside_spf(managed: RRset, one: RRset) -> bool:
    """Tell whether these are texts for somebody else, where the only managed one is the SPF policy."""
    texts = all(data[1:].startswith(_SPF) for data in managed.data)
    return one.type == TXT and texts and not any(data[1:].lower().startswith(_SPF) for data in one.data)


def _label(name: str, base: str) -> str:
    return name.removesuffix(base).removesuffix(".") or "@"
