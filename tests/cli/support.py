"""What the tests of the command line share."""

from __future__ import annotations

import json
import os
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

POSTERNCTL = (sys.executable, "-P", "-m", "postern_ctl")
NOWHERE = "http://127.0.0.1:1"  # nobody listens on port 1 of the loopback
SECRET = r"pk_(enroll|agent|operator)_[a-z0-9]+_[a-z0-9]+"


class Daemon(Protocol):
    """The running daemon that the fixture `daemon` gives."""

    data_dir: Path
    http: str
    smtp: tuple[str, int]
    env: dict[str, str]

    def ctl(
        self, *args: str, input: str | None = None, key: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run posternctl against it."""
        ...


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without its POSTERN_* settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_") and name != "COLUMNS"}
    return {**kept, "POSTERN_CONFIG": "/nowhere/postern.toml", **more}


def posternctl(
    *args: str, input: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run posternctl without any daemon."""
    return subprocess.run(
        [*POSTERNCTL, *args],
        input=input if input is not None else "",
        env=env or environment(POSTERN_DATA_DIR="/nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the one document on stdout."""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def data(done: subprocess.CompletedProcess[str]) -> Any:
    """Return the `data` of the one document on stdout."""
    return document(done)["data"]


def deliver(daemon: Daemon, address: str, subject: str, text: str) -> None:
    """Deliver a mail by SMTP, as a foreign server would."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Shop <no-reply@shop.example>", address, subject
    mail.set_content(text)
    with smtplib.SMTP(*daemon.smtp, local_hostname="mx.shop.example", timeout=10) as server:
        server.send_message(mail, "no-reply@shop.example", [address])
