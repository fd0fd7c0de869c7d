"""The send backend that the settings ask for."""

from __future__ import annotations

from contextlib import AsyncExitStack

from daemon.backends.protocols import DeliverHere, HandedOver, NotTaken, Outgoing, SendBackend, SenderRegistry
from daemon.backends.secrets import Unusable, secret
from daemon.backends.send.loopback import Loopback
from daemon.backends.send.routed import Routed
from daemon.clock import Clock
from daemon.mail.signing_key import SigningKey, SigningKeys
from daemon.settings import Settings
from daemon.settings.loopback import is_loopback


def chosen(
    settings: Settings, clock: Clock, deliver: DeliverHere, signing_keys: SigningKeys, stack: AsyncExitStack
) -> SendBackend:
    """Return the backend; what it keeps open is closed with the stack. Raises `Unusable`."""
    if settings.send_backend == "acs":
        return Routed(deliver, _azure(settings, clock, stack))
    if settings.send_backend == "smtp":
        return Routed(deliver, _relay(settings, signing_keys, stack))
    return Loopback(deliver)


async def tried(settings: Settings, clock: Clock) -> str | None:
    """Ask the backend of these settings whether it can be reached and knows us; say what is wrong, and what to do."""

    async def to_nobody(mail: Outgoing) -> HandedOver:
        return HandedOver({})

    async def no_keys(domain: str) -> tuple[SigningKey, ...]:
        return ()

    async with AsyncExitStack() as stack:
        try:
            registry(settings, stack)
            await chosen(settings, clock, to_nobody, no_keys, stack).check()
        except Unusable as problem:
            return str(problem)
        except NotTaken as refusal:
            return f"No mail goes out: {refusal.detail}."
    return None


def _relay(settings: Settings, signing_keys: SigningKeys, stack: AsyncExitStack) -> SendBackend:
    from daemon.backends.send.session import Relay
    from daemon.backends.send.smtp import SmtpRelay, tls_context

    if settings.smtp_relay is None:
        raise Unusable("The send backend is smtp, and there is no relay: set POSTERN_SMTP_RELAY to its host:port.")
    password = secret("smtp_relay_password", settings.smtp_relay_password, settings.smtp_relay_password_file)
    encrypted = settings.smtp_relay_security != "none"
    if password is not None and not encrypted and not is_loopback(settings.smtp_relay.host):
        raise Unusable("A password is not sent in the clear: set POSTERN_SMTP_RELAY_SECURITY to starttls or tls.")
    if (settings.smtp_relay_user is None) != (password is None):
        raise Unusable("POSTERN_SMTP_RELAY_USER and the relay's password belong together: set both or none.")
    ca = None if settings.smtp_relay_ca is None else str(settings.smtp_relay_ca)
    try:
        tls = tls_context(ca) if encrypted else None
    except OSError as problem:  # ssl.SSLError is one
        raise Unusable(f"POSTERN_SMTP_RELAY_CA: {ca} cannot be used: {problem}.") from None
    relay = Relay(
        at=settings.smtp_relay,
        helo=settings.smtp_relay_helo or settings.mail_host_name,
        tls=tls,
        tls_at_once=settings.smtp_relay_security == "tls",
        user=settings.smtp_relay_user,
        password=password,
    )
    backend = SmtpRelay(relay, settings.smtp_relay_connections, signing_keys)
    stack.push_async_callback(backend.close)
    return backend


def _azure(settings: Settings, clock: Clock, stack: AsyncExitStack) -> SendBackend:
    from daemon.backends.send.acs import AzureMail, endpoint_and_key  # what it stands on takes a while to load
    from daemon.backends.send.pacing import Pacing

    given = secret("acs_connection_string", settings.acs_connection_string, settings.acs_connection_string_file)
    if given is None:
        raise Unusable("The send backend is acs, and there is no resource: set POSTERN_ACS_CONNECTION_STRING.")
    try:
        endpoint, key = endpoint_and_key(given)
    except ValueError as problem:
        raise Unusable(f"POSTERN_ACS_CONNECTION_STRING cannot be used: {problem}.") from None
    pacing = Pacing(settings.acs_per_minute, settings.acs_per_hour, clock)
    backend = AzureMail(endpoint, key, pacing, settings.acs_default_sender)
    stack.push_async_callback(backend.close)
    return backend


def registry(settings: Settings, stack: AsyncExitStack) -> SenderRegistry | None:
    """Return what has to know each mailbox as a sender; None: nothing has to. Raises `Unusable`."""
    if settings.send_backend != "acs" or settings.acs_email_service is None:
        return None
    if settings.acs_default_sender is not None:
        raise Unusable("POSTERN_ACS_EMAIL_SERVICE and POSTERN_ACS_DEFAULT_SENDER exclude each other: unset one.")
    try:
        from azure.identity.aio import DefaultAzureCredential

        from daemon.backends.send.acs_senders import AzureSenders, email_service
    except ImportError:
        raise Unusable("POSTERN_ACS_EMAIL_SERVICE needs more packages: install postern[acs-senders].") from None
    try:
        service = email_service(settings.acs_email_service)
    except ValueError as problem:
        raise Unusable(f"POSTERN_ACS_EMAIL_SERVICE cannot be used: {problem}.") from None
    senders = AzureSenders(service, DefaultAzureCredential())
    stack.push_async_callback(senders.close)
    return senders
