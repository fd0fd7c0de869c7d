"""`python -m daemon.dns`: one process of the name server. The daemon starts it and feeds it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from daemon.dns.limits import RateLimit
from daemon.dns.tcp import TcpLimits
from daemon.dns.worker import LINGER_SECONDS, Options, StartProblem, Worker


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m daemon.dns", description=__doc__)
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    parser.add_argument("--home", type=Path, help="directory that the process ends with; default: that of the socket")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on, UDP and TCP")
    parser.add_argument("--port", type=int, default=5300, help="port to listen on; 0: a free one")
    parser.add_argument("--processes", type=int, default=1, help="how many processes share the port")
    parser.add_argument("--linger", type=float, default=LINGER_SECONDS, help="seconds to go on without a feeder")
    parser.add_argument("--user", help="user to become, when started as root")
    parser.add_argument("--rate", type=int, default=200, help="UDP answers a second for each network; 0: no limit")
    parser.add_argument("--limit-loopback", action="store_true", help="loopback is limited, too")
    parser.add_argument("--tcp-idle", type=float, default=10.0, help="seconds until an idle TCP connection ends")
    parser.add_argument("--tcp-per-client", type=int, default=64, help="TCP connections of one address")
    parser.add_argument("--one-by-one", action="store_true", help="one system call for each datagram")
    given = parser.parse_args()
    options = Options(
        control=given.control.absolute(),
        home=given.home,
        arguments=tuple(sys.argv[1:]),
        host=given.host,
        port=given.port,
        processes=given.processes,
        linger_seconds=given.linger,
        user=given.user,
        rate=RateLimit(given.rate, given.limit_loopback),
        tcp_limits=TcpLimits(connections_per_client=given.tcp_per_client, idle_seconds=given.tcp_idle),
        batched=not given.one_by_one,
    )
    try:
        asyncio.run(_serve(options))
    except StartProblem as problem:
        _say({"error": str(problem)})
        return 1
    return 0


async def _serve(options: Options) -> None:
    await Worker(options).run(lambda address: _say({"ready": True, "address": address, "pid": os.getpid()}))


def _say(line: dict[str, object]) -> None:
    """Write one line, and let go of the pipe: who reads it may end before us."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


if __name__ == "__main__":
    sys.exit(main())
