"""The UDP listener: one thread that receives, answers and sends, many datagrams at a time where the system can."""

from __future__ import annotations

import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable

from daemon.dns.batch import MSG_WAITFORONE, SLOTS, Buffers, Calls, Slot, system_calls
from daemon.dns.front import Entry, Front, entry_of
from daemon.dns.limits import IPV4_MASK, IPV6_MASK, NETWORKS_MAX, SLIP, RateLimit, is_loopback
from daemon.dns.message import AA, HEADER_OCTETS, TC

BUFFER_OCTETS = 4 * 1024 * 1024  # of the socket: what a burst may pile up
REQUEST_MAX_OCTETS = 65535
WINDOW_SECONDS = 1.0
FAULTS_TOLD_MAX = 10
# From ip(7) and ipv6(7), where Python does not name them. The control message tells which of our addresses was asked,
# and, sent back as it came, makes the answer leave from there.
IP_PKTINFO = 8 if sys.platform == "linux" else 26
IPV6_RECVPKTINFO = getattr(socket, "IPV6_RECVPKTINFO", 49)
IPV4_CONTROL_OCTETS, IPV6_CONTROL_OCTETS = 32, 40  # cmsghdr (16), in_pktinfo (12) or in6_pktinfo (20), padded to 8
IPV4_INTERFACE_AT, IPV6_INTERFACE_AT = 16, 32


def open_socket(family: int, host: str, port: int) -> tuple[socket.socket, int]:
    """Return a bound socket, and how long the control message of each datagram is. Raises `OSError`."""
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            made.setsockopt(socket.SOL_SOCKET, option, BUFFER_OCTETS)
        control_octets = 0
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if host in ("0.0.0.0", "::"):  # noqa: S104  compared with, not chosen
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                control_octets = IPV6_CONTROL_OCTETS
            else:
                made.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
                control_octets = IPV4_CONTROL_OCTETS
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made, control_octets


class UdpListener:
    """Answers on one socket, in a thread of its own, from `start` until the process ends."""

    def __init__(
        self,
        bound: tuple[socket.socket, int],
        front: Front,
        careful: Callable[[bytes], bytes | None],
        rate: RateLimit,
        *,
        batched: bool = True,
    ) -> None:
        """`careful` answers what is no ordinary question; None: it is not answered."""
        self._socket, self._control_octets = bound
        self.front = front
        self._careful = careful
        self._rate = rate
        self._calls = system_calls() if batched else None
        self._seen: dict[int, int] = {}
        self._window_ends = 0.0

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._run, name="udp", daemon=True).start()

    def new_window(self) -> None:
        """Begin a new second of the rate limit."""
        self._seen.clear()

    def _run(self) -> None:
        """Answer for ever. A fault of ours costs the datagrams that were in hand; the next ones are answered."""
        while True:
            try:
                if self._calls is None:
                    self._one_by_one()
                else:
                    self._batches(self._calls, Buffers(self._socket.family, self._control_octets))
            except Exception:  # noqa: BLE001  whatever it was, others are waiting
                self.front.counters.faults += 1
                if self.front.counters.faults <= FAULTS_TOLD_MAX:
                    traceback.print_exc()

    def _batches(self, calls: Calls, buffers: Buffers) -> None:
        # All that the loop uses is local: this is where the time goes.
        recvmmsg, number, incoming = calls.recvmmsg, self._socket.fileno(), buffers.incoming
        packets, lengths, sizes, networks = buffers.packets, buffers.lengths, buffers.sizes, buffers.networks
        ipv6 = self._socket.family == socket.AF_INET6
        mask = IPV6_MASK if ipv6 else IPV4_MASK
        slots_of, miss, known = buffers.first_slots, self.front.miss, self.front.table.get
        counts, seen, threshold = self.front.counters.counts, self._seen, self._rate.threshold
        seen_of, limited, odd = seen.get, self._limited, self._odd
        wildcard = self._control_octets > 0
        while True:
            count = recvmmsg(number, incoming, SLOTS, MSG_WAITFORONE, None)
            if count <= 0:  # interrupted, or an error of an earlier answer: nothing was received
                continue
            gaps = False
            for slot in slots_of[count]:
                length_at, start, after_id, after_header, size_at, source_at = slot
                network = networks[source_at] & mask
                if ipv6 and not network:  # IPv4 in IPv6, or loopback: what tells them apart stands in the other half
                    network = networks[source_at + 1] & mask
                seen[network] = answers = seen_of(network, 0) + 1
                end = start + lengths[length_at]
                key = packets[after_id:end].tobytes().lower()
                entry = known(key)
                if entry is None:
                    entry = miss(key, packets[start:end]) or odd(packets[start:end])
                    if entry is None:
                        sizes[size_at] = 0
                        self.front.counters.dropped += 1
                        gaps = True
                        continue
                head, tail, at, size, counter = entry
                packets[after_id:after_header] = head
                packets[start + at : start + size] = tail
                sizes[size_at] = size
                counts[counter] += 1
                if answers > threshold and limited(buffers, slot, at, answers):
                    gaps = True
            if len(seen) > NETWORKS_MAX:
                seen.clear()
            if wildcard:
                self._forget_interfaces(buffers, count, ipv6=ipv6)
            self._send(calls, buffers, count, gaps=gaps)

    def _odd(self, packet: memoryview) -> Entry | None:
        message = self._careful(bytes(packet))
        return None if message is None else entry_of(message)

    def _limited(self, buffers: Buffers, slot: Slot, at: int, answers: int) -> bool:
        """Drop an answer that is one too many, or leave of it that there is one by TCP; tell whether it was dropped."""
        if not self._rate.limit_loopback and is_loopback(buffers.source(slot)):
            return False
        if answers % SLIP or at <= HEADER_OCTETS:
            buffers.sizes[slot.size_at] = 0
            self.front.counters.limited += 1
            return True
        buffers.packets[slot.after_id : slot.after_header] = truncated(
            buffers.packets[slot.after_id : slot.after_header].tobytes()
        )
        buffers.sizes[slot.size_at] = at
        self.front.counters.slipped += 1
        return False

    def _forget_interfaces(self, buffers: Buffers, count: int, *, ipv6: bool) -> None:
        """Let routing choose the way out: only the address that was asked is to stay (ip(7), `ipi_ifindex`)."""
        at = IPV6_INTERFACE_AT if ipv6 else IPV4_INTERFACE_AT
        for number in range(count):
            begin = number * 64 + at
            buffers.controls[begin : begin + 4] = b"\0\0\0\0"

    def _send(self, calls: Calls, buffers: Buffers, count: int, *, gaps: bool) -> None:
        """Send the answers of the first slots; with gaps, those runs of them that have one."""
        number, first = self._socket.fileno(), 0
        while first < count:
            last = count
            if gaps:
                while first < count and not buffers.sizes[buffers.slots[first].size_at]:
                    first += 1
                last = first
                while last < count and buffers.sizes[buffers.slots[last].size_at]:
                    last += 1
            while first < last:
                sent = calls.sendmmsg(number, buffers.outgoing_from(first), last - first, 0)
                first += sent if sent > 0 else 1  # one that cannot be sent holds up no other

    def _one_by_one(self) -> None:
        """The same without `recvmmsg`: every system has this."""
        bound, front, ancillary = self._socket, self.front, 128 if self._control_octets else 0
        buffer = bytearray(REQUEST_MAX_OCTETS)
        view = memoryview(buffer)
        while True:
            try:
                length, control, _, source = bound.recvmsg_into([buffer], ancillary)
            except OSError:
                continue
            packet = view[:length]
            key = packet[2:].tobytes().lower()
            entry = front.table.get(key) or front.miss(key, packet) or self._odd(packet)
            if entry is None:
                front.counters.dropped += 1
                continue
            head, tail, at, _, counter = entry
            front.counters.counts[counter] += 1
            message = packet[:2].tobytes() + head + packet[HEADER_OCTETS:at].tobytes() + tail
            if self._over(source[0]):
                if self._seen_now % SLIP or at <= HEADER_OCTETS:
                    front.counters.limited += 1
                    continue
                message = message[:2] + truncated(head) + message[HEADER_OCTETS:at]
                front.counters.slipped += 1
            try:
                bound.sendmsg([message], [(level, kind, data) for level, kind, data in control], 0, source)
            except OSError:
                continue

    def _over(self, host: str) -> bool:
        """Count an answer to a host's network, and tell whether it is one too many."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = socket.inet_pton(family, host.partition("%")[0])
        if time.monotonic() > self._window_ends:
            self._window_ends = time.monotonic() + WINDOW_SECONDS
            self._seen.clear()
        mapped = address.startswith(bytes(10) + b"\xff\xff")
        network = hash(address[:15] if mapped else address[:7] if len(address) == 16 else address[:3])
        self._seen[network] = self._seen_now = self._seen.get(network, 0) + 1
        over = self._seen_now > self._rate.threshold
        return over and (self._rate.limit_loopback or not is_loopback(address))

    _seen_now = 0


def truncated(head: bytes) -> bytes:
    """Return the header of an answer that says no more than "ask by TCP"."""
    return bytes((head[0] & ~AA | TC, 0)) + b"\0\1\0\0\0\0\0\0"
