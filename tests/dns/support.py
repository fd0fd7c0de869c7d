"""A DNS process of a test's own, and two libraries that look at every answer of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import dns.flags
import dns.message
import dns.rdatatype
import dnslib

from daemon.dns.link import Link
from zones import zonefile
from zones.labels import from_text
from zones.packed import pack
from zones.zone import Zone

T = TypeVar("T")
HOST = "127.0.0.1"
ANSWER_MAX_SECONDS = 10.0
STOP_MAX_SECONDS = 20

EXAMPLE = f"""\
$TTL 3600
@ SOA ns1 hostmaster 1 14400 3600 1209600 600
@ NS ns1
@ NS ns2.example.net.
@ MX 10 mx
@ TXT "v=spf1 mx -all"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mx A 192.0.2.25
s1._domainkey TXT "v=DKIM1; k=rsa; p={"A" * 200}" "{"B" * 190}"
alias CNAME mx
far CNAME alias
lost CNAME nothing
out CNAME elsewhere.test.
sub NS ns.sub
sub NS ns.elsewhere.test.
ns.sub A 192.0.2.9
*.wild TXT "made"
a.b.ent A 192.0.2.2
web HTTPS 1 . alpn="h2"
txt97 TYPE97 \\# 1 61
https-only HTTPS 1 .
long TXT {" ".join(["x" * 250] * 4)}
huge TXT {" ".join(["y" * 250] * 8)}
"""


def zone(text: str = EXAMPLE, name: str = "example.test.") -> Zone:
    """Return a zone of a zone file."""
    return zonefile.parse(text, from_text(name))


class DnsProcess:
    """`python -m daemon.dns` with a control socket in a directory, and a feeder that stays connected."""

    def __init__(self, home: Path, *more: str) -> None:
        self.home, self._more = home, more
        self.control = home / "control"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.link: Link | None = None
        self.port = 0
        self.process: subprocess.Popen[str]

    def start(self) -> DnsProcess:
        """Start it; it listens, and answers once it is fed."""
        words = ["-P", "-m", "daemon.dns", "--control", str(self.control), "--port", str(self.port), "--linger", "30"]
        self.process = subprocess.Popen(
            [sys.executable, *words, *self._more], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.process.stdout.close()
        self.port = int(ready["address"].rpartition(":")[2])
        self.link = self.run(Link.connect(self.control))
        return self

    def run(self, work: Awaitable[T]) -> T:
        """Run a coroutine on the feeder's loop."""

        async def wrapped() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(wrapped(), self._loop).result(STOP_MAX_SECONDS)

    def feed(self, *zones: Zone) -> None:
        """Have exactly these zones served."""
        assert self.link is not None
        self.ask("begin")
        self.put(*zones)
        self.ask("end")

    def put(self, *zones: Zone) -> None:
        """Have these zones served, too."""
        assert self.link is not None
        self.run(self.link.put([pack(one) for one in zones]))

    def ask(self, verb: str, **head: Any) -> dict[str, Any]:
        """Ask over the control socket."""
        assert self.link is not None
        return self.run(self.link.ask(verb, **head))

    def let_go(self) -> None:
        """End the feeder's connection."""
        if self.link is not None:
            self.run(self.link.close())
            self.link = None

    def kill(self) -> None:
        """End it without a word."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_MAX_SECONDS)

    def stop(self) -> int:
        """End it in order."""
        self.let_go()
        self.process.terminate()
        code = self.process.wait(STOP_MAX_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_MAX_SECONDS)
        self._loop.close()
        return code

    def udp(self, packet: bytes, timeout_seconds: float = ANSWER_MAX_SECONDS) -> bytes | None:
        """Send a datagram; return the answer, or None when none came in time."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(timeout_seconds)
            asking.connect((HOST, self.port))
            asking.send(packet)
            try:
                return asking.recv(65535)
            except TimeoutError:
                return None

    @contextlib.contextmanager
    def tcp(self) -> Iterator[socket.socket]:
        """A TCP connection."""
        with socket.create_connection((HOST, self.port), ANSWER_MAX_SECONDS) as connection:
            yield connection

    def over_tcp(self, *packets: bytes) -> list[bytes]:
        """Send messages at once over one connection, and return as many answers."""
        with self.tcp() as connection:
            connection.sendall(b"".join(struct.pack("!H", len(packet)) + packet for packet in packets))
            return [received(connection) for _ in packets]

    def answers(self, packet: bytes) -> list[dns.message.Message]:
        """Return what comes by UDP and by TCP, each asked twice, and hold that the second is as the first."""
        found = []
        for ask in (self.udp, lambda one: self.over_tcp(one)[0]):
            first, second = ask(packet), ask(packet)
            assert first is not None
            assert first == second, "what is remembered is what was found"
            found.append(read(first))
        return found

    def answer(self, name: str, rrtype: str, **more: Any) -> dns.message.Message:
        """Ask an ordinary question by UDP and TCP, which have to agree; return the answer."""
        by_udp, by_tcp = self.answers(query(name, rrtype, **more))
        assert by_udp.to_text() == by_tcp.to_text()
        return by_udp


def query(name: str, rrtype: str, *, edns: int | None = 1232, flags: int = dns.flags.RD, **more: Any) -> bytes:
    """Return a question; `edns`: the payload size that its OPT record gives."""
    asked = dns.message.make_query(
        name, rrtype, use_edns=False if edns is None else 0, payload=edns, flags=flags, **more
    )
    return asked.to_wire()


def received(connection: socket.socket) -> bytes:
    """Read one message from a TCP connection."""
    return exactly(connection, int.from_bytes(exactly(connection, 2), "big"))


def exactly(connection: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        more = connection.recv(count - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets


def read(packet: bytes) -> dns.message.Message:
    """Read an answer by dnspython, and hold that dnslib reads the same."""
    message = dns.message.from_wire(packet, raise_on_truncation=False)
    other = dnslib.DNSRecord.parse(packet)
    assert other.header.id == message.id
    assert (other.header.bitmap & 0xFFF0) == (message.flags & 0xFFF0)
    sections = zip((other.rr, other.auth), (message.answer, message.authority), strict=True)
    for records, rrsets in sections:
        assert sorted(map(_shown, records)) == sorted(
            (str(one.name).lower(), int(one.rdtype), one.ttl) for one in rrsets for _ in one
        )
    glue = [one for one in other.ar if one.rtype != 41]
    assert sorted(map(_shown, glue)) == sorted(
        (str(one.name).lower(), int(one.rdtype), one.ttl) for one in message.additional for _ in one
    )
    assert (len(other.ar) - len(glue)) == (message.edns >= 0)
    assert (message.flags & dns.flags.RA, packet[3] & 0x70) == (0, 0), "RA, Z, AD and CD are never set"
    return message


def _shown(record: Any) -> tuple[str, int, int]:
    return str(record.rname).lower(), record.rtype, record.ttl


def flags(message: dns.message.Message) -> str:
    """Return the flags as words."""
    return str(dns.flags.to_text(message.flags))


def texts(rrsets: Iterable[Any]) -> list[str]:
    """Return records as text, without their TTL and class."""
    return [f"{one.name} {dns.rdatatype.to_text(one.rdtype)} {data.to_text()}" for one in rrsets for data in one]


def free_port(host: str = HOST) -> int:
    """Return a port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket() as other:
            one.bind((host, 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError):
                other.bind((host, port))
                return port


Start = Callable[..., DnsProcess]
