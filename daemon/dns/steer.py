"""Which of the sockets of one port a datagram goes to: its source decides, so who floods fills one of them only.

The kernel drops what comes to a socket whose buffer is full, whoever sent it. Sockets with SO_REUSEPORT form a group,
and a program of classic BPF (bpf(4); socket(7), SO_ATTACH_REUSEPORT_CBPF) picks one by its place in the order in which
they were bound. Each process binds all of its own, one after the other; the source's port picks the process, for one
client may keep several cores busy, and the source's address picks the socket. Where there is no such program, or a
process is missing, the kernel spreads clients by a hash of its own: every socket answers everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys

SHARES = 8
"""Sockets of each process; a power of two."""

SO_ATTACH_REUSEPORT_CBPF = 51
_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter: code, steps to jump when true and when false, operand
_NETWORK_HEADER = 0xFFF00000  # SKF_NET_OFF: offsets from here on count from the IP header
_IPV4_SOURCE_AT, _IPV4_PORT_AT = _NETWORK_HEADER + 12, _NETWORK_HEADER + 20
_IPV6_SOURCE_AT, _IPV6_PORT_AT = _NETWORK_HEADER + 8, _NETWORK_HEADER + 40
_LOAD_WORD, _LOAD_HALF, _LOAD_OCTET, _LOAD_KEPT, _KEEP = 0x20, 0x28, 0x30, 0x60, 0x02
_TO_X, _FROM_X, _IF_EQUAL, _JUMP, _RETURN = 0x07, 0x87, 0x15, 0x05, 0x16
_TIMES, _MODULO, _SHIFT_RIGHT, _XOR_X, _PLUS_X = 0x24, 0x94, 0x74, 0xAC, 0x0C
_SPREAD = 2654435761  # 2³² by the golden ratio: neighbours come to lie apart


def program(processes: int) -> bytes:
    """Return the program: from a datagram to the number of its socket."""
    steps = (
        (_LOAD_OCTET, 0, 0, _NETWORK_HEADER),
        (_SHIFT_RIGHT, 0, 0, 4),  # the version of IP
        (_IF_EQUAL, 4, 0, 6),
        (_LOAD_WORD, 0, 0, _IPV4_SOURCE_AT),
        (_TO_X, 0, 0, 0),
        (_LOAD_HALF, 0, 0, _IPV4_PORT_AT),
        (_JUMP, 0, 0, 6),
        (_LOAD_WORD, 0, 0, _IPV6_SOURCE_AT),
        (_TO_X, 0, 0, 0),
        (_LOAD_WORD, 0, 0, _IPV6_SOURCE_AT + 4),  # a client has a /64 of its own: what is behind tells nothing
        (_XOR_X, 0, 0, 0),
        (_TO_X, 0, 0, 0),
        (_LOAD_HALF, 0, 0, _IPV6_PORT_AT),
        (_MODULO, 0, 0, processes),
        (_TIMES, 0, 0, SHARES),
        (_KEEP, 0, 0, 0),
        (_FROM_X, 0, 0, 0),
        (_TIMES, 0, 0, _SPREAD),
        (_SHIFT_RIGHT, 0, 0, 33 - SHARES.bit_length()),  # the upper bits: one of so many
        (_TO_X, 0, 0, 0),
        (_LOAD_KEPT, 0, 0, 0),
        (_PLUS_X, 0, 0, 0),
        (_RETURN, 0, 0, 0),
    )
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def by_source(bound: socket.socket, processes: int) -> None:
    """Have the sockets on this one's port chosen by source, where the system can."""
    if sys.platform != "linux":
        return
    code = program(processes)
    held = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("@HP", len(code) // _INSTRUCTION.size, ctypes.addressof(held))  # struct sock_fprog
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, described)
