"""The stub resolver (RFC 1034, 5.3.1): one question to a recursive server, by dnspython."""

from __future__ import annotations

from typing import Any

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from daemon.backends.resolve.resolver import LOOKUP_MAX_SECONDS, LookupFailed
from daemon.settings import HostPort

TRY_SECONDS = 1.0  # for one server; then the next, or the same again
RECORDS_MAX = 256


class Stub:
    """Questions to the given server, or to the system's."""

    def __init__(self, server: HostPort | None) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
        if server is not None:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(server.host, server.port)]
        self._resolver.timeout = TRY_SECONDS
        self._resolver.lifetime = LOOKUP_MAX_SECONDS
        self._resolver.use_edns(0, 0, 1232)  # fits a packet everywhere; larger answers come over TCP

    async def ask(self, name: str, kind: str) -> tuple[tuple[Any, ...], float]:
        """Return the records of a well-formed absolute name, and for how many seconds they hold.

        TXT as bytes, A and AAAA as text, MX as (preference, name), PTR as names. Raises `LookupFailed`.
        """
        wanted = dns.name.Name([*(label.encode("ascii") for label in name.split(".")), b""])
        try:
            answer = await self._resolver.resolve(wanted, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as nothing:
            response: dns.message.QueryMessage = nothing.response(wanted)  # type: ignore[no-untyped-call]
            return (), response.resolve_chaining().minimum_ttl
        except (dns.exception.DNSException, OSError) as problem:
            raise LookupFailed(str(problem)) from problem
        records = list(answer.rrset or ())[:RECORDS_MAX]
        return tuple(_value(record) for record in records), answer.chaining_result.minimum_ttl


def _value(record: Any) -> Any:
    match record.rdtype:
        case dns.rdatatype.TXT:
            return b"".join(record.strings)
        case dns.rdatatype.MX:
            return record.preference, record.exchange.to_text(omit_final_dot=True)
        case dns.rdatatype.PTR:
            return record.target.to_text(omit_final_dot=True)
    return record.address
