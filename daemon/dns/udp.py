"""The UDP listener: one thread that receives, answers and sends, many datagrams at a time where the system can."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable

from daemon.dns.batch import HEADER_SIZE, SLOTS, Buffers, Calls, Slot
from daemon.dns.front import Entry, Front, entry_of
from daemon.dns.limits import NETWORKS_MAX, SLIP, RateLimit, is_loopback
from daemon.dns.message import HEADER_OCTETS, OPCODE_MASK, QR, QUESTION_TAIL_OCTETS, RD, TC
from daemon.dns.sockets import Bound

REQUEST_MAX_OCTETS = 65535
WINDOW_SECONDS = 1.0
FAULTS_TOLD_MAX = 10


class UdpListener:
    """Answers on one socket, in a thread of its own, from `start` until the process ends."""

    def __init__(
        self,
        bound: Bound,
        front: Front,
        careful: Callable[[bytes], bytes | None],
        rate: RateLimit,
        calls: Calls | None,
    ) -> None:
        """`careful` answers what is no ordinary question; None: it is not answered. Without `calls`, the first socket
        is served one datagram at a time."""
        self._bound = bound
        self.front = front
        self._careful = careful
        self._rate = rate
        self._calls = calls
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
                    self._batches(self._calls)
            except Exception:  # noqa: BLE001  whatever it was, others are waiting
                self.front.counters.faults += 1
                if self.front.counters.faults <= FAULTS_TOLD_MAX:
                    traceback.print_exc()

    def _batches(self, calls: Calls) -> None:
        # All that the loop uses is local: this is where the time goes.
        buffers, ready = Buffers(self._bound.family, self._bound.control_octets), self._ready()
        recvmmsg, incoming, packets, sizes = calls.recvmmsg, buffers.incoming, buffers.packets, buffers.sizes
        miss, known, odd, counts = self.front.miss, self.front.table.get, self._odd, self.front.counters.counts
        only_network, seen, threshold = buffers.only_network, self._seen, self._rate.threshold
        wildcard, window, answers = self._bound.control_octets > 0, 0, 0
        while True:
            for number, _ in ready():
                count = recvmmsg(number, incoming, SLOTS, socket.MSG_DONTWAIT, None)
                if count <= 0:  # interrupted, or an error of an earlier answer: nothing was received
                    continue
                network = only_network(count)
                networks = [network] if network is not None else buffers.networks_of(count)
                if network is None:
                    seen.update(networks)
                else:
                    seen[network] += count
                answers += count
                if window != self._window or len(seen) > NETWORKS_MAX:
                    window, answers = self._window, 0
                    seen.clear()
                requests: Iterable[tuple[Slot, int]] = buffers.received(count)
                gaps = False
                if answers > threshold and max(map(seen.__getitem__, networks)) > threshold:
                    requests, gaps = self._admitted(buffers, buffers.networks_of(count)), True
                for (start, after_id, header, size_at), length in requests:
                    request = packets[after_id : start + length]
                    key = request.lower()
                    entry = known(key)
                    if entry is None:
                        entry = miss(key, request) or odd(packets[start : start + length])
                        if entry is None:
                            sizes[size_at] = 0
                            self.front.counters.dropped += 1
                            gaps = True
                            continue
                    head, tail, at, size, counter = entry
                    packets[header] = head
                    packets[start + at : start + size] = tail
                    sizes[size_at] = size
                    counts[counter] += 1
                if wildcard:
                    buffers.forget_interfaces(count)
                headers = buffers.outgoing
                if gaps:
                    headers, count = buffers.dense, buffers.close_gaps(count)
                while count > 0:
                    sent = calls.sendmmsg(number, headers, count, 0)
                    sent = sent if sent > 0 else 1  # one that cannot be sent holds up no other
                    headers, count = headers + sent * HEADER_SIZE, count - sent

    def _ready(self) -> Callable[[], list[tuple[int, int]]]:
        """Return what waits until something came, and then returns the numbers of the sockets that it came to. Each
        gets its turn, so one that is never empty holds up no other."""
        waiting = select.epoll()
        for one in self._bound.sockets:
            waiting.register(one, select.EPOLLIN)
        return waiting.poll

    def _odd(self, packet: bytes) -> Entry | None:
        message = self._careful(packet)
        return None if message is None else entry_of(message)

    def _admitted(self, buffers: Buffers, networks: list[int]) -> list[tuple[Slot, int]]:
        """Return the requests of the networks that have not had too many answers. The others are dropped unread, or
        told that there is an answer by TCP."""
        admitted = []
        limit_loopback, threshold = self._rate.limit_loopback, self._rate.threshold
        for place, (one, network) in enumerate(zip(buffers.received(len(networks)), networks, strict=True)):
            if self._seen[network] <= threshold or (not limit_loopback and is_loopback(buffers.source(place))):
                admitted.append(one)
                continue
            (start, _, header, size_at), length = one
            self._over_limit += 1
            end = None
            if not self._over_limit % SLIP:
                end = question_end(buffers.packets[start : start + length])
            if end is None:
                self.front.counters.limited += 1
            else:
                buffers.packets[header] = truncated(buffers.packets[start + 2])
                self.front.counters.slipped += 1
            buffers.sizes[size_at] = end or 0
        return admitted

    def _one_by_one(self) -> None:
        """The same without `recvmmsg`: every system has this."""
        bound, ancillary = self._bound.sockets[0], 128 if self._bound.control_octets else 0
        while True:
            try:
                packet, control, _, source = bound.recvmsg(REQUEST_MAX_OCTETS, ancillary)
            except OSError:
                continue
            message = self._slipped(packet) if self._is_over(source[0]) else self._answered(packet)
            if message is None:
                continue
            with contextlib.suppress(OSError):
                bound.sendmsg([message], control, 0, source)

    def _answered(self, packet: bytes) -> bytes | None:
        key, front = packet[2:].lower(), self.front
        entry = front.table.get(key) or front.miss(key, packet[2:]) or self._odd(packet)
        if entry is None:
            front.counters.dropped += 1
            return None
        head, tail, at, _, counter = entry
        front.counters.counts[counter] += 1
        return packet[:2] + head + packet[HEADER_OCTETS:at] + tail

    def _slipped(self, packet: bytes) -> bytes | None:
        self._over_limit += 1
        end = None if self._over_limit % SLIP else question_end(packet)
        if end is None:
            self.front.counters.limited += 1
            return None
        self.front.counters.slipped += 1
        return packet[:2] + truncated(packet[2]) + packet[HEADER_OCTETS:end]

    def _is_over(self, host: str) -> bool:
        """Count a request of a host's network, and tell whether it is one too many."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = socket.inet_pton(family, host.partition("%")[0])
        if time.monotonic() > self._window_ends:
            self._window_ends = time.monotonic() + WINDOW_SECONDS
            self._seen.clear()
        mapped = address.startswith(bytes(10) + b"\xff\xff")
        network = hash(address[:15] if mapped else address[:7] if len(address) == 16 else address[:3])
        self._seen[network] += 1
        over = self._seen[network] > self._rate.threshold
        return over and (self._rate.limit_loopback or not is_loopback(address))


def question_end(request: bytes) -> int | None:
    """Return where the question of a query ends; None: it is no query, or it asks nothing."""
    if len(request) < HEADER_OCTETS or request[2] & (QR | OPCODE_MASK) or request[4:6] != b"\0\1":
        return None
    at = HEADER_OCTETS
    while at < len(request) and request[at]:
        at += 1 + request[at]
    at += 1 + QUESTION_TAIL_OCTETS
    return at if at <= len(request) else None


def truncated(flags: int) -> bytes:
    """Return octets 2 to 12 of an answer that says no more than "ask by TCP"; `flags`: the request's first octet."""
    return bytes((QR | TC | flags & RD, 0)) + b"\0\1\0\0\0\0\0\0"
