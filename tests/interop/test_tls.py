from __future__ import annotations

import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable

import pytest

from tests.interop.conftest import HOST, Place

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.interop
def test_openssl_is_shown_our_certificate_after_starttls(run: Run, place: Place) -> None:
    host, port = place.daemon.smtp
    done = run(
        *("openssl", "s_client", "-starttls", "smtp", "-connect", f"{host}:{port}", "-name", "mail.foreign.test"),
        *("-CAfile", place.certificate, "-verify_hostname", HOST, "-verify_return_error"),
        input="QUIT\r\n",
    )
    assert done.returncode == 0, done.stderr
    assert "Verify return code: 0 (ok)" in done.stdout
    shown = run("openssl", "x509", "-noout", "-fingerprint", "-sha256", input=done.stdout).stdout
    ours = run("openssl", "x509", "-noout", "-fingerprint", "-sha256", input=place.certificate.read_text()).stdout
    assert shown == ours != ""


@pytest.mark.interop
def test_openssl_cannot_speak_an_old_protocol(run: Run, place: Place) -> None:
    host, port = place.daemon.smtp
    done = run(
        *("openssl", "s_client", "-starttls", "smtp", "-connect", f"{host}:{port}", "-tls1_1"),
        *("-cipher", "ALL:@SECLEVEL=0"),
        input="QUIT\r\n",
    )
    assert done.returncode != 0
    assert "Cipher is (NONE)" in done.stdout


def test_smtplib_delivers_over_verified_tls_to_two_mailboxes_at_once(place: Place) -> None:
    second = place.daemon.inbox(place.key)["address"]
    context = ssl.create_default_context(cafile=str(place.certificate))
    with smtplib.SMTP(*place.daemon.smtp, timeout=60) as server:
        server._host = HOST  # type: ignore[attr-defined]  # the name that the certificate is checked against
        server.starttls(context=context)
        refused = server.sendmail(
            "sender@foreign.test",
            [place.address, second, "nobody@foreign.test"],
            b"Subject: To two\r\n\r\nYour verification code is 391746.\r\n",
        )
    assert list(refused) == ["nobody@foreign.test"]
    assert refused["nobody@foreign.test"][0] == 550
    assert place.message("To two")["extracted"]["otp_code"] == "391746"
    listed = place.daemon.call("GET", f"/v1/inboxes/{second}/messages", key=place.key).json["data"]
    assert [one["subject"] for one in listed] == ["To two"]


def test_a_command_slipped_in_before_the_handshake_is_never_obeyed(place: Place) -> None:
    """RFC 3207, section 4.2: what came in clear is forgotten."""
    context = ssl.create_default_context(cafile=str(place.certificate))
    with socket.create_connection(place.daemon.smtp, timeout=60) as clear:
        _until(clear, b"220 ")
        clear.sendall(b"EHLO mail.foreign.test\r\n")
        _until(clear, b"250 ")
        clear.sendall(b"STARTTLS\r\nNOOP slipped in\r\n")
        _until(clear, b"220 ")
        with context.wrap_socket(clear, server_hostname=HOST) as secret:
            secret.sendall(b"HELP\r\n")
            assert _until(secret, b"2").startswith(b"250 Supported")


def test_nothing_is_offered_that_nobody_may_use(place: Place) -> None:
    with smtplib.SMTP(*place.daemon.smtp, timeout=60) as server:
        server.ehlo()
        assert {"size", "8bitmime", "smtputf8", "starttls", "pipelining"} <= server.esmtp_features.keys()
        server.starttls(context=ssl._create_unverified_context())  # noqa: S323  the certificate is checked above
        server.ehlo()
        assert not {"auth", "starttls"} & server.esmtp_features.keys()


def _until(connection: socket.socket, mark: bytes) -> bytes:
    """Read up to the line that begins with `mark`, and return it."""
    read = b""
    while not (read.endswith(b"\n") and read.splitlines()[-1].startswith(mark)):
        chunk = connection.recv(4096)
        assert chunk, read
        read += chunk
    return read.splitlines()[-1]
