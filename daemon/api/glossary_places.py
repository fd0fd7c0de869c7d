"""What stands in paths, which optional fields an example shows, and what each noun is for. Standard library only."""

from __future__ import annotations

from typing import Any

_AGENT = "agent_g6orpchr7vhgm3mammkxc7nz"
_AGENT_KEY = "latxhsg2orzafwqekm4673hh"
_ENROLLMENT_KEY = "gel3sfdyc6pwcprq4xa3rndz"
_MESSAGE = "msg_bkhgjpejtqc5mgko7vzzdvc7"
_OPERATOR = "63hhnwl4vwdgzwbodhf34xxt"
_TENANT = "cus_p2dwyxuo3jj5ud6gwwsuaog5"
_THREAD = "thread_6f45sroz7s3r3vt3ihb6f5hq"
_WEBHOOK = "webhook_3wfv5e2xldntwh4h5kxqplls"
_ADDRESS = "sam@acme.postern.test"
_DOMAIN = "agents.example.com"

PATH: dict[str, tuple[str, Any]] = {
    "backups/id": ("The backup's id.", "backup_cz5u6r5fofgdqj7x2h3yqk4m"),
    "addr": ("The mailbox: its address or its id.", _ADDRESS),
    "agents/id": ("The agent's id.", _AGENT),
    "agent-keys/id": ("The key's id.", _AGENT_KEY),
    "deliveries/id": ("The delivery's id.", "delivery_scfpar6stylndw2ji6enhut7"),
    "enrollment-tokens/id": ("The enrollment key's id.", _ENROLLMENT_KEY),
    "address": ("The address that is not written to.", "jane@example.com"),
    "list": ("`allow` or `block`.", "block"),
    "links/id": ("The link's id.", "link_7e4abef8fa22f6976b994089c3ca76ab"),
    "messages/id": ("The message's id.", _MESSAGE),
    "operators/id": ("The operator's id.", _OPERATOR),
    "tenants/id": ("The tenant's id.", _TENANT),
    "threads/id": ("The thread's id.", _THREAD),
    "webhooks/id": ("The webhook's id.", _WEBHOOK),
    "domains/name": ("The domain's name.", _DOMAIN),
    "zones/name": ("The zone's name.", _DOMAIN),
    "zones/zone": ("The zone's name.", _DOMAIN),
    "n": ("The attachment's `index`.", "0"),
    "seq": ("The line's number.", "42"),
    "wait_id": ("The id that the wait was begun with.", "signup-0042"),
}
SHOWN: dict[str, tuple[str, ...]] = {
    "BackupCreate": ("passphrase",),
    "AgentUpdate": ("disabled",),
    "SecondaryPut": ("port",),
    "ZoneRecordSet": ("ttl",),
    "EnrollRequest": ("agent_handle",),
    "EnrollmentKeyMint": ("reusable",),
    "InboxCreate": ("username", "display_name"),
    "SearchQuery": ("inbox",),
    "ListEntryName": ("inbox",),
    "ReplyRequest": ("text", "idempotency_key"),
    "SendRequest": ("text", "idempotency_key"),
    "TenantUpdate": ("limits",),
    "WaitRequest": ("from", "since", "timeout_seconds"),
}
NOUNS: dict[str, str] = {
    "enrollment": "An agent trades the enrollment key it was given for a short-lived key of its own.",
    "inboxes": "Mailboxes: real addresses, made in one call.",
    "waits": "Wait for a mail, and get the code or link that it is about.",
    "messages": "The mail in a mailbox.",
    "threads": "Mail that answers mail.",
    "search": "Find mail by its words, over all mailboxes of an agent.",
    "access": "Who a key is.",
    "webhooks": "Have what happens posted to a URL, signed, and tried again until it is taken.",
    "events": "Follow what happens on one connection.",
    "tenants": "Customers; everything belongs to exactly one.",
    "keys": "Enrollment keys: what agents may do, where, and how many mailboxes they may make.",
    "agents": "Agents and their keys.",
    "operators": "Keys for whoever runs Postern from away.",
    "links": "Signed links that open once: to a secret, a file or a receipt.",
    "audit": "The record of every change: chained, signed, and checkable.",
    "lists": "Whom mail is taken from: senders that are allowed or blocked.",
    "suppressions": "Addresses that a tenant does not write to.",
    "domains": "Domains of the tenants' own: how they come here, and what is still missing.",
    "zones": "What the name server answers, and what may be added to it.",
    "secondaries": "Other name servers that serve our zones, too.",
    "stats": "What the daemon is doing.",
    "settings": "What the daemon was told to do.",
    "activity": "Every change as it is made, and how things stand: for operators.",
    "backups": "The whole database in one checked file; the master key is never in it.",
    "keyring": "The master keys, under which secrets are sealed.",
}
