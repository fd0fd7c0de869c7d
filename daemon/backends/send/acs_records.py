"""The records that Azure Communication Services wants of a domain that mail is sent from."""

from __future__ import annotations

from typing import NamedTuple

SPF = "v=spf1 include:spf.protection.outlook.com -all"
SELECTORS = ("selector1-azurecomm-prod-net", "selector2-azurecomm-prod-net")


class Wanted(NamedTuple):
    """One record: owner, type and data as a zone file has them, names absolute with their dot."""

    name: str
    type: str
    data: str


def wanted_records(domain: str, verification: str) -> tuple[Wanted, ...]:
    """Return the records of a domain: the text that verifies it, as Azure shows it, SPF, and the two DKIM CNAMEs."""
    owner = f"{domain.rstrip('.')}."
    return (
        Wanted(owner, "TXT", f'"{verification}"'),
        Wanted(owner, "TXT", f'"{SPF}"'),
        *(
            Wanted(f"{selector}._domainkey.{owner}", "CNAME", f"{selector}._domainkey.azurecomm.net.")
            for selector in SELECTORS
        ),
    )
