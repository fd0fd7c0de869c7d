"""A name server for tests: answers from a table over UDP and TCP, and checks what it is asked."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from daemon.settings import HostPort

SERVFAIL, SILENCE = "SERVFAIL", "SILENCE"
UDP_MAX_BYTES = 1232
TTL_SECONDS = 300

Records = Mapping[str, str | list[str]]


class NameServer:
    """`records` has "name TYPE" → values, `SERVFAIL` or `SILENCE`. A TXT value is the text without quotes."""

    def __init__(
        self, records: Records | None = None, at: tuple[str, int] = ("127.0.0.1", 0), *, ours: bool = True
    ) -> None:
        self.records = dict(records or {})
        self._ours = ours
        self.asked: list[str] = []
        self.problems: list[str] = []
        self._udp, self._tcp = _sockets(at)

    @property
    def at(self) -> HostPort:
        return HostPort(*self._udp.getsockname())

    def answer(self, wire: bytes, limit: int | None) -> bytes | None:
        """Return the answer to a query; None: there is to be none."""
        query = dns.message.from_wire(wire)
        [question] = query.question
        key = f"{question.name.to_text(omit_final_dot=True).lower()} {dns.rdatatype.to_text(question.rdtype)}"
        self.asked.append(key)
        if self._ours and (not query.flags & dns.flags.RD or query.edns != 0):
            self.problems.append(f"{key}: no recursion desired, or no EDNS")
        found = self.records.get(key, [])
        if found == SILENCE:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if found == SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            response.answer.append(self._rrset(question.name, key.split()[1], list(found)))
        elif not any(one.startswith(key.split()[0] + " ") for one in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        answered = response.to_wire(max_size=65_535)
        if limit is not None and len(answered) > limit:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()
        return answered

    @staticmethod
    def _rrset(name: dns.name.Name, kind: str, values: list[str]) -> dns.rrset.RRset:
        if kind == "TXT":
            values = [" ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in values]
        return dns.rrset.from_text(name, TTL_SECONDS, "IN", kind, *values)

    def serve_udp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, peer = self._udp.recvfrom(4096)
                if not wire:
                    return
                if answered := self.answer(wire, UDP_MAX_BYTES):
                    self._udp.sendto(answered, peer)

    def serve_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                with connection, connection.makefile("rb") as stream:
                    size = stream.read(2)
                    if len(size) < 2:
                        return
                    answered = self.answer(stream.read(struct.unpack("!H", size)[0]), None)
                    if answered:
                        connection.sendall(struct.pack("!H", len(answered)) + answered)

    def stop(self) -> None:
        """Wake both threads with nothing, which ends them."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.at)
        socket.create_connection(self.at).close()


def _sockets(at: tuple[str, int]) -> tuple[socket.socket, socket.socket]:
    """Return sockets for UDP and TCP on one port, a free one if it is 0."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(at)
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()
            if at[1]:
                raise


@contextlib.contextmanager
def name_server(
    records: Records | None = None, at: tuple[str, int] = ("127.0.0.1", 0), *, ours: bool = True
) -> Iterator[NameServer]:
    """Serve while the block runs; fail when `ours` asked something in a way that no resolver would like."""
    server = NameServer(records, at, ours=ours)
    threads = [threading.Thread(target=work, daemon=True) for work in (server.serve_udp, server.serve_tcp)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        server.stop()
        for thread in threads:
            thread.join()
        server._udp.close()
        server._tcp.close()
    assert server.problems == []
