"""The UDP sockets of a process: all on one port, each with a buffer of its own."""

from __future__ import annotations

import socket
import sys
from typing import NamedTuple

from daemon.dns import steer

# Of a socket. What piles up is to be answered while those who asked still wait: more only makes everybody wait longer.
RECEIVE_OCTETS, SEND_OCTETS = 512 * 1024, 4 * 1024 * 1024
# From ip(7) and ipv6(7), where Python does not name them. The control message tells which of our addresses was asked,
# and, sent back as it came, makes the answer leave from there.
IP_PKTINFO = 8 if sys.platform == "linux" else 26
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
IPV6_RECVPKTINFO = getattr(socket, "IPV6_RECVPKTINFO", 49)
IPV4_CONTROL_OCTETS, IPV6_CONTROL_OCTETS = 32, 40  # cmsghdr (16), in_pktinfo (12) or in6_pktinfo (20), padded to 8


class Bound(NamedTuple):
    """Sockets on one port, and how long the control message of each datagram is; 0: none is asked for."""

    sockets: tuple[socket.socket, ...]
    family: int
    control_octets: int

    @property
    def port(self) -> int:
        return int(self.sockets[0].getsockname()[1])

    def close(self) -> None:
        for one in self.sockets:
            one.close()


def open_sockets(family: int, host: str, port: int, *, count: int, processes: int) -> Bound:
    """Bind so many sockets, as one of so many processes; port 0: to a free one. Raises `OSError`."""
    wildcard = host in ("0.0.0.0", "::")  # noqa: S104  compared with, not chosen
    control_octets = 0 if not wildcard else IPV6_CONTROL_OCTETS if family == socket.AF_INET6 else IPV4_CONTROL_OCTETS
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            made.append(_open(family, wildcard=wildcard))
            made[-1].bind((host, port))
            port = made[-1].getsockname()[1]
    except OSError:
        for one in made:
            one.close()
        raise
    if count > 1:
        steer.by_source(made[0], processes)
    return Bound(tuple(made), family, control_octets)


def _open(family: int, *, wildcard: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_OCTETS)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_OCTETS)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if wildcard and family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    elif wildcard:
        made.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    if family == socket.AF_INET and sys.platform == "linux":
        # No answer is ever cut into fragments on its way, for those can be forged (RFC 9715, 3.1).
        made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
    return made
