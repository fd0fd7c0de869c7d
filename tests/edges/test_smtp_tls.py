from __future__ import annotations

import datetime as dt
import ipaddress
import smtplib
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.conftest import Start
from tests.edges.support import World, a_world
from tests.support import RunningDaemon, mail

TIMEOUT_SECONDS = 20


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Make a certificate to throw away."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mx.postern.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@pytest.fixture
def secured(start: Start, certificate: tuple[Path, Path]) -> RunningDaemon:
    return start(TLS_CERT=str(certificate[0]), TLS_KEY=str(certificate[1]))


def subjects(daemon: RunningDaemon, world: World) -> list[str]:
    listed = daemon.call("GET", f"/v1/inboxes/{world.inbox}/messages", key=world.agent_key).json["data"]
    return [message["subject"] for message in listed if message["id"] != world.message]


def test_mail_comes_over_starttls_and_without_and_nothing_is_injected_before_it(
    secured: RunningDaemon, certificate: tuple[Path, Path]
) -> None:
    world = a_world(secured)
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with smtplib.SMTP(*secured.smtp, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo("foreign.test")
        assert "starttls" in server.esmtp_features
        server.starttls(context=context)
        server.ehlo("foreign.test")
        assert "starttls" not in server.esmtp_features
        server.sendmail("a@foreign.test", [world.address], mail(world.address, subject="sealed"))
    secured.deliver(world.address, mail(world.address, subject="open"))
    assert subjects(secured, world) == ["open", "sealed"]

    injected = b"STARTTLS\r\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<" + world.address.encode() + b">\r\n"
    context.check_hostname = False
    with smtplib.SMTP(*secured.smtp, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo("foreign.test")
        assert server.sock is not None
        server.sock.sendall(injected)
        assert server.getreply()[0] == 220
        replies = b""
        with suppress(OSError), context.wrap_socket(server.sock) as sealed:  # ending the connection is an answer, too
            sealed.sendall(b"EHLO x\r\nDATA\r\nQUIT\r\n")
            while more := sealed.recv(1000):
                replies += more
        server.close()
        assert b"354" not in replies
    assert subjects(secured, world) == ["open", "sealed"]
    assert secured.stop() == 0
