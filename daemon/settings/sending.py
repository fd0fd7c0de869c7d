"""The settings of mail that goes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from daemon.settings.values import HostPort, addr_spec, domain, host_port, one_of, pairs, path, setting, whole


@dataclass(frozen=True, slots=True, kw_only=True, init=False, repr=False, eq=False)
class SendingSettings:
    """Who takes outgoing mail, how that is reached, how much it is given: a part of `Settings`, which alone is made."""

    send_backend: str = setting(
        "loopback",
        "who takes outgoing mail: loopback (only mailboxes here), smtp (a relay), acs (Azure)",
        read=one_of("loopback", "smtp", "acs"),
    )
    max_send_bytes: int = setting(10 * 1024 * 1024, "largest mail sent, whole", read=whole, unit="bytes")
    send_cap_first: int = setting(10, "sends a day of a mailbox on its first day", read=whole, unit="recipients")
    send_cap_full: int = setting(50, "sends a day of a mailbox in the end", read=whole, unit="recipients")
    send_cap_ramp_days: int = setting(28, "how long the first becomes the full cap", read=whole, unit="days")
    smtp_relay: HostPort | None = setting(None, "the relay that takes outgoing mail, host:port", read=host_port)
    smtp_relay_security: str = setting(
        "starttls", "how the relay is spoken to: starttls, tls, or none", read=one_of("starttls", "tls", "none")
    )
    smtp_relay_ca: Path | None = setting(
        None, "certificates (PEM) that vouch for the relay; unset: the system's", read=path
    )
    smtp_relay_user: str | None = setting(None, "user name at the relay; unset: no login")
    smtp_relay_password: str | None = setting(None, "password at the relay", secret=True)
    smtp_relay_password_file: Path | None = setting(None, "file that holds it instead, for us alone", read=path)
    smtp_relay_helo: str | None = setting(
        None, "name that we give to the relay; unset: the name of this mail host", read=domain
    )
    smtp_relay_connections: int = setting(10, "connections to the relay, at most", read=whole)
    acs_connection_string: str | None = setting(
        None, "connection string of an Azure Communication Services resource", secret=True
    )
    acs_connection_string_file: Path | None = setting(None, "file that holds it instead, for us alone", read=path)
    acs_per_minute: int = setting(30, "mails that the resource takes in a minute", read=whole)
    acs_per_hour: int = setting(100, "mails that the resource takes in an hour", read=whole)
    acs_events_secret: str | None = setting(
        None, "what Azure's delivery reports have to show at /hooks/acs; unset: none are taken", secret=True
    )
    acs_email_service: str | None = setting(
        None, "resource id of the email service that each mailbox is registered with as a sender; unset: none is"
    )
    acs_verifications: tuple[str, ...] = setting(
        (), "what Azure shows to verify each domain, domain=text with commas between; published in its zone", read=pairs
    )
    acs_default_sender: str | None = setting(
        None,
        "sender for mailboxes that cannot be registered; replies reach them by Reply-To; unset: none",
        read=addr_spec,
    )
