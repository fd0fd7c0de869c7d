"""The embedded receiver: SMTP (RFC 5321) and LMTP (RFC 2033) on aiosmtpd, in the daemon's own event loop.

An unknown recipient is refused at RCPT. 250 after DATA means that the mail is on disk; 451 that it is not and should be
sent again. Nothing is relayed.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Dialogue

from daemon.backends.protocols import Accepts, Arrival, Receive, Refusal, Refused
from daemon.backends.receive.lmtp import LmtpSession
from daemon.backends.receive.session import Session
from daemon.backends.receive.trace import HOPS_MAX, hops, protocol, trace
from daemon.clock import SECOND_MS, Clock
from daemon.errors import PosternError
from daemon.ids import Ids
from daemon.settings import HostPort

RECIPIENTS_MAX = 100
STOP_GRACE_SECONDS = 10
LMTP_SOCKET_MODE = 0o660  # for the relay's group, too
LOCAL_PEER = "127.0.0.1"  # who comes by a socket file is on this machine
_KEPT = "250 2.0.0 Kept"
_UNDECODABLE = "553 5.1.3 The address is no UTF-8"
_REFUSALS = {
    Refusal.UNKNOWN: "550 5.1.1 No such mailbox here",
    Refusal.BLOCKED: "550 5.7.1 Mail from this sender is not accepted",
    Refusal.SUSPENDED: "450 4.2.1 Mailbox is suspended; try again later",
    Refusal.TOO_OFTEN: "450 4.7.1 Too much mail from this sender; try again later",
}

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
        clock: Clock,
        ids: Ids,
        message_max_bytes: int,
        tls: ssl.SSLContext | None = None,
        lmtp: HostPort | Path | None = None,
    ) -> None:
        self._listen = listen
        self._lmtp = lmtp
        self._hostname = hostname
        self._accepts = accepts
        self._receive = receive
        self._clock = clock
        self._ids = ids
        self._message_max_bytes = message_max_bytes
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        self._sessions: set[Session] = set()

    async def start(self) -> dict[str, str]:
        """Listen; return where, by protocol. Raises `OSError`, whose `filename` is where that cannot be."""
        wanted: dict[str, tuple[HostPort | Path, type[Session]]] = {"smtp": (self._listen, Session)}
        if self._lmtp is not None:
            wanted["lmtp"] = (self._lmtp, LmtpSession)
        listening = {}
        for name, (at, kind) in wanted.items():
            try:
                listening[name] = await self._listening(at, partial(self._session, kind))
            except OSError as problem:
                problem.filename = str(at)
                raise
        return listening

    async def _listening(self, at: HostPort | Path, session: Callable[[], Session]) -> str:
        loop = asyncio.get_running_loop()
        if isinstance(at, Path):
            server = await loop.create_unix_server(session, at)
            at.chmod(LMTP_SOCKET_MODE)  # noqa: ASYNC240  once, before anything is served
            self._servers.append(server)
            return str(at)
        server = await loop.create_server(session, at.host, at.port)
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()[:2]
        return str(HostPort(host, port))

    async def stop(self) -> None:
        """Take no new session, let mails in hand be finished, then close."""
        for server in self._servers:
            server.close()
        busy = [session.idle.wait() for session in self._sessions if not session.idle.is_set()]
        if busy:
            await asyncio.wait([asyncio.ensure_future(one) for one in busy], timeout=STOP_GRACE_SECONDS)
        for session in tuple(self._sessions):
            session.say_goodbye()
        if self._servers and isinstance(self._lmtp, Path):
            self._lmtp.unlink(missing_ok=True)

    def _session(self, kind: type[Session]) -> Session:
        return kind(
            self,
            self._sessions,
            self._trace,
            hostname=self._hostname,
            message_max_bytes=self._message_max_bytes,
            tls=self._tls,
        )

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Dialogue, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        greeting, *offered = [line for line in responses if not line.startswith("250-AUTH")]  # nobody logs in here
        return [greeting, "250-PIPELINING", *offered]  # RFC 2920: each line is read only when the last is answered

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Dialogue, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not _is_text(address):
            return _UNDECODABLE
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Dialogue, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not _is_text(address):
            return _UNDECODABLE
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients; send the rest in another transaction"
        try:
            destination = await self._accepts(_arrival(session, envelope), address)
        except Refused as refused:
            return _REFUSALS[refused.why]
        except PosternError:
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        _destinations(envelope).append(destination)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Dialogue, envelope: Envelope
    ) -> str:
        taken = await self._taken(server, session, envelope)
        each = [
            taken if isinstance(taken, str) else _KEPT if one in taken else _REFUSALS[Refusal.BLOCKED]
            for one in _destinations(envelope)
        ]
        if isinstance(server, LmtpSession):
            return "\r\n".join(each)  # RFC 2033, 4.2: one answer for each recipient
        return taken if isinstance(taken, str) else _KEPT

    async def _taken(self, server: SMTP, session: Dialogue, envelope: Envelope) -> frozenset[str] | str:
        """Have a mail kept; return for which destinations it was, or what is said to all of them."""
        content = envelope.original_content or b""
        if hops(content) > HOPS_MAX + 1:  # one is ours
            return "554 5.4.6 The mail runs in circles"
        busy = server if isinstance(server, Session) else None
        try:
            if busy is not None:
                busy.idle.clear()
            recipients: dict[str, str] = {}
            for destination, address in zip(_destinations(envelope), envelope.rcpt_tos, strict=True):
                recipients.setdefault(destination, address)
            kept = await self._receive(_arrival(session, envelope), recipients, content)
        except Refused as refused:
            return _REFUSALS[refused.why]
        except PosternError as error:
            log.warning("mail not kept", extra={"reason": error.code.value})
            return "451 4.3.0 The mail could not be stored; try again later"
        except Exception:
            log.exception("mail not kept")
            return "451 4.3.0 The mail could not be stored; try again later"
        finally:
            if busy is not None:
                busy.idle.set()
        return kept or "550 5.1.1 No such mailbox here any more"

    def _trace(self, session: Dialogue, envelope: Envelope, spoken: str) -> bytes:
        """Return what is put before a mail that is about to come in by what is spoken: SMTP, or LMTP."""
        spoken = protocol(
            spoken,
            extended=bool(session.extended_smtp),
            encrypted=session.ssl is not None,
            utf8=bool(envelope.smtp_utf8),
        )
        return trace(
            _arrival(session, envelope),
            by=self._hostname,
            protocol=spoken,
            trace_id=self._ids.bare(),
            recipient=envelope.rcpt_tos[0] if len(envelope.rcpt_tos) == 1 else None,
            received=datetime.fromtimestamp(self._clock.now_ms() // SECOND_MS, UTC),
        )


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Return the context for STARTTLS (RFC 3207). Raises `OSError` or `ssl.SSLError` when the files do not serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def _arrival(session: Dialogue, envelope: Envelope) -> Arrival:
    peer = session.peer  # a tuple, whatever aiosmtpd says
    return Arrival(
        envelope_from=(envelope.mail_from or "").removeprefix("<>"),
        peer_ip=str(peer[0]) if peer else LOCAL_PEER,
        helo=session.host_name or "",
    )


def _is_text(address: str) -> bool:
    """Tell whether an address was UTF-8 on the wire (RFC 6531, 3.3); aiosmtpd keeps other octets as surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in address)


def _destinations(envelope: Envelope) -> list[str]:
    """Return the destination of each recipient accepted so far."""
    found: list[str] = envelope.__dict__.setdefault("postern_destinations", [])
    return found
