"""Who is at the other end of a connection."""

from __future__ import annotations

import os
import socket
import struct
import sys

from aiohttp import web

_UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED
_XUCRED = struct.Struct("=IIh")  # version, uid, number of groups: <sys/ucred.h> on macOS
_LOCAL_PEERCRED, _XUCRED_OCTETS = 1, 76


def is_local(request: web.Request) -> bool:
    """Tell whether a request came over the control socket."""
    connection = _socket(request)
    return connection is not None and connection.family == socket.AF_UNIX


def is_owner(request: web.Request) -> bool:
    """Tell whether the process at the other end of the control socket runs as the daemon's user or as root."""
    connection = _socket(request)
    return connection is not None and _peer_uid(connection) in (os.getuid(), 0)


def _socket(request: web.Request) -> socket.socket | None:
    return None if request.transport is None else request.transport.get_extra_info("socket")


def _peer_uid(connection: socket.socket) -> int:
    if sys.platform == "darwin":
        data = connection.getsockopt(0, _LOCAL_PEERCRED, _XUCRED_OCTETS)
        return int(_XUCRED.unpack_from(data)[1])
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(data)[1])
