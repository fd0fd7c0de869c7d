"""One connection to a relay, and the mails that go over it one after the other (RFC 5321)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import cast

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPConnectResponseError, SMTPException, SMTPResponseException

from daemon.backends.protocols import Fate, NotTaken, Outgoing, Told
from daemon.backends.send.replies import Reply, of_mail, of_recipient
from daemon.settings import HostPort

CONNECT_MAX_SECONDS = 30.0
REPLY_MAX_SECONDS = 300.0  # these three: RFC 5321, 4.5.3.2
PIECE_MAX_SECONDS = 180.0
DATA_END_MAX_SECONDS = 600.0
PIECE_BYTES = 64 * 1024
NOT_THIS_CLIENT = frozenset({530, 534, 535, 538})  # RFC 4954, 6: it wants a login, or another one
_START_INPUT = 354
_LOST = (SMTPException, OSError, asyncio.TimeoutError)


class Unanswered(Exception):
    """The end of the data was sent, and no answer came: the relay has the mail, or it has not."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Where a relay is, how it is spoken to, and who we are there. Without `tls` nothing is encrypted."""

    at: HostPort
    helo: str
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    user: str | None = None
    password: str | None = None


class Session:
    """An open one, logged in. It is good for one mail at a time, and for none after a failure."""

    def __init__(self, client: SMTP) -> None:
        self._client = client
        self._extensions = dict(client.esmtp_extensions)
        protocol = client.protocol
        if protocol is None or protocol.transport is None:
            raise NotTaken("the relay hung up")
        self._protocol = protocol
        transport = cast(asyncio.WriteTransport, protocol.transport)
        transport.set_write_buffer_limits(high=1)  # `drain` waits until all is passed on
        self._writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())

    @classmethod
    async def open(cls, relay: Relay) -> Session:
        """Connect, encrypt, log in. Raises `NotTaken`, which says what to do."""
        client = SMTP(
            hostname=relay.at.host,
            port=relay.at.port,
            local_hostname=relay.helo,
            use_tls=relay.tls is not None and relay.tls_at_once,
            start_tls=relay.tls is not None and not relay.tls_at_once,
            tls_context=relay.tls,
            timeout=CONNECT_MAX_SECONDS,
        )
        try:
            await client.connect()
            if relay.user is not None:
                await client.login(relay.user, relay.password or "")
            elif client.is_ehlo_or_helo_needed:
                await client.ehlo()
            return cls(client)
        except _LOST as problem:
            client.close()
            raise NotTaken(_why_not(relay, problem)) from None

    async def close(self) -> None:
        """Say goodbye, without insisting on an answer."""
        with contextlib.suppress(*_LOST):
            await self._client.quit(timeout=1.0)
        self.drop()

    def drop(self) -> None:
        """Hang up."""
        self._client.close()
        self._writer.close()

    async def is_alive(self) -> bool:
        """Tell whether a connection that was put aside still is one."""
        with contextlib.suppress(*_LOST):
            return (await self._ask("RSET")).ok
        return False

    async def hand_over(self, mail: Outgoing, raw: bytes) -> dict[str, Told]:
        """Hand `raw` over to the recipients of `mail`; return what was said of each.

        Raises `NotTaken`; `Unanswered` after the end of the data was sent.
        """
        try:
            accepted, told = await self._envelope(mail, raw)
            if not accepted:
                return told
            reply = await self._ask("DATA")
            if reply.code == _START_INPUT:
                await self._send(raw)
        except _LOST as problem:
            raise NotTaken(f"the connection to the relay was lost before the mail was through: {problem}") from None
        if reply.code == _START_INPUT:
            reply = await self._end_of_data()
        return told | dict.fromkeys(accepted, of_mail(reply))

    async def _envelope(self, mail: Outgoing, raw: bytes) -> tuple[list[str], dict[str, Told]]:
        """Return who was accepted, and what was said of the others."""
        reply, said = self._too_large(raw), None
        if reply is None:
            reply = await self._ask(f"MAIL FROM:<{mail.envelope_from}>", *self._mail_parameters(mail, raw))
        if not reply.ok:
            if not reply.for_good or reply.code in NOT_THIS_CLIENT:
                raise NotTaken(str(reply))
            said = Told(Fate.REJECTED, str(reply))
            return [], dict.fromkeys(mail.recipients, said)
        accepted: list[str] = []
        told: dict[str, Told] = {}
        for address in mail.recipients:
            reply = await self._ask(f"RCPT TO:<{address}>", *self._recipient_parameters(address))
            if reply.code in NOT_THIS_CLIENT:
                raise NotTaken(str(reply))
            if reply.ok:
                accepted.append(address)
            else:
                told[address] = of_recipient(reply)
        return accepted, told

    def _too_large(self, raw: bytes) -> Reply | None:
        """Refuse what the relay says that it will not take (RFC 1870, 4; RFC 6152), in the words that it would use."""
        limit = self._extensions.get("size", "")
        if limit.isdecimal() and 0 < int(limit) < len(raw):
            return Reply(552, f"5.3.4 The relay takes {limit} bytes; the mail has {len(raw)}")
        if not raw.isascii() and "8bitmime" not in self._extensions:
            return Reply(554, "5.6.3 The relay does not take 8-bit mail")
        return None

    def _mail_parameters(self, mail: Outgoing, raw: bytes) -> list[str]:
        given = []
        if "size" in self._extensions:
            given.append(f"SIZE={len(raw)}")
        if not raw.isascii():
            given.append("BODY=8BITMIME")
        if "dsn" in self._extensions:  # RFC 3461, 4.3 and 4.4
            given += ["RET=HDRS", f"ENVID={mail.operation_id}"]
        return given

    def _recipient_parameters(self, address: str) -> list[str]:
        if "dsn" not in self._extensions:
            return []
        return ["NOTIFY=FAILURE,DELAY", f"ORCPT=rfc822;{_xtext(address)}"]  # RFC 3461, 4.1 and 4.2

    async def _ask(self, *words: str) -> Reply:
        verb, *rest = [word.encode("ascii") for word in words]
        answer = await self._client.execute_command(verb, *rest, timeout=REPLY_MAX_SECONDS)
        return Reply(answer.code, answer.message)

    async def _send(self, raw: bytes) -> None:
        """Send the data but for its end."""
        stuffed = raw.replace(b"\r\n.", b"\r\n..")  # RFC 5321, 4.5.2
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        if not stuffed.endswith(b"\r\n"):
            stuffed += b"\r\n"
        for at in range(0, len(stuffed), PIECE_BYTES):
            self._writer.write(stuffed[at : at + PIECE_BYTES])
            async with asyncio.timeout(PIECE_MAX_SECONDS):
                await self._writer.drain()
        if self._writer.is_closing():
            raise ConnectionResetError("it was closed")

    async def _end_of_data(self) -> Reply:
        """Send the end of the data: from here on the mail may be the relay's."""
        try:
            self._writer.write(b".\r\n")
            answer = await self._protocol.read_response(timeout=DATA_END_MAX_SECONDS)
        except _LOST as problem:
            raise Unanswered(str(problem)) from None
        return Reply(answer.code, answer.message)


def _xtext(text: str) -> str:
    """Return a text as RFC 3461, 4 has it."""
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)


def _why_not(relay: Relay, problem: BaseException) -> str:
    """Say why there is no connection, and what to do."""
    match problem:
        case SMTPAuthenticationError():
            said = Reply(problem.code, problem.message)
            return f"the relay refuses our login ({said}); correct POSTERN_SMTP_RELAY_USER and its password"
        case ssl.SSLError():
            return (
                f"the relay cannot be spoken to over TLS ({problem.reason or problem});"
                " see POSTERN_SMTP_RELAY_SECURITY and POSTERN_SMTP_RELAY_CA"
            )
        case SMTPConnectResponseError() | SMTPResponseException():
            return f"the relay {relay.at} does not want us: {Reply(problem.code, problem.message)}"
        case TimeoutError():
            return f"the relay {relay.at} does not answer; see POSTERN_SMTP_RELAY"
    return f"the relay {relay.at} cannot be reached ({problem}); see POSTERN_SMTP_RELAY and POSTERN_SMTP_RELAY_SECURITY"
