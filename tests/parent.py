"""A parent zone's name server for tests: says what it delegates, without recursion, and checks how it is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL_SECONDS = 60


class Parent:
    """Serves one zone over UDP. `delegations`: name → name servers; `up`: whether it answers at all."""

    def __init__(self, zone: str) -> None:
        self.zone = dns.name.from_text(zone)
        self.delegations: dict[str, list[str]] = {}
        self.up = True
        self.asked: list[str] = []
        self.problems: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, peer = self._socket.recvfrom(4096)
                if not wire:
                    return
                answer = self._answer(wire)
                if self.up:
                    self._socket.sendto(answer, peer)

    def _answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if query.flags & dns.flags.RD or question.rdtype != dns.rdatatype.NS:
            self.problems.append(f"{name}: asked with recursion, or for something else than NS")
        answer = dns.message.make_response(query)
        servers = self.delegations.get(name, [])
        if servers:
            hosts = [f"{one}." for one in servers]
            answer.authority.append(dns.rrset.from_text(question.name, TTL_SECONDS, "IN", "NS", *hosts))
        else:
            answer.flags |= dns.flags.AA
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())


@contextlib.contextmanager
def parent(zone: str) -> Iterator[Parent]:
    """Serve while the block runs; fail when it was asked as nobody should ask a parent."""
    server = Parent(zone)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
        server._socket.close()
    assert server.problems == []
