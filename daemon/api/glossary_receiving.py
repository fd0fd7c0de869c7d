"""The part of the glossary that is about where mail comes from. Standard library only."""

from __future__ import annotations

from typing import Any

_MADE_UP: Any = ...

RECEIVING: dict[str, tuple[str, Any]] = {
    "backend": ("The receive backend.", "wildduck"),
    "imap": ("How a mail program reads the mailbox; null where it cannot.", _MADE_UP),
    "lmtp": ("Where a relay hands mail over by LMTP.", None),
    "ImapLogin.host": ("The IMAP server.", "imap.example.com"),
    "ImapLogin.password": ("The password; of this mailbox alone.", "zed7xnebozpa3k2z35uhuvsla2ga3jfg"),
    "ImapLogin.port": ("Its port.", 993),
    "ImapLogin.security": ("`tls` from the start, `starttls`, or `none`.", "tls"),
    "ImapLogin.username": ("The name to log in with.", "postern-jnamuaylt7jaflxx5kzghcig"),
}
