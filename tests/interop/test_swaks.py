from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.conftest import MESSAGE_MAX_BYTES, Place

pytestmark = pytest.mark.interop
Run = Callable[..., subprocess.CompletedProcess[str]]
REFUSED_AT_DATA, REFUSED_AT_RCPT = 26, 24  # swaks' exit codes


def swaks(run: Run, place: Place, *arguments: object, to: str | None = None) -> subprocess.CompletedProcess[str]:
    """Deliver as a foreign server would."""
    host, port = place.daemon.smtp
    fixed = ("--server", host, "--port", port, "--from", "sender@foreign.test", "--helo", "mail.foreign.test")
    return run("swaks", *fixed, "--to", to or place.address, *arguments)


def test_a_plain_mail_arrives_as_it_was_sent(run: Run, place: Place) -> None:
    done = swaks(run, place, "--h-Subject", "Plain", "--body", "Your verification code is 204816.")
    assert done.returncode == 0, done.stdout
    message = place.message("Plain")
    assert message["from"] == "sender@foreign.test"
    assert message["to"] == [place.address]
    assert message["extracted"]["otp_code"] == "204816"


def test_starttls_is_offered_and_taken(run: Run, place: Place) -> None:
    done = swaks(run, place, "--tls", "--h-Subject", "Over TLS")
    assert done.returncode == 0, done.stdout
    assert "TLS started" in done.stdout
    assert place.message("Over TLS")


def test_an_attachment_comes_with_its_name_type_and_size(run: Run, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "ticket.pdf"
    file.write_bytes(bytes(range(256)) * 8)
    done = swaks(
        run, place, "--h-Subject", "Attached", "--body", "See the file.", "--attach-type", "application/pdf",
        "--attach", f"@{file}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    message = place.message("Attached")
    [attachment] = message["attachments"]
    assert (attachment["filename"], attachment["content_type"]) == ("ticket.pdf", "application/pdf")
    assert attachment["size_bytes"] == 2048
    assert message["text"].strip() == "See the file."


def test_an_unknown_recipient_is_refused_before_the_mail_is_sent(run: Run, place: Place) -> None:
    done = swaks(run, place, to=place.address.replace("@", "x@"))
    assert done.returncode == REFUSED_AT_RCPT, done.stdout
    assert "<** 550 5.1.1" in done.stdout
    assert "~> DATA" not in done.stdout.replace(" ", "")
    assert place.messages() == []


def test_a_mail_over_the_size_limit_is_refused(run: Run, place: Place, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_text(("x" * 76 + "\n") * (MESSAGE_MAX_BYTES // 76 + 10))
    done = swaks(run, place, "--body", f"@{body}")
    assert done.returncode == REFUSED_AT_DATA, done.stdout
    assert "<** 552" in done.stdout
    assert f"SIZE {MESSAGE_MAX_BYTES}" in done.stdout
    assert place.messages() == []


def test_pipelined_commands_are_answered_in_order(run: Run, place: Place) -> None:
    done = swaks(run, place, "--pipeline", "--h-Subject", "Pipelined")
    assert done.returncode == 0, done.stdout
    assert re.search(r" -> MAIL .*\n -> RCPT .*\n -> DATA\n<-  250 .*\n<-  250 .*\n<-  354 ", done.stdout), done.stdout
    assert place.message("Pipelined")
