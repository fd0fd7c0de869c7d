"""The stub resolver (RFC 1034, 5.3.1): one question to a recursive server, by dnspython."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from daemon.backends.resolve.lookups import LOOKUP_MAX_SECONDS, LookupFailed
from daemon.settings import HostPort

TRY_SECONDS = 1.0  # for one server; then the next, or the same again
ANSWER_MAX_BYTES = 16 * 1024
RECORDS_MAX = 200  # the library takes a tenth of a millisecond for each

_COUNTS = struct.Struct("!4H")  # of the sections, behind id and flags (RFC 1035, 4.1.1)
_LENGTH = struct.Struct("!H")


class Stub:
    """Questions to the given server, or to the system's."""

    def __init__(self, server: HostPort | None) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
        servers = [server] if server else [HostPort(str(one), 53) for one in self._resolver.nameservers]
        self._resolver.nameservers = [_NameServer(*one) for one in servers]
        self._resolver.timeout = TRY_SECONDS
        self._resolver.lifetime = LOOKUP_MAX_SECONDS
        self._resolver.use_edns(0, 0, 1232)  # fits a packet everywhere; larger answers come over TCP

    async def ask(self, name: str, kind: str) -> tuple[tuple[Any, ...], float]:
        """Return the records of a well-formed absolute name, and for how many seconds they hold.

        TXT as bytes, A and AAAA as text, MX as (preference, name), PTR, NS and CNAME as names. Raises `LookupFailed`.
        """
        wanted = dns.name.Name([*(label.encode("ascii") for label in name.split(".")), b""])
        try:
            answer = await self._resolver.resolve(wanted, kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as nothing:
            response: dns.message.QueryMessage = nothing.response(wanted)  # type: ignore[no-untyped-call]
            return (), response.resolve_chaining().minimum_ttl
        except (dns.exception.DNSException, OSError) as problem:
            raise LookupFailed(str(problem)) from problem
        return tuple(_value(record) for record in answer.rrset or ()), answer.chaining_result.minimum_ttl


class _NameServer(dns.nameserver.Do53Nameserver):
    """A server whose long answers, which come over TCP, are looked at before they are read."""

    async def async_query(
        self,
        request: dns.message.QueryMessage,
        timeout: float,
        source: str | None,
        source_port: int,
        max_size: bool,
        backend: Any,
        one_rr_per_rrset: bool = False,
        ignore_trailing: bool = False,
    ) -> dns.message.Message:
        if not max_size:
            return await super().async_query(
                request, timeout, source, source_port, max_size, backend, one_rr_per_rrset, ignore_trailing
            )
        async with asyncio.timeout(timeout):
            wire = await self._by_tcp(request.to_wire())
        response = dns.message.from_wire(wire)
        if not request.is_response(response):
            raise OSError("the answer to something else")
        return response

    async def _by_tcp(self, query: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self.address, self.port)
        try:
            writer.write(_LENGTH.pack(len(query)) + query)  # RFC 7766, 8
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            wire = await reader.readexactly(min(length, ANSWER_MAX_BYTES))
        finally:
            writer.close()
        if length > ANSWER_MAX_BYTES or len(wire) < 12 or sum(_COUNTS.unpack_from(wire, 4)) > RECORDS_MAX:
            raise OSError("an answer too large")
        return wire


def _value(record: Any) -> Any:
    match record.rdtype:
        case dns.rdatatype.TXT:
            return b"".join(record.strings)
        case dns.rdatatype.MX:
            return record.preference, record.exchange.to_text(omit_final_dot=True)
        case dns.rdatatype.PTR | dns.rdatatype.NS | dns.rdatatype.CNAME:
            return record.target.to_text(omit_final_dot=True)
    return record.address
