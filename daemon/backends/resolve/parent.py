"""The servers of a parent zone, asked without recursion what they delegate (RFC 1034, 4.2.1 and 4.3.2)."""

from __future__ import annotations

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from daemon.backends.protocols import Delegation
from daemon.backends.resolve.lookups import LookupFailed
from daemon.backends.resolve.stub import Stub

PORT = 53
ASK_SECONDS = 1.5  # for one server; then the next
SERVERS_MAX = 6
REFERRALS_MAX = 6


class ParentServers:
    """Finds them by walking upwards from the name, as far as the resolver knows of no name servers."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub

    async def delegation(self, name: str) -> Delegation:
        """Return what the parent zone says of a name. Raises `LookupFailed` when none of its servers answers."""
        wanted = dns.name.from_text(name)
        parent, hosts = await self._above(name)
        for _ in range(REFERRALS_MAX):
            answer = await self._answer(wanted, parent, await self._addresses(hosts))
            found = _name_servers(answer, wanted)
            if found is not None:
                return Delegation(parent, frozenset(found))
            between = _referral(answer, wanted, parent)
            if between is None:
                return Delegation(parent, frozenset())
            parent, hosts = _text(between.name), tuple(_text(one.target) for one in between)
        raise LookupFailed(f"{parent} refers on and on")

    async def _above(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Return the nearest zone above a name, as far as the resolver knows, and its name servers."""
        parent = name.partition(".")[2]
        while parent:
            hosts, _ = await self._stub.ask(parent, "NS")
            if hosts:
                return parent, hosts
            parent = parent.partition(".")[2]
        raise LookupFailed(f"the resolver knows no zone above {name}")

    async def _addresses(self, hosts: tuple[str, ...]) -> list[str]:
        found: list[str] = []
        problem: LookupFailed | None = None
        for host in hosts:
            for kind in ("A", "AAAA"):
                try:
                    found += (await self._stub.ask(host, kind))[0]
                except LookupFailed as failed:
                    problem = failed
            if len(found) >= SERVERS_MAX:
                break
        if not found:
            raise problem or LookupFailed(f"{', '.join(hosts)} have no address")
        return sorted(found, key=lambda address: ":" in address)[:SERVERS_MAX]  # not every host has IPv6

    @staticmethod
    async def _answer(wanted: dns.name.Name, parent: str, addresses: list[str]) -> dns.message.Message:
        """Return the answer of the first server that has one."""
        query = dns.message.make_query(wanted, dns.rdatatype.NS, use_edns=0, payload=1232)
        query.flags &= ~dns.flags.RD
        for address in addresses:
            try:
                answer, _ = await dns.asyncquery.udp_with_fallback(query, address, timeout=ASK_SECONDS, port=PORT)
            except (dns.exception.DNSException, OSError):
                continue
            if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return answer
        raise LookupFailed(f"no name server of {parent} answered ({', '.join(addresses)})")


def _name_servers(answer: dns.message.Message, wanted: dns.name.Name) -> set[str] | None:
    """Return the delegation of the name itself: a referral, or an answer where the server has that zone, too."""
    for rrset in (*answer.answer, *answer.authority):
        if rrset.name == wanted and rrset.rdtype == dns.rdatatype.NS:
            return {_text(one.target) for one in rrset}
    return None


def _referral(answer: dns.message.Message, wanted: dns.name.Name, parent: str) -> dns.rrset.RRset | None:
    """Return the referral to a zone between the parent and the name, which the resolver knew nothing of."""
    above = dns.name.from_text(parent)
    for rrset in answer.authority:
        between = wanted.is_subdomain(rrset.name) and rrset.name.is_subdomain(above) and rrset.name != above
        if rrset.rdtype == dns.rdatatype.NS and between:
            return rrset
    return None


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
