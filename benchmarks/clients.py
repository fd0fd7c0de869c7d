"""The load: small HTTP and SMTP clients on one event loop, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from email.policy import SMTP
from typing import Any, Self

from postern_ctl.demo_mail import Verification, verification_mail

BUFFER_BYTES = 1024 * 1024
FIRST_CODE = 104_729
SAMPLE = Verification("100003", "https://northwind.example/verify?token=sample")

_codes = itertools.count(FIRST_CODE)


class Mails:
    """The same verification mail again and again, each with a code of its own: text and HTML, or only a line."""

    def __init__(self, *, plain: bool = False) -> None:
        mail = verification_mail("agent@postern.test", SAMPLE)
        if plain:
            mail.clear_content()
            mail.set_content(f"Your verification code is {SAMPLE.code}.\n")
        self._template = mail.as_bytes(policy=SMTP)

    @property
    def size_bytes(self) -> int:
        return len(self._template)

    def next(self) -> tuple[str, bytes]:
        """Return a code and the mail that holds it."""
        code = str(100_000 + next(_codes) * 7_919 % 900_000)
        return code, self._template.replace(SAMPLE.code.encode(), code.encode())


class _Lines:
    """A TCP connection that is read by lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, address: str) -> Self:
        host, _, port = address.rpartition(":")
        return cls(*await asyncio.open_connection(host, int(port), limit=BUFFER_BYTES))

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


class Smtp(_Lines):
    """A foreign mail server."""

    async def greet(self) -> None:
        """Begin the session."""
        await self._answer(b"220")
        await self._say(b"EHLO mail.foreign.test", b"250")

    async def deliver(self, to: str, raw: bytes) -> float:
        """Hand a mail over; return the instant of its 250."""
        await self._say(b"MAIL FROM:<no-reply@northwind.example>", b"250")
        await self._say(f"RCPT TO:<{to}>".encode(), b"250")
        await self._say(b"DATA", b"354")
        await self._say(raw.replace(b"\r\n.", b"\r\n..") + b".", b"250")
        return time.perf_counter()

    async def quit(self) -> None:
        """End the session."""
        await self._say(b"QUIT", b"221")
        await self.close()

    async def _say(self, line: bytes, expected: bytes) -> None:
        self.writer.write(line + b"\r\n")
        await self._answer(expected)

    async def _answer(self, expected: bytes) -> None:
        line = await self.reader.readline()
        while line[3:4] == b"-":
            line = await self.reader.readline()
        assert line.startswith(expected), line


class Http(_Lines):
    """A connection that is kept alive, and the key that is sent over it."""

    key = ""

    async def ask(self, method: str, path: str, body: object = None) -> None:
        """Send a request; `answer` reads what comes."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: postern\r\nAuthorization: Bearer {self.key}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + content)
        await self.writer.drain()

    async def answer(self, expected: int = 200) -> tuple[Any, float]:
        """Return the decoded answer and the instant at which it was here."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        content = await self.reader.readexactly(length)
        arrived = time.perf_counter()
        assert head.startswith(b"HTTP/1.1 %d " % expected), head + content
        return json.loads(content), arrived

    async def call(self, method: str, path: str, body: object = None, *, expected: int = 200) -> Any:
        """Send a request and return the decoded answer."""
        await self.ask(method, path, body)
        return (await self.answer(expected))[0]


async def connections(address: str, key: str, count: int) -> list[Http]:
    """Open that many connections, not all at the same instant."""
    opened: list[Http] = []
    for _ in range(count):
        opened.append(await Http.connect(address))
        opened[-1].key = key
    return opened
