"""What goes into the configuration of a secondary: Knot DNS, NSD, BIND and PowerDNS."""

from __future__ import annotations

from collections.abc import Callable

from daemon.settings import HostPort, host_port
from postern_ctl.answers import Document
from postern_ctl.invocation import WrongUsage


def of(server: str, data: Document, primary: str, secret: str) -> list[str]:
    """Return the lines for a server, or for `all`. `primary` is where we are asked. Raises `WrongUsage`."""
    try:
        at = host_port(primary)
    except ValueError as problem:
        raise WrongUsage(f"--primary {primary}: {problem}.") from None
    chosen = SERVERS.values() if server == "all" else (SERVERS[server],)
    return [make(data, at, secret) for make in chosen]


def _knot(data: Document, at: HostPort, secret: str) -> str:
    key = data["key_name"]
    return f"""\
# Knot DNS: knot.conf
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: postern-{data["name"]}
    address: {at.host}@{at.port}
    via: {data["host"]}
    key: {key}
acl:
  - id: postern-{data["name"]}
    key: {key}
    action: notify
zone:
  - domain: {data["zone"]}.
    master: postern-{data["name"]}
    acl: postern-{data["name"]}
"""


def _nsd(data: Document, at: HostPort, secret: str) -> str:
    key = data["key_name"]
    return f"""\
# NSD: nsd.conf
key:
    name: "{key}"
    algorithm: hmac-sha256
    secret: "{secret}"
zone:
    name: "{data["zone"]}"
    zonefile: "{data["zone"]}.zone"
    allow-notify: {at.host} {key}
    request-xfr: {at.host}@{at.port} {key}
    outgoing-interface: {data["host"]}
"""


def _bind(data: Document, at: HostPort, secret: str) -> str:
    key = data["key_name"]
    source = "transfer-source-v6" if ":" in data["host"] else "transfer-source"
    return f"""\
// BIND: named.conf
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
zone "{data["zone"]}" {{
    type secondary;
    file "{data["zone"]}.zone";
    primaries {{ {at.host} port {at.port} key "{key}"; }};
    allow-notify {{ key "{key}"; }};
    {source} {data["host"]};
}};
"""


def _powerdns(data: Document, at: HostPort, secret: str) -> str:
    key, zone = data["key_name"], data["zone"]
    return f"""\
# PowerDNS, with secondary=yes in pdns.conf:
pdnsutil import-tsig-key {key} hmac-sha256 '{secret}'
pdnsutil create-secondary-zone {zone} {at}
pdnsutil activate-tsig-key {zone} {key} secondary
pdnsutil set-meta {zone} AXFR-SOURCE {data["host"]}
"""


SERVERS: dict[str, Callable[[Document, HostPort, str], str]] = {
    "knot": _knot,
    "nsd": _nsd,
    "bind": _bind,
    "powerdns": _powerdns,
}
