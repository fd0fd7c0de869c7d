"""What Azure Communication Services wants published for a domain that mail is sent from."""

from __future__ import annotations

from zones.mailzone import Extra

SPF_INCLUDE = "spf.protection.outlook.com"
SELECTORS = ("selector1-azurecomm-prod-net", "selector2-azurecomm-prod-net")


def azure_records(verification: str | None) -> tuple[Extra, ...]:
    """Return the records beside the include in SPF: two DKIM CNAMEs, and the text by which Azure knows the domain."""
    keys = [Extra(f"{one}._domainkey", "CNAME", f"{one}._domainkey.azurecomm.net.") for one in SELECTORS]
    return (*keys, Extra("@", "TXT", verification)) if verification else tuple(keys)
