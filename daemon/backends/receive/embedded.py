"""The embedded receiver: SMTP (RFC 5321) on aiosmtpd, in the daemon's own event loop.

An unknown recipient is refused at RCPT. 250 after DATA means that the mail is on disk; 451 that it is not and should be
sent again. Nothing is relayed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from daemon.backends.protocols import Accepts, Arrival, Receive
from daemon.errors import PosternError
from daemon.settings import HostPort

RECIPIENTS_MAX = 100
LINE_MAX_OCTETS = 256 * 1024  # twice that is read at a time, without a pause
COUNT_STEP_OCTETS = 1024 * 1024
COMMAND_TIMEOUT_SECONDS = 300
SESSIONS_MAX = 1_000
PEER_SESSIONS_MAX = 50  # of one address; loopback is exempt, for a relay on this host sends everybody's mail
STOP_GRACE_SECONDS = 10
_UNDECODABLE = "553 5.1.3 The address is no UTF-8"

log = logging.getLogger("postern.smtp")


class EmbeddedReceiver:
    """The listener and its sessions."""

    def __init__(
        self,
        listen: HostPort,
        hostname: str,
        accepts: Accepts,
        receive: Receive,
        *,
        message_max_bytes: int,
        defer_suspended: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listen = listen
        self._hostname = hostname
        self._accepts = accepts
        self._receive = receive
        self._message_max_bytes = message_max_bytes
        self._defer_suspended = defer_suspended
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._sessions: set[_Session] = set()

    async def start(self) -> str:
        """Listen; return `host:port`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self._listen.host, self._listen.port)
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(HostPort(host, port))

    async def stop(self) -> None:
        """Take no new session, let mails in hand be finished, then close."""
        if self._server is None:
            return
        self._server.close()
        busy = [session.idle.wait() for session in self._sessions if not session.idle.is_set()]
        if busy:
            await asyncio.wait([asyncio.ensure_future(one) for one in busy], timeout=STOP_GRACE_SECONDS)
        for session in tuple(self._sessions):
            session.say_goodbye()

    def _session(self) -> _Session:
        return _Session(self, self._sessions, self._hostname, self._message_max_bytes, self._tls)

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        greeting, *offered = [line for line in responses if not line.startswith("250-AUTH")]  # nobody logs in here
        return [greeting, "250-PIPELINING", *offered]  # RFC 2920: each line is read only when the last is answered

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not _is_text(address):
            return _UNDECODABLE
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not _is_text(address):
            return _UNDECODABLE
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients; send the rest in another transaction"
        try:
            recipient = await self._accepts(address)
        except PosternError:
            return "451 4.3.0 Try again later"
        if recipient is None:
            return "550 5.1.1 No such mailbox here"
        if recipient.tenant_suspended and self._defer_suspended:
            return "450 4.2.1 Mailbox is suspended; try again later"
        envelope.rcpt_tos.append(address)
        _recipients(envelope).setdefault(recipient.inbox_id, address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        if await _has_bare_line_end(content):
            # RFC 5321, 2.3.8: lines end in CRLF. Anything else is how mail is smuggled past a filter.
            return "554 5.6.0 Bare CR or LF in the message"
        busy = server if isinstance(server, _Session) else None
        try:
            if busy is not None:
                busy.idle.clear()
            kept = await self._receive(_arrival(session, envelope), _recipients(envelope), content)
        except PosternError as error:
            log.warning("mail not kept", extra={"reason": error.code.value})
            return "451 4.3.0 The mail could not be stored; try again later"
        except Exception:
            log.exception("mail not kept")
            return "451 4.3.0 The mail could not be stored; try again later"
        finally:
            if busy is not None:
                busy.idle.set()
        if not kept:
            return "550 5.1.1 No such mailbox here any more"
        return "250 2.0.0 Kept"


class _Session(SMTP):
    """One connection. Knows when it is between mails, so that a stop does not cut one short."""

    line_length_limit = LINE_MAX_OCTETS  # real HTML mail has lines far over the 998 of RFC 5322, 2.1.1

    def __init__(
        self,
        handler: EmbeddedReceiver,
        sessions: set[_Session],
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
        return same >= PEER_SESSIONS_MAX and not _is_loopback(self.peer)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._sessions:  # one that was turned away never began
            self._sessions.discard(self)
            super().connection_lost(error)

    def say_goodbye(self) -> None:
        """End an idle session (RFC 5321, 3.8: 421 before closing)."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.write(b"421 4.3.2 Shutting down; try again in a moment\r\n")
            self.transport.close()


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Return the context for STARTTLS (RFC 3207). Raises `OSError` or `ssl.SSLError` when the files do not serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def _arrival(session: Session, envelope: Envelope) -> Arrival:
    peer = session.peer  # a tuple, whatever aiosmtpd says
    return Arrival(
        envelope_from=(envelope.mail_from or "").removeprefix("<>"),
        peer_ip=str(peer[0]) if peer else None,
        helo=session.host_name or "",
    )


async def _has_bare_line_end(content: bytes) -> bool:
    """Tell whether a CR or LF stands alone. Counted piece by piece, so that a large mail holds nobody up."""
    for start in range(0, len(content), COUNT_STEP_OCTETS):
        end = start + COUNT_STEP_OCTETS
        pairs = content.count(b"\r\n", start, end + 1)  # one that begins in this piece may end in the next
        lf = content.count(b"\n", start + 1, end + 1) if start else content.count(b"\n", 0, end + 1)
        if pairs != content.count(b"\r", start, end) or pairs != lf:
            return True
        await asyncio.sleep(0)
    return False


def _is_text(address: str) -> bool:
    """Tell whether an address was UTF-8 on the wire (RFC 6531, 3.3); aiosmtpd keeps other octets as surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in address)


def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


def _recipients(envelope: Envelope) -> dict[str, str]:
    """Return the accepted recipients so far: inbox id → address as given."""
    found: dict[str, str] = envelope.__dict__.setdefault("postern_recipients", {})
    return found
