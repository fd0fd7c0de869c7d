"""One process of the name server: its listeners, its zones, and the conditions under which it ends."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from daemon.dns import tcp, udp
from daemon.dns.batch import system_calls
from daemon.dns.book import Book
from daemon.dns.careful import Careful
from daemon.dns.control import Control
from daemon.dns.counters import Counters
from daemon.dns.front import Front
from daemon.dns.limits import RateLimit
from daemon.dns.notify import Notifier
from daemon.dns.sockets import Bound, open_sockets
from daemon.dns.steer import SHARES
from daemon.dns.transfer import Transfers

TICK_SECONDS = 1.0
LINGER_SECONDS = 600.0
BIND_TRIES = 20
# How long one thread may keep the others waiting: a feeder that sends all zones must not hold up answers.
SWITCH_SECONDS = 0.0005


class StartProblem(Exception):
    """The process cannot start; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a process is told when it is started."""

    control: Path
    home: Path | None = None
    """The directory that this process ends with; None: that of the control socket."""
    arguments: tuple[str, ...] = ()
    """What the process was started with, for a feeder that finds it running."""
    host: str = "127.0.0.1"
    port: int = 5300
    processes: int = 1
    """How many of them share the port."""
    linger_seconds: float = LINGER_SECONDS
    user: str | None = None
    rate: RateLimit = field(default_factory=RateLimit)
    tcp_limits: tcp.TcpLimits = field(default_factory=tcp.TcpLimits)
    batched: bool = True


class Worker:
    """Puts the parts together."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._home = options.home or options.control.parent
        self._home_number = os.open(self._home, os.O_RDONLY | os.O_CLOEXEC)
        self._ended = asyncio.Event()
        self._alone_since = time.monotonic()
        self._began = False
        book = Book()
        notifier = Notifier(book, options.host)
        transfers = Transfers(book, time.time)
        careful = Careful(book, transfers.answer)
        self._calls = system_calls() if options.batched else None
        self._udp_bound, self._tcp_bound = self._bind()
        self._udp = udp.UdpListener(
            self._udp_bound,
            Front(book, Counters(), tcp=False),
            careful.over_udp,
            options.rate,
            self._calls,
        )
        self._tcp = tcp.TcpListener(Front(book, Counters(), tcp=True), careful.answer, options.tcp_limits)
        self._notifier = notifier
        self.control = Control(
            book,
            {"udp": self._udp.front, "tcp": self._tcp.front},
            transfers,
            notifier,
            {"address": self.address, "arguments": list(options.arguments)},
            self.begin,
            self.end,
        )

    @property
    def address(self) -> str:
        """Return `host:port`."""
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        return f"{host}:{self._udp_bound.port}"

    def _bind(self) -> tuple[Bound, socket.socket]:
        """Bind all sockets to one port; a free one, if it is to be 0."""
        host, port = self._options.host, self._options.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        count = SHARES if self._calls is not None else 1
        for left in reversed(range(BIND_TRIES if port == 0 else 1)):
            try:
                bound = open_sockets(family, host, port, count=count, processes=self._options.processes)
            except OSError as problem:
                raise StartProblem(problem.strerror or str(problem)) from None
            try:
                return bound, tcp.open_socket(family, host, bound.port)
            except OSError as problem:  # free for UDP, and taken for TCP
                bound.close()
                if not left:
                    raise StartProblem(problem.strerror or str(problem)) from None
        raise AssertionError

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until told to end, or until nobody needs this process any more. `ready` gets the address."""
        sys.setswitchinterval(SWITCH_SECONDS)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        control = await self._listen_for_feeder()
        if self._options.user is not None and os.getuid() == 0:
            drop_privileges(self._options.user)
        ready(self.address)
        watch = asyncio.create_task(self._watch())
        await self._ended.wait()
        watch.cancel()
        self._notifier.close()
        control.close()
        await self.control.close()

    async def _listen_for_feeder(self) -> asyncio.Server:
        """Open the control socket, in place of one that a process before us left."""
        path = self._options.control
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        before = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self.control.serve, path, limit=2**20)
        except OSError as problem:
            raise StartProblem(f"the control socket {path}: {problem.strerror or problem}") from None
        finally:
            os.umask(before)

    async def begin(self) -> None:
        """Begin to answer. What was asked until now waits in the sockets' buffers."""
        if not self._began:
            self._began = True
            await self._tcp.start(self._tcp_bound)
            self._udp.start()

    def end(self) -> None:
        """End the process."""
        self._ended.set()

    async def _watch(self) -> None:
        """Each second: begin a new window of the rate limit, end idle sessions, and see whether anybody needs us."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._udp.new_window()
            self._tcp.end_idle(loop.time())
            now = time.monotonic()
            if self.control.fed:
                self._alone_since = now
            if now - self._alone_since > self._options.linger_seconds or self._is_homeless():
                self.end()

    def _is_homeless(self) -> bool:
        """Tell whether the directory that we belong to is gone. Without rights to it, its link count still tells."""
        if os.fstat(self._home_number).st_nlink == 0:
            return True
        try:
            return not self._home.exists()
        except PermissionError:
            return False


def drop_privileges(user: str) -> None:
    """Become another user for good. Raises `StartProblem`."""
    try:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except (KeyError, OSError) as problem:
        raise StartProblem(f"cannot become the user {user!r}: {problem}") from None
