"""A mail in one call, and the labelled mails in `mails.jsonl`, `fresh.jsonl` and `traps.jsonl`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

MAILS = Path(__file__).parent / "mails.jsonl"
# Written apart from the first, each labelled before it was ever read, in the layouts that services really send.
FRESH = Path(__file__).parent / "fresh.jsonl"
# Made to mislead: other numbers, old codes, codes for other things, quotes, forwards.
TRAPS = Path(__file__).parent / "traps.jsonl"


@dataclass(frozen=True)
class Case:
    """A message and its right answers.

    `accept` are other answers that are as good, `negative` says that there is nothing to be found, `held` that the
    mail was kept out of sight while the rules were made, and `flowed` that its text is `format=flowed; delsp=yes`.
    """

    name: str
    subject: str
    text: str | None = None
    html: str | None = None
    sender: str = "Service <no-reply@service.example>"
    code: str | None = None
    link: str | None = None
    credentials: tuple[tuple[str | None, str | None], ...] | None = None
    accept: tuple[str | None, ...] = ()
    charset: str = "utf-8"
    encoding: str | None = None
    negative: bool = False
    held: bool = False
    flowed: bool = False

    def raw(self) -> bytes:
        """The bytes of the message."""
        return build(
            self.subject,
            self.text,
            self.html,
            sender=self.sender,
            charset=self.charset,
            encoding=self.encoding,
            flowed=self.flowed,
        )


def cases(path: Path = MAILS) -> list[Case]:
    """All labelled mails of a file."""
    return [_case(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _case(data: dict[str, Any]) -> Case:
    logins = data.pop("credentials", None)
    accept = tuple(data.pop("accept", ()))
    return Case(credentials=tuple(tuple(pair) for pair in logins) if logins else None, accept=accept, **data)


def build(
    subject: str,
    text: str | None = None,
    html: str | None = None,
    *,
    sender: str = "Service <no-reply@service.example>",
    charset: str = "utf-8",
    encoding: str | None = None,
    headers: dict[str, str] | None = None,
    flowed: bool = False,
) -> bytes:
    """The bytes of a message with a text part, an HTML part or both."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = "agent@inbox.example"
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    message["Message-ID"] = "<1@service.example>"
    for name, value in (headers or {}).items():
        message[name] = value
    if text is not None:
        message.set_content(text, charset=charset, cte=encoding)
        if flowed:  # RFC 3676
            message.set_param("format", "flowed")
            message.set_param("delsp", "yes")
    if html is not None and text is not None:
        message.add_alternative(html, subtype="html", charset=charset, cte=encoding)
    elif html is not None:
        message.set_content(html, subtype="html", charset=charset, cte=encoding)
    return message.as_bytes()
