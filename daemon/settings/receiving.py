"""The settings of mail that comes in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from daemon.settings.sending import SendingSettings
from daemon.settings.values import HostPort, host_port, names, one_of, path, place, setting, url

SECURITY = ("tls", "starttls", "none")


@dataclass(frozen=True, slots=True, kw_only=True, init=False, repr=False, eq=False)
class ReceivingSettings(SendingSettings):
    """Where mail comes from, and how that is reached. A part of `Settings`, which alone is made."""

    receive_backend: str = setting(
        "embedded",
        "where mail comes from: embedded (our own SMTP and LMTP), imap (an account that gets all mail), wildduck",
        read=one_of("embedded", "imap", "wildduck"),
    )
    smtp_listen: HostPort = setting(HostPort("127.0.0.1", 2525), "embedded mail receiver", read=host_port)
    lmtp_listen: HostPort | Path | None = setting(
        None, "embedded: LMTP for a relay of your own, host:port or the path of a socket; unset: none", read=place
    )
    imap_server: HostPort | None = setting(None, "imap: the server of the account that gets all mail", read=host_port)
    imap_security: str = setting("tls", "imap: tls, starttls or none", read=one_of(*SECURITY))
    imap_ca: Path | None = setting(None, "imap: certificates (PEM) that vouch for it; unset: the system's", read=path)
    imap_user: str | None = setting(None, "imap: user name of the account")
    imap_password: str | None = setting(None, "imap: its password", secret=True)
    imap_password_file: Path | None = setting(None, "imap: file that holds it instead, for us alone", read=path)
    imap_folders: tuple[str, ...] = setting(("INBOX",), "imap: folders that mail comes into", read=names)
    wildduck_url: str | None = setting(None, "wildduck: its REST API", read=url)
    wildduck_token: str | None = setting(None, "wildduck: its access token", secret=True)
    wildduck_token_file: Path | None = setting(None, "wildduck: file that holds it instead, for us alone", read=path)
    wildduck_imap: HostPort | None = setting(
        None, "wildduck: where mail programs read mailboxes by IMAP; unset: nowhere", read=host_port
    )
    wildduck_imap_security: str = setting("tls", "wildduck: tls, starttls or none", read=one_of(*SECURITY))
