"""A client that speaks LMTP (RFC 2033): the standard library's reads one answer only."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_SECONDS = 60


class Lmtp(smtplib.SMTP):
    """`at` is a port on loopback or the path of a socket."""

    ehlo_msg = "lhlo"

    def __init__(self, at: int | Path) -> None:
        self._at = at
        super().__init__(timeout=TIMEOUT_SECONDS)
        code, greeting = self.connect("127.0.0.1", at if isinstance(at, int) else 0)
        assert code == 220, greeting

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        if isinstance(self._at, int):
            return socket.create_connection((host, port), timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(str(self._at))
        return connection

    def deliver(self, sender: str, to: Sequence[str], raw: bytes) -> dict[str, tuple[int, str]]:
        """Hand a mail over; return what was said of each recipient in the end."""
        self.ehlo_or_helo_if_needed()
        code, said = self.mail(sender)
        assert code == 250, said
        told = {one: self.rcpt(one) for one in to}
        taken = [one for one in to if told[one][0] == 250]
        if taken:
            assert self.docmd("DATA")[0] == 354
            self.send(b"\r\n".join(b"." + line if line[:1] == b"." else line for line in raw.split(b"\r\n")))
            self.send(b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")
            told |= {one: self.getreply() for one in taken}
        return {one: (code, said.decode()) for one, (code, said) in told.items()}
