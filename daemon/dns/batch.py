"""Many datagrams with one system call: Linux's `recvmmsg` and `sendmmsg`, called in place through ctypes.

All buffers are made once. Request number `n` lies in slot `n` of `packets`, is answered in that same slot, and is sent
from there to where it came from: the headers for sending share name and control buffers with those for receiving. No
pointer ever leads into a Python object that could go away.

See recvmmsg(2), sendmmsg(2), recvmsg(2), ip(7) and ipv6(7).
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from typing import NamedTuple

SLOTS = 64
SLOT_OCTETS = 2112  # a request may be longer than any answer to it; a multiple of a cache line
SOURCE_OCTETS = 32  # struct sockaddr_in6 has 28, sockaddr_in 16
CONTROL_OCTETS = 64  # struct cmsghdr with an in6_pktinfo has 40
MSG_WAITFORONE = 0x10000  # block for the first datagram, then take what is there

# Where an address begins in its socket address: family, port; for IPv6 also the flow (ip(7), ipv6(7)).
IPV4_ADDRESS_AT, IPV6_ADDRESS_AT = 4, 8


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


class Slot(NamedTuple):
    """Where the parts of one slot are: offsets into the views of `Buffers`."""

    length_at: int
    """In `lengths`: how long the request is."""
    start: int
    """In `packets`: the request."""
    after_id: int
    after_header: int
    size_at: int
    """In `sizes`: how long the answer is; 0: there is none."""
    source_at: int
    """In `networks`: the part of the sender's address that is counted."""


class Buffers:
    """All memory of one socket, and views into it that the loop reads and writes."""

    def __init__(self, family: int, control_octets: int) -> None:
        """`control_octets`: how long the control message of each datagram is; 0: none is asked for."""
        self._packets = (ctypes.c_char * (SLOTS * SLOT_OCTETS))()
        self._sources = (ctypes.c_uint64 * (SLOTS * SOURCE_OCTETS // 8))()
        self._controls = (ctypes.c_uint64 * (SLOTS * CONTROL_OCTETS // 8))()
        self._vectors = (IoVec * (2 * SLOTS))()
        self._incoming, self._outgoing = (MMsgHdr * SLOTS)(), (MMsgHdr * SLOTS)()
        self.incoming = ctypes.addressof(self._incoming)
        self.outgoing = ctypes.addressof(self._outgoing)
        self._name_octets = 16 if family == socket.AF_INET else 28
        for number in range(SLOTS):
            self._link(number, self._incoming[number], self._vectors[number], control_octets)
            self._link(number, self._outgoing[number], self._vectors[SLOTS + number], control_octets)

        sizes_from = SLOTS * ctypes.sizeof(IoVec) + IoVec.length.offset
        word = ctypes.sizeof(ctypes.c_size_t)
        self.packets = memoryview(self._packets).cast("B")
        self.sources = memoryview(self._sources).cast("B")
        self.controls = memoryview(self._controls).cast("B")
        self.sizes = memoryview(self._vectors).cast("B").cast("P" if word == 8 else "I")
        self.lengths = memoryview(self._incoming).cast("B").cast("I")
        ipv4 = family == socket.AF_INET
        self.networks = self.sources.cast("I" if ipv4 else "Q")
        address_at, unit = (IPV4_ADDRESS_AT, 4) if ipv4 else (IPV6_ADDRESS_AT, 8)
        self.slots = tuple(
            Slot(
                (number * ctypes.sizeof(MMsgHdr) + MMsgHdr.length.offset) // 4,
                number * SLOT_OCTETS,
                number * SLOT_OCTETS + 2,
                number * SLOT_OCTETS + 12,
                (sizes_from + number * ctypes.sizeof(IoVec)) // word,
                (number * SOURCE_OCTETS + address_at) // unit,
            )
            for number in range(SLOTS)
        )
        self.first_slots = tuple(self.slots[:count] for count in range(SLOTS + 1))

    def _link(self, number: int, message: MMsgHdr, vector: IoVec, control_octets: int) -> None:
        vector.base = ctypes.addressof(self._packets) + number * SLOT_OCTETS
        vector.length = SLOT_OCTETS
        header = message.header
        header.name = ctypes.addressof(self._sources) + number * SOURCE_OCTETS
        header.name_length = self._name_octets
        header.vectors = ctypes.addressof(vector)
        header.vector_count = 1
        if control_octets:
            header.control = ctypes.addressof(self._controls) + number * CONTROL_OCTETS
            header.control_length = control_octets

    def source(self, slot: Slot) -> bytes:
        """Return the address that a request came from."""
        begin = slot.start // SLOT_OCTETS * SOURCE_OCTETS
        ipv4 = self._name_octets == 16
        at = begin + (IPV4_ADDRESS_AT if ipv4 else IPV6_ADDRESS_AT)
        return self.sources[at : at + (4 if ipv4 else 16)].tobytes()

    def outgoing_from(self, number: int) -> int:
        """Return the address of the headers for sending, from a slot on."""
        return self.outgoing + number * ctypes.sizeof(MMsgHdr)


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
