"""Which names can be mail domains, and what else stands against one."""

from __future__ import annotations

import sqlite3

from daemon.errors import Code, PosternError, invalid
from daemon.mail.domains import registrable
from daemon.service.addresses import domain_name
from daemon.store import domains


def mail_domain(field: str, text: str, base_domain: str) -> str:
    """Return a name that mail could be sent to, as A-labels. Raises `PosternError` (`validation_failed`)."""
    name = domain_name(field, text)
    if "_" in name:
        raise invalid(field, "a mail domain has letters, digits and hyphens only (RFC 5321, 4.1.2)")
    if registrable(name) is None:
        raise invalid(field, f"{name} is a public suffix, under which others register; give a name below it")
    if name == base_domain or name.endswith(f".{base_domain}"):
        raise invalid(field, f"{name} is in this server's own zone {base_domain}; each tenant has a name there already")
    return name


def refuse_related(conn: sqlite3.Connection, name: str, tenant_id: str) -> None:
    """Refuse what is a domain already, and what is above or below another tenant's: it would take that one's names.

    Raises `PosternError` (`conflict`).
    """
    labels = name.split(".")
    above = [".".join(labels[at:]) for at in range(len(labels))]
    for row in domains.related(conn, above, name):
        if row.name == name:
            raise PosternError(Code.CONFLICT, f"{name} is a domain here already. See `posternctl domain list`.")
        if row.tenant_id != tenant_id:
            raise PosternError(Code.CONFLICT, f"{row.name} is another tenant's domain. Choose a name beside it.")


def hosts_of_mx(records: tuple[str, ...]) -> set[str]:
    """Return the hosts of MX records; a null MX (RFC 7505) has none."""
    return {host for one in records if (host := one.partition(" ")[2].removesuffix(".").lower())}


def busy(name: str, hosts: set[str]) -> str:
    """Say why a name that gets its mail elsewhere is not taken, and what to do."""
    return (
        f"{name} already gets its mail at {', '.join(sorted(hosts)[:3])}, and would lose it. "
        f"Choose a name without mail, for instance agents.{name}."
    )


def aliased(name: str, target: str) -> str:
    """Say why a CNAME will not do, and what to do."""
    return (
        f"{name} is a CNAME for {target}. A name with a CNAME can have no MX or TXT records of its own "
        "(RFC 1034, 3.6.2): remove the CNAME, then add the records one by one, or delegate the name."
    )
