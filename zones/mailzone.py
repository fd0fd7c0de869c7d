"""The records that make a domain receive and send mail, and the zones built of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from zones.labels import Name, from_text, is_within
from zones.records import AAAA, CNAME, MX, NS, SOA, TXT, A, RRset, rrset, text_data, txt_data, type_code
from zones.zone import BadZone, Zone

TTL_SECONDS = 300  # what may have to change soon: keys, addresses, mail hosts
NS_TTL_SECONDS = 3600
# What the registries' checkers ask for: RIPE-203 and RFC 1912, 2.2.
REFRESH_SECONDS, RETRY_SECONDS, EXPIRE_SECONDS, MINIMUM_SECONDS = 14_400, 3_600, 1_209_600, 3_600
SPF_LOOKUPS_MAX = 10  # RFC 7208, 4.6.4
MX_PREFERENCE = 10


class DkimKey(NamedTuple):
    """A public key as RFC 6376, 3.6.1 publishes it: base64, and `rsa` or `ed25519` (RFC 8463)."""

    selector: str
    algorithm: str
    public_key: str

    @property
    def text(self) -> str:
        return f"v=DKIM1; k={self.algorithm}; p={self.public_key}"


class Extra(NamedTuple):
    """A record that somebody else asks for, such as a send backend: name below the domain, type, data as text."""

    name: str
    type: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What a mail domain says about itself. Names are absolute, without the final dot."""

    mail_hosts: Sequence[str]
    spf_addresses: Sequence[str] = ()
    spf_includes: Sequence[str] = ()
    dkim: Sequence[DkimKey] = ()
    dmarc_policy: str = "quarantine"
    dmarc_reports: str | None = None
    tls_reports: str | None = None
    mta_sts_id: str | None = None
    """Changes with the policy; None: the domain has no policy (RFC 8461, 3.1)."""
    mta_sts_host: str | None = None
    """The HTTPS host that serves the policy."""
    extras: Sequence[Extra] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Who answers for a zone: what SOA and NS records say. The first name server is the primary."""

    nameservers: Sequence[str]
    hostmaster: str
    addresses: dict[str, Sequence[str]] = field(default_factory=dict)
    """Addresses of hosts, by name; each zone publishes those that are within it."""


def absolute(text: str) -> Name:
    """Return a name that is absolute, final dot or not. Raises `BadName`."""
    return from_text(text.removesuffix(".") + ".")


def spf_text(mail: Mail) -> str:
    """Return the SPF policy: these addresses and includes, and nobody else (RFC 7208)."""
    if len(mail.spf_includes) > SPF_LOOKUPS_MAX:
        raise BadZone(f"SPF allows {SPF_LOOKUPS_MAX} look-ups, and {len(mail.spf_includes)} includes are wanted")
    terms = [f"ip{ipaddress.ip_address(one).version}:{one}" for one in mail.spf_addresses]
    return " ".join(["v=spf1", *terms, *(f"include:{one}" for one in mail.spf_includes), "-all"])


def dmarc_text(mail: Mail) -> str:
    """Return the DMARC policy (RFC 7489, 6.3)."""
    reports = f"; rua=mailto:{mail.dmarc_reports}" if mail.dmarc_reports else ""
    return f"v=DMARC1; p={mail.dmarc_policy}; adkim=s; aspf=r{reports}"


def mail_rrsets(domain: Name, mail: Mail) -> list[RRset]:
    """Return the records of a mail domain, at a zone's apex or below it. Raises `BadName`, `BadRecord`, `BadZone`."""

    def txt(name: str, text: str) -> RRset:
        return rrset(from_text(name, domain), TXT, TTL_SECONDS, txt_data(text))

    made = [
        rrset(
            domain, MX, TTL_SECONDS, *(MX_PREFERENCE.to_bytes(2, "big") + absolute(host) for host in mail.mail_hosts)
        ),
        txt("@", spf_text(mail)),
        *(txt(f"{key.selector}._domainkey", key.text) for key in mail.dkim),
        txt("_dmarc", dmarc_text(mail)),
    ]
    if mail.tls_reports:
        made.append(txt("_smtp._tls", f"v=TLSRPTv1; rua=mailto:{mail.tls_reports}"))
    if mail.mta_sts_id and mail.mta_sts_host:
        made.append(txt("_mta-sts", f"v=STSv1; id={mail.mta_sts_id}"))
        made.append(rrset(from_text("mta-sts", domain), CNAME, TTL_SECONDS, absolute(mail.mta_sts_host)))
    made += (_extra(domain, extra) for extra in mail.extras)
    return made


def _extra(domain: Name, extra: Extra) -> RRset:
    rrtype = type_code(extra.type)
    data = txt_data(extra.data) if rrtype == TXT else text_data(rrtype, extra.data, domain)
    return rrset(from_text(extra.name or "@", domain), rrtype, TTL_SECONDS, data)


def frame_rrsets(origin: Name, servers: Servers, serial: int) -> list[RRset]:
    """Return SOA and NS of a zone, and the addresses of hosts within it."""
    names = [absolute(name) for name in servers.nameservers]
    mailbox = absolute(servers.hostmaster)
    numbers = (serial, REFRESH_SECONDS, RETRY_SECONDS, EXPIRE_SECONDS, MINIMUM_SECONDS)
    soa = names[0] + mailbox + b"".join(number.to_bytes(4, "big") for number in numbers)
    made = [rrset(origin, SOA, NS_TTL_SECONDS, soa), rrset(origin, NS, NS_TTL_SECONDS, *names)]
    for host, addresses in servers.addresses.items():
        name = absolute(host)
        if is_within(name, origin):
            made += address_rrsets(name, addresses)
    return made


def address_rrsets(name: Name, addresses: Iterable[str]) -> list[RRset]:
    """Return A and AAAA records of a host."""
    by_type: dict[int, list[bytes]] = {}
    for one in map(ipaddress.ip_address, addresses):
        by_type.setdefault(A if one.version == 4 else AAAA, []).append(one.packed)
    return [rrset(name, rrtype, TTL_SECONDS, *data) for rrtype, data in by_type.items()]


def mail_zone(domain: str, servers: Servers, mail: Mail, serial: int) -> Zone:
    """Return the zone of a mail domain that was delegated to us."""
    origin = absolute(domain)
    return Zone.of(origin, [*frame_rrsets(origin, servers, serial), *mail_rrsets(origin, mail)])


def base_zone(
    base: str,
    servers: Servers,
    shared: dict[str, Mail],
    serial: int,
    made_of: Callable[[Name, Mail], Iterable[RRset]] = mail_rrsets,
) -> Zone:
    """Return our own zone: name servers, mail host, and the shared mail domains by label.

    `made_of`: a `mail_rrsets` that remembers, for who makes a large zone again and again.
    """
    origin = absolute(base)
    made = frame_rrsets(origin, servers, serial)
    for label, mail in shared.items():
        made += made_of(from_text(label, origin), mail)
    return Zone.of(origin, made)
