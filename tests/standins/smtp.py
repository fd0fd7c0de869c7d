"""A stand-in for somebody's relay: a real SMTP server on the loopback that checks what it is sent, and does as told."""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import BinaryIO

from tests.standins.frame import StandIn

LINE_MAX_OCTETS = 998


class HangsUp(Enum):
    """Where a connection is cut, once."""

    AT_THE_GREETING = auto()
    AT_MAIL = auto()
    AT_RCPT = auto()
    AT_DATA = auto()
    IN_DATA = auto()
    AFTER_DATA = auto()  # it has the whole mail and keeps it, and never says so
    WHEN_IDLE = auto()  # after a mail that went through


@dataclass(frozen=True)
class Mail:
    """A mail that was accepted, with the parameters of its envelope."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    parameters: dict[str, str]
    recipient_parameters: tuple[dict[str, str], ...]
    encrypted: bool
    user: str | None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def server_activate(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # so that a large mail takes time
        super().server_activate()


@dataclass
class Relay(StandIn):
    """`replies` has what is answered instead of 250: by address, or by verb (`MAIL`, `DATA`, `.`), used up in turn."""

    serves = _Server
    extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING")
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    login: tuple[str, str] | None = None
    hangs_up: list[HangsUp] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    greeting: str = "220 relay.test ESMTP"
    mails: list[Mail] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    helos: list[str] = field(default_factory=list)
    data_begun: threading.Event = field(default_factory=threading.Event)
    holds: threading.Event = field(default_factory=threading.Event)  # while set, a mail that it has is not answered
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def handler(self) -> type[socketserver.BaseRequestHandler]:
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with relay._lock:
                    relay.connections += 1
                    relay.at_once += 1
                    relay.most_at_once = max(relay.most_at_once, relay.at_once)
                talk = _Talk(relay, self.request)
                try:
                    talk.run()
                except (_HungUp, OSError):
                    pass
                finally:
                    talk.close()
                    with relay._lock:
                        relay.at_once -= 1

        return Handler

    def said(self, key: str) -> str | None:
        with self._lock:
            return self.replies[key].pop(0) if self.replies.get(key) else None

    def cuts(self, where: HangsUp) -> bool:
        with self._lock:
            if self.hangs_up[:1] == [where]:
                self.hangs_up.pop(0)
                return True
            return False


class _HungUp(Exception):
    pass


class _Talk:
    """One connection."""

    def __init__(self, relay: Relay, sock: socket.socket) -> None:
        self.relay = relay
        self.sock = sock
        self.file: BinaryIO | None = None
        self.encrypted = False
        self.user: str | None = None
        self.greeted = False
        self._reset()

    def _reset(self) -> None:
        self.sender: str | None = None
        self.parameters: dict[str, str] = {}
        self.recipients: list[tuple[str, dict[str, str]]] = []

    def _wrap(self) -> None:
        assert self.relay.tls is not None
        self.close_file()
        self.sock = self.relay.tls.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.encrypted = True
        self.greeted = False

    def run(self) -> None:
        if self.relay.tls_at_once:
            self._wrap()
        else:
            self.file = self.sock.makefile("rb")
        self._cut(HangsUp.AT_THE_GREETING)
        self._say(self.relay.greeting)
        while line := self._line():
            if not line.endswith(b"\r\n"):
                self.relay.problems.append(f"a line without CRLF: {line!r}")
            verb, _, rest = line.strip().decode("ascii").partition(" ")
            handler: Callable[[str], None] | None = getattr(self, f"do_{verb.lower()}", None)
            if handler is None:
                self._say("500 5.5.2 unknown")
            else:
                handler(rest)

    def _cut(self, where: HangsUp) -> None:
        if self.relay.cuts(where):
            raise _HungUp

    def close_file(self) -> None:
        if self.file is not None:
            self.file.close()

    def close(self) -> None:
        self.close_file()
        self.sock.close()

    def _line(self) -> bytes:
        assert self.file is not None
        return self.file.readline()

    def _say(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\r\n")

    def do_ehlo(self, name: str) -> None:
        self.relay.helos.append(name)
        self.greeted = True
        words = ["relay.test", *self.relay.extensions]
        if self.relay.tls is not None and not self.encrypted:
            words.append("STARTTLS")
        if self.relay.login is not None and (self.encrypted or self.relay.tls is None):
            words.append("AUTH PLAIN")
        for number, word in enumerate(words):
            self._say(f"250{' ' if number == len(words) - 1 else '-'}{word}")

    def do_starttls(self, _: str) -> None:
        self._say("220 2.0.0 go")
        self._wrap()

    def do_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if (user, password) == self.relay.login:
            self.user = user
            self._say("235 2.7.0 welcome")
        else:
            self._say("535 5.7.8 wrong user or password")

    def do_rset(self, _: str) -> None:
        self._reset()
        self._say("250 2.0.0 ok")

    def do_noop(self, _: str) -> None:
        self._say("250 2.0.0 ok")

    def do_quit(self, _: str) -> None:
        self._say("221 2.0.0 bye")
        raise _HungUp

    def do_mail(self, rest: str) -> None:
        self._cut(HangsUp.AT_MAIL)
        found = re.fullmatch(r"FROM:<([^<>]*)>((?: [A-Z0-9]+(?:=[!-<>-~]+)?)*)", rest)
        if found is None or not self.greeted or self.sender is not None:
            self.relay.problems.append(f"MAIL out of place: {rest}")
            return self._say("503 5.5.1 no")
        self.parameters = self._known(found[2], {"SIZE": "SIZE", "BODY": "8BITMIME", "RET": "DSN", "ENVID": "DSN"})
        reply = self.relay.said("MAIL")
        if reply is None and self.relay.login is not None and self.user is None:
            reply = "530 5.7.0 log in first"
        if reply is None:
            self.sender = found[1]
        return self._say(reply or "250 2.1.0 ok")

    def do_rcpt(self, rest: str) -> None:
        self._cut(HangsUp.AT_RCPT)
        found = re.fullmatch(r"TO:<([^<>]+)>((?: [A-Z0-9]+(?:=[!-<>-~]+)?)*)", rest)
        if found is None or self.sender is None:
            self.relay.problems.append(f"RCPT out of place: {rest}")
            return self._say("503 5.5.1 no")
        parameters = self._known(found[2], {"NOTIFY": "DSN", "ORCPT": "DSN"})
        reply = self.relay.said(found[1])
        if reply is None:
            self.recipients.append((found[1], parameters))
        return self._say(reply or "250 2.1.5 ok")

    def _known(self, text: str, of: dict[str, str]) -> dict[str, str]:
        parameters = dict(word.partition("=")[::2] for word in text.split())
        offered = {extension.split()[0] for extension in self.relay.extensions}
        for name in parameters:
            if of.get(name) not in offered:
                self.relay.problems.append(f"{name} was not offered")
        return parameters

    def do_data(self, _: str) -> None:
        self._cut(HangsUp.AT_DATA)
        if not self.recipients:
            self.relay.problems.append("DATA without a recipient")
            return self._say("503 5.5.1 no")
        if (reply := self.relay.said("DATA")) is not None:
            return self._say(reply)
        self._say("354 go ahead")
        self.relay.data_begun.set()
        lines: list[bytes] = []
        while (line := self._line()) != b".\r\n":
            self._cut(HangsUp.IN_DATA)
            if not line:
                raise _HungUp
            if not line.endswith(b"\r\n") or b"\r" in line[:-2] or len(line) - 2 > LINE_MAX_OCTETS:
                self.relay.problems.append(f"a line that no mail has: {line[:100]!r}")
            lines.append(line.removeprefix(b"."))
        raw = b"".join(lines)
        reply = self.relay.said(".")
        if reply is None:
            self._keep(raw)
        self._cut(HangsUp.AFTER_DATA)
        if self.relay.holds.is_set():
            raise _HungUp if self._line() == b"" else AssertionError("spoken to out of turn")
        self._reset()
        self._say(reply or "250 2.0.0 queued as 1")
        self._cut(HangsUp.WHEN_IDLE)
        return None

    def _keep(self, raw: bytes) -> None:
        assert self.sender is not None
        if "SIZE" in self.parameters and int(self.parameters["SIZE"]) != len(raw):
            self.relay.problems.append("SIZE was not the size")
        mail = Mail(
            self.sender,
            tuple(address for address, _ in self.recipients),
            raw,
            self.parameters,
            tuple(parameters for _, parameters in self.recipients),
            self.encrypted,
            self.user,
        )
        with self.relay._lock:
            self.relay.mails.append(mail)
