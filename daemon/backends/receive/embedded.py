"""The embedded receiver: SMTP (RFC 5321) on aiosmtpd, in the daemon's own event loop.

An unknown recipient is refused at RCPT. 250 after DATA means that the mail is on disk; 451 that it is not and should be
sent again. Nothing is relayed.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Dialogue

from daemon.backends.protocols import Accepts, Arrival, Receive, Refusal, Refused
from daemon.backends.receive.session import Session
from daemon.backends.receive.trace import HOPS_MAX, hops, protocol, trace
from daemon.clock import SECOND_MS, Clock
from daemon.errors import PosternError
from daemon.ids import Ids
from daemon.settings import HostPort

RECIPIENTS_MAX = 100
STOP_GRACE_SECONDS = 10
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
    ) -> None:
        self._listen = listen
        self._hostname = hostname
        self._accepts = accepts
        self._receive = receive
        self._clock = clock
        self._ids = ids
        self._message_max_bytes = message_max_bytes
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._sessions: set[Session] = set()

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

    def _session(self) -> Session:
        return Session(
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
        _recipients(envelope).setdefault(destination, address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name: prefix and wire verb
        self, server: SMTP, session: Dialogue, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        if hops(content) > HOPS_MAX + 1:  # one is ours
            return "554 5.4.6 The mail runs in circles"
        busy = server if isinstance(server, Session) else None
        try:
            if busy is not None:
                busy.idle.clear()
            kept = await self._receive(_arrival(session, envelope), _recipients(envelope), content)
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
        if not kept:
            return "550 5.1.1 No such mailbox here any more"
        return "250 2.0.0 Kept"

    def _trace(self, session: Dialogue, envelope: Envelope) -> bytes:
        """Return what is put before a mail that is about to come in."""
        spoken = protocol(
            extended=bool(session.extended_smtp), encrypted=session.ssl is not None, utf8=bool(envelope.smtp_utf8)
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
        peer_ip=str(peer[0]) if peer else None,
        helo=session.host_name or "",
    )


def _is_text(address: str) -> bool:
    """Tell whether an address was UTF-8 on the wire (RFC 6531, 3.3); aiosmtpd keeps other octets as surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in address)


def _recipients(envelope: Envelope) -> dict[str, str]:
    """Return the accepted recipients so far: destination → address as given."""
    found: dict[str, str] = envelope.__dict__.setdefault("postern_recipients", {})
    return found
