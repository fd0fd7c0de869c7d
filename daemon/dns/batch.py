"""Many datagrams with one system call: Linux's `recvmmsg` and `sendmmsg`, called in place through ctypes.

All buffers are made once. Request number `n` lies in slot `n` of `packets`, is answered in that same slot, and is sent
from there to where it came from: the headers for sending share name and control buffers with those for receiving. No
pointer ever leads into a Python object that could go away. The packets lie in an `mmap`, for of all that Python has
over plain memory this takes octets out and puts them in with the fewest steps.

See recvmmsg(2), sendmmsg(2), recvmsg(2), ip(7) and ipv6(7).
"""

from __future__ import annotations

import ctypes
import mmap
import socket
from collections.abc import Callable
from typing import NamedTuple

from daemon.dns.limits import IPV4_MASK, IPV6_MASK

SLOTS = 64
SLOT_OCTETS = 2112  # a request may be longer than any answer to it; a multiple of a cache line
SOURCE_OCTETS = 32  # struct sockaddr_in6 has 28, sockaddr_in 16
CONTROL_OCTETS = 64  # struct cmsghdr with an in6_pktinfo has 40
MSG_WAITFORONE = 0x10000  # block for the first datagram, then take what is there

# Where an address begins in its socket address: family, port; for IPv6 also the flow (ip(7), ipv6(7)).
IPV4_ADDRESS_AT, IPV6_ADDRESS_AT = 4, 8
# Where the interface's number stands in a control message: behind struct cmsghdr; for IPv6 behind the address, too.
IPV4_INTERFACE_AT, IPV6_INTERFACE_AT = 16, 32

_ZEROS = memoryview(bytes(4 * SLOTS)).cast("I")


class IoVec(ctypes.Structure):
    """struct iovec: where a datagram lies, and how long it is or may be."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class MsgHdr(ctypes.Structure):
    """struct msghdr (recvmsg(2))."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class MMsgHdr(ctypes.Structure):
    """struct mmsghdr (recvmmsg(2)): a message header, and how many octets came or went."""

    _fields_ = (("header", MsgHdr), ("length", ctypes.c_uint))


HEADER_SIZE = ctypes.sizeof(MMsgHdr)

Slot = tuple[int, int, slice, int]
"""Where the parts of one slot are: in `packets` its beginning, the octet behind its id, and octets 2 to 12; in `sizes`
how long the answer is (0: there is none). It is taken apart for each datagram, so it is a plain tuple."""


class Buffers:
    """All memory of one socket, and views into it that the loop reads and writes."""

    def __init__(self, family: int, control_octets: int) -> None:
        """`control_octets`: how long the control message of each datagram is; 0: none is asked for."""
        self.packets = mmap.mmap(-1, SLOTS * SLOT_OCTETS)
        self._packets_at = ctypes.addressof((ctypes.c_char * len(self.packets)).from_buffer(self.packets))
        self._sources = (ctypes.c_uint64 * (SLOTS * SOURCE_OCTETS // 8))()
        self._controls = (ctypes.c_uint64 * (SLOTS * CONTROL_OCTETS // 8))()
        self._vectors = (IoVec * (2 * SLOTS))()
        self._incoming, self._outgoing, self._dense = (MMsgHdr * SLOTS)(), (MMsgHdr * SLOTS)(), (MMsgHdr * SLOTS)()
        self.incoming, self.outgoing = ctypes.addressof(self._incoming), ctypes.addressof(self._outgoing)
        self.dense = ctypes.addressof(self._dense)
        self._dense_octets = memoryview(self._dense).cast("B")
        self._outgoing_octets = memoryview(self._outgoing).cast("B")
        ipv4 = family == socket.AF_INET
        self._name_octets = 16 if ipv4 else 28
        for number in range(SLOTS):
            self._link(number, self._incoming[number], self._vectors[number], control_octets)
            self._link(number, self._outgoing[number], self._vectors[SLOTS + number], control_octets)

        word = ctypes.sizeof(ctypes.c_size_t)
        self.sources = memoryview(self._sources).cast("B")
        interface_at = IPV4_INTERFACE_AT if ipv4 else IPV6_INTERFACE_AT
        self._interfaces = memoryview(self._controls).cast("B").cast("I")[interface_at // 4 :: CONTROL_OCTETS // 4]
        self.sizes = memoryview(self._vectors).cast("B").cast("P" if word == 8 else "I")
        self._lengths = memoryview(self._incoming).cast("B").cast("I")[MMsgHdr.length.offset // 4 :: HEADER_SIZE // 4]
        unit = 4 if ipv4 else 8
        self._networks = self.sources.cast("I" if ipv4 else "Q")
        self._network_at, self._stride = (IPV4_ADDRESS_AT if ipv4 else IPV6_ADDRESS_AT) // unit, SOURCE_OCTETS // unit
        self._mask = IPV4_MASK if ipv4 else IPV6_MASK
        sizes_from = SLOTS * ctypes.sizeof(IoVec) + IoVec.length.offset
        self.slots: tuple[Slot, ...] = tuple(
            (start, start + 2, slice(start + 2, start + 12), (sizes_from + number * ctypes.sizeof(IoVec)) // word)
            for number, start in enumerate(range(0, SLOTS * SLOT_OCTETS, SLOT_OCTETS))
        )

    def _link(self, number: int, message: MMsgHdr, vector: IoVec, control_octets: int) -> None:
        vector.base = self._packets_at + number * SLOT_OCTETS
        vector.length = SLOT_OCTETS
        header = message.header
        header.name = ctypes.addressof(self._sources) + number * SOURCE_OCTETS
        header.name_length = self._name_octets
        header.vectors = ctypes.addressof(vector)
        header.vector_count = 1
        if control_octets:
            header.control = ctypes.addressof(self._controls) + number * CONTROL_OCTETS
            header.control_length = control_octets

    def received(self, count: int) -> zip[tuple[Slot, int]]:
        """Return the first slots, each with the length of the request in it."""
        return zip(self.slots, self._lengths[:count].tolist(), strict=False)

    def networks_of(self, count: int) -> list[int]:
        """Return the network that each of the first requests came from, as a number."""
        end, mask = self._network_at + count * self._stride, self._mask
        networks = [one & mask for one in self._networks[self._network_at : end : self._stride].tolist()]
        if self._name_octets != 16 and 0 in networks:
            # IPv4 in IPv6, or loopback: what tells them apart stands in the address's other half.
            others = self._networks[self._network_at + 1 : end + 1 : self._stride].tolist()
            networks = [one or other & mask for one, other in zip(networks, others, strict=True)]
        return networks

    def only_network(self, count: int) -> int | None:
        """Return the network of the first requests where they all came from one IPv4 address, as most batches do when
        there is much to do. None: `networks_of` tells."""
        if self._name_octets != 16:
            return None
        end = self._network_at + count * self._stride
        addresses = self._networks[self._network_at : end : self._stride].tobytes()
        if addresses != addresses[:4] * count:
            return None
        return self._networks[self._network_at] & self._mask

    def source(self, number: int) -> bytes:
        """Return the address that a request came from."""
        ipv4 = self._name_octets == 16
        at = number * SOURCE_OCTETS + (IPV4_ADDRESS_AT if ipv4 else IPV6_ADDRESS_AT)
        return self.sources[at : at + (4 if ipv4 else 16)].tobytes()

    def forget_interfaces(self, count: int) -> None:
        """Let routing choose the way out: only the address that was asked is to stay (ip(7), `ipi_ifindex`)."""
        self._interfaces[:count] = _ZEROS[:count]

    def close_gaps(self, count: int) -> int:
        """Put the headers for sending of those of the first slots that have an answer side by side, at `dense`; return
        how many there are."""
        size, filled = HEADER_SIZE, 0
        for number, (_, _, _, size_at) in enumerate(self.slots[:count]):
            if self.sizes[size_at]:
                self._dense_octets[filled * size : (filled + 1) * size] = self._outgoing_octets[
                    number * size : (number + 1) * size
                ]
                filled += 1
        return filled


class Calls(NamedTuple):
    """The two system calls."""

    recvmmsg: Callable[[int, int, int, int, None], int]
    sendmmsg: Callable[[int, int, int, int], int]


def system_calls() -> Calls | None:
    """Return the C library's `recvmmsg` and `sendmmsg`, where it has them."""
    library = ctypes.CDLL(None)
    try:
        recvmmsg, sendmmsg = library.recvmmsg, library.sendmmsg
    except AttributeError:
        return None
    recvmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    return Calls(recvmmsg, sendmmsg)
