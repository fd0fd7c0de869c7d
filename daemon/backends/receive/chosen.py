"""The receive backend that the settings ask for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from daemon.backends.protocols import Accepts, Ledger, Receive, ReceiveBackend, Unreachable
from daemon.backends.secrets import Unusable, secret
from daemon.clock import Clock
from daemon.ids import Ids
from daemon.settings import Settings
from daemon.settings.loopback import is_loopback

if TYPE_CHECKING:
    from daemon.backends.receive.imap import ImapBackend
    from daemon.backends.receive.wildduck import WildDuckBackend


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What backends hand mail over to."""

    accepts: Accepts
    receive: Receive
    ledger: Ledger


def chosen(settings: Settings, to: Callbacks, clock: Clock, ids: Ids) -> ReceiveBackend:
    """Return the backend, not started. Raises `Unusable`."""
    match settings.receive_backend:
        case "imap":
            return _imap(settings, to)
        case "wildduck":
            return _wildduck(settings, to)
    return _embedded(settings, to, clock, ids)


async def tried(settings: Settings) -> str | None:
    """Ask the server of these settings whether it knows us; say what is wrong, and what to do."""

    async def never(*given: object) -> Any:
        raise AssertionError("nothing is received while it is tried")

    to = Callbacks(accepts=never, receive=never, ledger=cast(Ledger, None))
    try:
        if settings.receive_backend == "embedded":
            return None
        backend = _imap(settings, to) if settings.receive_backend == "imap" else _wildduck(settings, to)
    except Unusable as problem:
        return str(problem)
    try:
        await backend.check()
    except Unreachable as problem:
        return f"No mail comes in: {problem}."
    finally:
        await backend.stop()
    return None


def _embedded(settings: Settings, to: Callbacks, clock: Clock, ids: Ids) -> ReceiveBackend:
    from daemon.backends.receive.embedded import EmbeddedReceiver, tls_context

    tls = None
    if settings.tls_cert is not None:
        try:
            tls = tls_context(settings.tls_cert, settings.tls_key)
        except OSError as problem:  # ssl.SSLError is one
            raise Unusable(f"The certificate {settings.tls_cert} cannot be used: {problem}.") from None
    return EmbeddedReceiver(
        settings.smtp_listen,
        settings.mail_host_name,
        to.accepts,
        to.receive,
        clock=clock,
        ids=ids,
        message_max_bytes=settings.max_message_bytes,
        tls=tls,
        lmtp=settings.lmtp_listen,
    )


def _imap(settings: Settings, to: Callbacks) -> ImapBackend:
    from daemon.backends.receive.imap import ImapBackend, ImapServer

    password = secret("imap_password", settings.imap_password, settings.imap_password_file)
    if settings.imap_server is None or settings.imap_user is None or password is None:
        raise Unusable(
            "The receive backend is imap: set POSTERN_IMAP_SERVER to its host:port, POSTERN_IMAP_USER, and"
            " POSTERN_IMAP_PASSWORD_FILE."
        )
    if settings.imap_security == "none" and not is_loopback(settings.imap_server.host):
        raise Unusable("A password is not sent in the clear: set POSTERN_IMAP_SECURITY to tls or starttls.")
    server = ImapServer(
        at=settings.imap_server,
        tls=None if settings.imap_security == "none" else _trusting("imap_ca", settings.imap_ca),
        tls_at_once=settings.imap_security == "tls",
        user=settings.imap_user,
        password=password,
    )
    return ImapBackend(server, settings.imap_folders, to.ledger, settings.max_message_bytes)


def _wildduck(settings: Settings, to: Callbacks) -> WildDuckBackend:
    from urllib.parse import urlsplit

    from daemon.backends.receive.wildduck import WildDuckBackend
    from daemon.backends.receive.wildduck_api import WildDuckApi

    token = secret("wildduck_token", settings.wildduck_token, settings.wildduck_token_file)
    if settings.wildduck_url is None or token is None:
        raise Unusable(
            "The receive backend is wildduck: set POSTERN_WILDDUCK_URL to its REST API, and"
            " POSTERN_WILDDUCK_TOKEN_FILE."
        )
    parts = urlsplit(settings.wildduck_url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise Unusable("A token is not sent in the clear: give POSTERN_WILDDUCK_URL as an https URL.")
    return WildDuckBackend(
        WildDuckApi(settings.wildduck_url, token),
        to.ledger,
        message_max_bytes=settings.max_message_bytes,
        imap=settings.wildduck_imap,
        imap_security=settings.wildduck_imap_security,
    )


def _trusting(name: str, ca: Path | None) -> ssl.SSLContext:
    """Return a context that checks certificates, by the system's authorities or those in a file."""
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as problem:  # ssl.SSLError is one
        raise Unusable(f"POSTERN_{name.upper()}: {ca} cannot be used: {problem}.") from None
