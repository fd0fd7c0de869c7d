"""The UDP listener: one thread that receives, answers and sends, many datagrams at a time where the system can."""

from __future__ import annotations

import socket
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable

from daemon.dns.batch import HEADER_SIZE, MSG_WAITFORONE, SLOTS, Buffers, Calls, system_calls
from daemon.dns.front import Entry, Front, entry_of
from daemon.dns.limits import NETWORKS_MAX, SLIP, RateLimit, is_loopback
from daemon.dns.message import AA, HEADER_OCTETS, QUESTION_TAIL_OCTETS, TC

BUFFER_OCTETS = 4 * 1024 * 1024  # of the socket: what a burst may pile up
REQUEST_MAX_OCTETS = 65535
WINDOW_SECONDS = 1.0
FAULTS_TOLD_MAX = 10
# From ip(7) and ipv6(7), where Python does not name them. The control message tells which of our addresses was asked,
# and, sent back as it came, makes the answer leave from there.
IP_PKTINFO = 8 if sys.platform == "linux" else 26
IPV6_RECVPKTINFO = getattr(socket, "IPV6_RECVPKTINFO", 49)
IPV4_CONTROL_OCTETS, IPV6_CONTROL_OCTETS = 32, 40  # cmsghdr (16), in_pktinfo (12) or in6_pktinfo (20), padded to 8


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
        self._seen: Counter[int] = Counter()
        self._window = 0
        self._over_limit = 0
        self._window_ends = 0.0

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._run, name="udp", daemon=True).start()

    def new_window(self) -> None:
        """Begin a new second of the rate limit."""
        self._window += 1
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
        packets, lengths, sizes = buffers.packets, buffers.lengths, buffers.sizes
        slots_of, networks_of = buffers.first_slots, buffers.networks_of
        miss, known, odd = self.front.miss, self.front.table.get, self._odd
        counts, seen, threshold = self.front.counters.counts, self._seen, self._rate.threshold
        wildcard, window, answers = self._control_octets > 0, 0, 0
        while True:
            count = recvmmsg(number, incoming, SLOTS, MSG_WAITFORONE, None)
            if count <= 0:  # interrupted, or an error of an earlier answer: nothing was received
                continue
            gaps = False
            for length_at, start, after_id, after_header, size_at in slots_of[count]:
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
            networks = networks_of(count)
            seen.update(networks)
            if window != self._window or len(seen) > NETWORKS_MAX:
                window, answers = self._window, 0
                seen.clear()
            answers += count
            if answers > threshold:  # before that no network can have had too many
                gaps = self._limit(buffers, networks) or gaps
            if wildcard:
                buffers.forget_interfaces(count)
            self._send(calls, buffers, count, gaps=gaps)

    def _odd(self, packet: memoryview) -> Entry | None:
        message = self._careful(bytes(packet))
        return None if message is None else entry_of(message)

    def _limit(self, buffers: Buffers, networks: list[int]) -> bool:
        """Drop the answers to networks that had too many, or leave of them that there is one by TCP; tell whether any
        was dropped."""
        dropped = False
        for number, network in enumerate(networks):
            _, start, after_id, after_header, size_at = buffers.slots[number]
            if self._seen[network] <= self._rate.threshold or not buffers.sizes[size_at]:
                continue
            if not self._rate.limit_loopback and is_loopback(buffers.source(number)):
                continue
            answer = buffers.packets[start : start + buffers.sizes[size_at]].tobytes()
            end = question_end(answer)
            self._over_limit += 1
            if self._over_limit % SLIP or end is None:
                buffers.sizes[size_at] = 0
                self.front.counters.limited += 1
                dropped = True
            else:
                buffers.packets[after_id:after_header] = truncated(answer[2:HEADER_OCTETS])
                buffers.sizes[size_at] = end
                self.front.counters.slipped += 1
        return dropped

    def _send(self, calls: Calls, buffers: Buffers, count: int, *, gaps: bool) -> None:
        """Send the answers of the first slots; with gaps, of those that have one."""
        number, headers = self._socket.fileno(), buffers.outgoing
        if gaps:
            headers, count = buffers.dense, buffers.close_gaps(count)
        first = 0
        while first < count:
            sent = calls.sendmmsg(number, headers + first * HEADER_SIZE, count - first, 0)
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


def question_end(answer: bytes) -> int | None:
    """Return where an answer's question ends; None: it repeats none."""
    at = HEADER_OCTETS
    if answer[4:6] != b"\0\1":
        return None
    while at < len(answer) and answer[at]:
        at += 1 + answer[at]
    at += 1 + QUESTION_TAIL_OCTETS
    return at if at <= len(answer) else None


def truncated(head: bytes) -> bytes:
    """Return the header of an answer that says no more than "ask by TCP"."""
    return bytes((head[0] & ~AA | TC, 0)) + b"\0\1\0\0\0\0\0\0"
