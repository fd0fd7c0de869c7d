"""A daemon with a world around it: a resolver, a parent zone, and a name server of our own that can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from tests.inside import DaemonInside
from tests.nameserver import NameServer
from tests.parent import Parent
from tests.support import Answer

ANSWER_MAX_SECONDS = 5
OURS = ["ns1.postern.test", "ns2.postern.test"]
MX = "mx.postern.test"
RESOLVED: dict[str, str | list[str]] = {"customer.test NS": ["ns.parent.test."], "ns.parent.test A": ["127.0.0.1"]}


@dataclass
class DnsWorld:
    """The parent is of `customer.test`; nothing is delegated and nothing known at first."""

    daemon: DaemonInside
    resolver: NameServer
    parent: Parent

    def message(self, name: str, kind: str) -> dns.message.Message:
        """Ask our name server; return its whole answer."""
        host, _, port = self.daemon.ready["dns"].rpartition(":")
        query = dns.message.make_query(name, kind)
        answer, _ = dns.query.udp_with_fallback(query, host, port=int(port), timeout=ANSWER_MAX_SECONDS)
        return answer

    def ask(self, name: str, kind: str) -> list[str]:
        """Return the data of the records that our name server answers with, TXT joined and without quotes."""
        answer = self.message(name, kind)
        assert answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.REFUSED)
        wanted = dns.rdatatype.from_text(kind)
        found = [record for rrset in answer.answer if rrset.rdtype == wanted for record in rrset]
        return [b"".join(one.strings).decode() if kind == "TXT" else one.to_text() for one in found]

    def serial(self, name: str) -> int:
        return int(self.ask(name, "SOA")[0].split()[2])

    def add(self, name: str, tenant: str, mode: str = "delegated") -> Answer:
        return self.daemon.operator("POST", "/v1/domains", {"name": name, "tenant_id": tenant, "mode": mode})

    def domain(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.daemon.operator("GET", f"/v1/domains/{name}").json
        return found

    def verify(self, name: str) -> dict[str, Any]:
        answer = self.daemon.operator("POST", f"/v1/domains/{name}/verify")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    def delegated(self, name: str, tenant: str) -> dict[str, Any]:
        """Add a domain, delegate it, and return it live."""
        self.parent.delegations[name] = OURS
        assert self.add(name, tenant).status == 201
        found = self.verify(name)
        assert found["status"] == "live", found
        return found

    def lines(self, action: str) -> list[dict[str, Any]]:
        """Return the audit lines of an action, newest first."""
        found: list[dict[str, Any]] = self.daemon.operator("GET", f"/v1/audit?action={action}").json["data"]
        return [one["entry"] for one in found]
