"""The words of domains and zones for the glossary. Standard library only."""

from __future__ import annotations

from typing import Any

_DOMAIN = "agents.example.com"
_NOW, _LATER = "2026-01-31T09:30:00.000Z", "2026-05-01T09:30:00.000Z"
_SECRET = "3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8="  # noqa: S105  nobody's
_RECORD = {
    "name": _DOMAIN,
    "type": "NS",
    "ttl": 3600,
    "data": "ns1.postern.example",
    "status": "unchecked",
    "found": [],
}
_KEY = {"selector": "rsa-k3f9x2ab", "algorithm": "rsa", "state": "signing", "since": _NOW}

OF_DOMAINS: dict[str, tuple[str, Any]] = {
    "add": ("Keep what was added before.", True),
    "added": ("The records that come, as lines of a zone file.", [f"www.{_DOMAIN}. 300 IN A 192.0.2.80"]),
    "algorithm": ("`rsa` (2048 bits) or `ed25519` (RFC 8463).", "rsa"),
    "checked_at": ("When it was last looked at from outside.", _NOW),
    "data": ("The record's data.", "ns1.postern.example"),
    "dkim_next_at": ("When the next step of key rotation is due.", _LATER),
    "found": ("What stands there instead, or beside it.", []),
    "host": ("The address of the name server.", "192.0.2.53"),
    "key_name": ("The name of the key that both sign with (TSIG, HMAC-SHA256).", "ns2-k3f9x2.postern"),
    "mode": ("How it comes here: shared, delegated, manual or purchased.", "delegated"),
    "next": ("What happens next, and who has to do it.", "Add these NS records to the zone above, and nothing else."),
    "port": ("Where it listens.", 53),
    "primary": ("Where this server is to be asked for the zone.", "192.0.2.1:53"),
    "removed": ("The records that go, as lines of a zone file.", []),
    "selector": ("Its name in DNS, before `._domainkey`.", "rsa-k3f9x2ab"),
    "serial": ("The serial of the zone's SOA record.", 1769851800),
    "state": ("`published`, `signing`, or `kept` for the mail that is still on its way.", "signing"),
    "to_add": ("The records that somebody has to add elsewhere.", [_RECORD]),
    "ttl": ("For how many seconds an answer may be remembered.", 300),
    "zone": ("The zone.", _DOMAIN),
    "Domain.id": ("The same as `name`.", _DOMAIN),
    "Domain.name": ("The domain, in A-labels.", _DOMAIN),
    "Domain.problem": ("What stands against it, or is worth knowing.", None),
    "Domain.status": ("requested, registered, pending, live or degraded.", "live"),
    "DomainCreate.name": ("The domain; internationalised names are taken, and kept as A-labels.", _DOMAIN),
    "DomainDeleteQuery.confirm": ("The domain's name again, when mail is deleted with it.", _DOMAIN),
    "DomainRecord.name": ("Whose record it is.", _DOMAIN),
    "DomainRecord.status": ("What was found when it was last looked for.", "missing"),
    "DomainRecord.type": ("The record's type.", "NS"),
    "DomainWhole.dkim": ("The keys that its mail is signed with, was, or will be.", [_KEY]),
    "DomainWhole.mailboxes": ("How many mailboxes are on it.", 3),
    "DkimSelector.since": ("Since when.", _NOW),
    "Secondary.name": ("Your name for it.", "ns2"),
    "SecondaryMinted.secret": ("The key, in base64; shown once.", _SECRET),
    "SecondaryPut.host": ("The address from which it asks, and where it is told of changes.", "192.0.2.53"),
    "SecondaryPut.name": ("Your name for it.", "ns2"),
    "SecondaryQuery.name": ("Your name for it.", "ns2"),
    "Zone.domain": ("The mail domain that it is of; null for this server's own.", _DOMAIN),
    "Zone.name": ("The zone's name.", _DOMAIN),
    "ZoneChange.dry_run": ("Whether nothing was changed.", False),
    "ZoneImport.dry_run": ("Change nothing, and tell what would change.", True),
    "ZoneImport.text": ("The records, as a zone file has them (RFC 1035, 5).", "www 300 IN A 192.0.2.80\n"),
    "ZoneRecord.data": ("The record's data, as a zone file has it.", "192.0.2.80"),
    "ZoneRecord.name": ("Whose record it is.", f"www.{_DOMAIN}."),
    "ZoneRecord.problem": ("Why it is not answered: what is managed now forbids it.", None),
    "ZoneRecord.type": ("The record's type.", "A"),
    "ZoneRecordQuery.dry_run": ("Change nothing, and tell what would change.", True),
    "ZoneRecordQuery.name": ("Whose records, under the zone or whole; `@`: the zone's own.", "www"),
    "ZoneRecordQuery.type": ("The records' type.", "A"),
    "ZoneRecordSet.data": ("The data of each record, as a zone file has it.", ["192.0.2.80"]),
    "ZoneRecordSet.dry_run": ("Change nothing, and tell what would change.", True),
    "ZoneRecordSet.name": ("Whose records, under the zone or whole; `@`: the zone's own.", "www"),
    "ZoneRecordSet.type": ("The records' type.", "A"),
    "ZoneWhole.text": ("Every record that is answered, as a zone file.", "$ORIGIN agents.example.com.\n$TTL 3600\n"),
}
