"""Read one mail before the first one comes: word lists, suffix list and patterns are then in memory."""

from __future__ import annotations

import gc

from daemon.mail.extract import extract
from daemon.mail.parse import parse

_SAMPLE = (
    b"From: Postern <postern@example.com>\r\nSubject: Your code\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Your code is <b>482913</b>.</p>"
    b"<p><a href='https://login.example.com/verify?token=Zk3vQ8pL'>Sign in</a></p>\r\n"
)


def warm() -> None:
    """Parse and extract from a sample, and take what is then in memory out of the garbage collector's rounds.

    It stays for good, and to look through all of it would take longer than to read a mail.
    """
    extract(parse(_SAMPLE))
    gc.collect()
    gc.freeze()
