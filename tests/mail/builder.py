"""A mail in one call, and the labelled mails that were written with it (`mails_*.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP


@dataclass(frozen=True)
class Case:
    """A message and its right answers. `accept` are other answers that are as good; `held` keeps it out of tuning."""

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

    def raw(self) -> bytes:
        return build(
            self.subject, self.text, self.html, sender=self.sender, charset=self.charset, encoding=self.encoding
        )


def build(
    subject: str,
    text: str | None = None,
    html: str | None = None,
    *,
    sender: str = "Service <no-reply@service.example>",
    charset: str = "utf-8",
    encoding: str | None = None,
    headers: dict[str, str] | None = None,
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
    if html is not None and text is not None:
        message.add_alternative(html, subtype="html", charset=charset, cte=encoding)
    elif html is not None:
        message.set_content(html, subtype="html", charset=charset, cte=encoding)
    return message.as_bytes()
