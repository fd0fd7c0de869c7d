"""One SMTP connection: aiosmtpd's dialogue, with a DATA of our own and a count of who is connected."""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Dialogue

from daemon.backends.receive.data import Incoming
from daemon.settings.loopback import is_loopback

LINE_MAX_OCTETS = 256 * 1024  # real HTML mail has lines far over the 998 of RFC 5322, 2.1.1
COMMAND_TIMEOUT_SECONDS = 300
SESSIONS_MAX = 1_000
PEER_SESSIONS_MAX = 50  # of one address; loopback is exempt, for a relay on this host sends everybody's mail
_BARE_POSTMASTER = re.compile(r"(TO:\s*<postmaster)(?=>)", re.IGNORECASE)


class Session(SMTP):
    """Knows when it is between mails, so that a stop does not cut one short. `head` makes what is put before a mail."""

    line_length_limit = LINE_MAX_OCTETS
    spoken = "SMTP"

    def __init__(
        self,
        handler: object,
        sessions: set[Session],
        head: Callable[[Dialogue, Envelope, str], bytes],
        *,
        hostname: str,
        message_max_bytes: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=message_max_bytes,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Postern",
            tls_context=tls,
            timeout=COMMAND_TIMEOUT_SECONDS,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        self._sessions = sessions
        self._head = head
        self._message_max_bytes = message_max_bytes
        self._incoming: Incoming | None = None
        self._over = asyncio.Event()
        self.peer = ""
        self.idle = asyncio.Event()
        self.idle.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        if self not in self._sessions and self._is_crowded() and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 Too many connections; try again later\r\n")
            transport.close()
            return
        self._sessions.add(self)
        super().connection_made(transport)

    def _is_crowded(self) -> bool:
        """Tell whether there are too many sessions, in all or from one foreign address."""
        if len(self._sessions) >= SESSIONS_MAX:
            return True
        same = sum(session.peer == self.peer for session in self._sessions)
        return same >= PEER_SESSIONS_MAX and self.peer != "" and not is_loopback(self.peer)  # "": a socket file

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._sessions:  # one that was turned away never began
            self._sessions.discard(self)
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Hand what arrives to the mail that is coming in, else to the dialogue."""
        if self._incoming is None:
            super().data_received(data)
            return
        rest = self._incoming.feed(data)
        if rest is not None:
            self._incoming = None
            self._over.set()
            if rest:
                super().data_received(rest)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802  aiosmtpd's name: prefix and wire verb
        """Take a recipient; `<postmaster>`, the one that needs no domain (RFC 5321, 4.1.1.3), is ours."""
        await super().smtp_RCPT(arg and _BARE_POSTMASTER.sub(rf"\1@{self.hostname}", arg, count=1))

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  aiosmtpd's name: prefix and wire verb
        """Take a mail in (RFC 5321, 4.1.1.4) without aiosmtpd's line loop, which holds up everybody else."""
        if await self.check_helo_needed():
            return
        envelope, dialogue = self.envelope, self.session
        if envelope is None or dialogue is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        incoming = Incoming(
            self._head(dialogue, envelope, self.spoken),
            octets_max=self._message_max_bytes,
            line_max_octets=LINE_MAX_OCTETS,
        )
        self._over.clear()
        self._incoming = incoming
        # A client in a hurry has sent some of it already. One octet more, and the reader returns at once all it has.
        self._reader.feed_data(b"\n")
        early = (await self._reader.read(sys.maxsize))[:-1]
        if early:
            self.data_received(early)
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._over.wait()
        if incoming.fault is None:
            envelope.content = envelope.original_content = incoming.content()
            status = await self._call_handler_hook("DATA")
        else:
            status = self.for_all(incoming.fault.value, len(envelope.rcpt_tos))
        self.envelope = self._create_envelope()
        await self.push(status)

    def for_all(self, answer: str, recipients: int) -> str:
        """Return what is said when all recipients get the same answer."""
        return answer

    def say_goodbye(self) -> None:
        """End an idle session (RFC 5321, 3.8: 421 before closing)."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.write(b"421 4.3.2 Shutting down; try again in a moment\r\n")
            self.transport.close()
