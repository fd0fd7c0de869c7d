"""What counts as automatic mail (RFC 3834), and what a person may well have written."""

from __future__ import annotations

import pytest

from daemon.mail.automatic import is_automatic
from daemon.mail.parse import parse

AUTOMATIC = [
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated; owner-email=a@b.example",
    "AUTO-SUBMITTED: Auto-Notified (by cron)",
    "Auto-Submitted: something-new",
    "Precedence: bulk",
    "Precedence: List",
    "Precedence: auto_reply",
    "List-Id: <news.b.example>",
    "List-Unsubscribe: <mailto:off@b.example>",
    "List-Post: NO",
    "X-Auto-Response-Suppress: DR, OOF, AutoReply",
    "X-Auto-Response-Suppress: All",
    "X-Autoreply: yes",
    "X-Autorespond: hello",
    "Return-Path: <>",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
    "Auto-Submitted: =?utf-8?q?auto-replied?=",
]
PERSONAL = [
    "X-Nothing: here",
    "Auto-Submitted: no",
    "Auto-Submitted: No; comment=x",
    "Auto-Submitted: (nothing to see) ",
    "Precedence: first-class",
    "X-Auto-Response-Suppress: None",
    "X-Auto-Response-Suppress: DR, RN, NRN",
    "Return-Path: <a@b.example>",
    "Content-Type: multipart/mixed; boundary=x",
    "Subject: Auto-Submitted: auto-replied",
]


def judged(field: str, author: str = "a@b.example", envelope: str = "a@b.example") -> bool:
    return is_automatic(parse(f"From: {author}\r\n{field}\r\n\r\nhello\r\n".encode()), envelope)


@pytest.mark.parametrize("field", AUTOMATIC)
def test_automatic(field: str) -> None:
    assert judged(field)


@pytest.mark.parametrize("field", PERSONAL)
def test_personal(field: str) -> None:
    assert not judged(field)


@pytest.mark.parametrize(
    ("author", "envelope"),
    [
        ("a@b.example", ""),
        ("MAILER-DAEMON@b.example", "a@b.example"),
        ("Mail Delivery <mailer-daemon@b.example>", "a@b.example"),
        ("a@b.example", "MAILER-DAEMON@b.example"),
    ],
)
def test_reports_by_who_sent_them(author: str, envelope: str) -> None:
    assert judged("X-Nothing: here", author, envelope)


def test_a_field_in_the_text_says_nothing() -> None:
    assert not is_automatic(parse(b"From: a@b.example\r\n\r\nAuto-Submitted: auto-replied\r\n"), "a@b.example")
