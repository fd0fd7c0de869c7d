from __future__ import annotations

import re
import smtplib
import socket
from dataclasses import dataclass

import pytest

from tests.edges.support import NOWHERE, a_world, database_bytes
from tests.support import RunningDaemon, mail


@dataclass(frozen=True)
class Session:
    """A daemon that was used, stopped, and every secret that passed through it."""

    daemon: RunningDaemon
    keys: list[str]
    tokens: list[str]
    store: bytes


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    daemon = RunningDaemon(tmp_path_factory.mktemp("secrets") / "data", {"LOG_LEVEL": "debug"}).start()
    receipt = {"Prefer": "receipt"}
    world = a_world(daemon)
    minted = daemon.operator(
        "POST",
        "/v1/enrollment-tokens",
        {"tenant_id": world.tenant, "label": "x", "scopes": ["mailbox:read"], "max_mailboxes": 1},
        headers=receipt,
    ).json
    operator = daemon.operator("POST", "/v1/operators", {"name": "x"}, headers=receipt).json
    enrolled = daemon.call(
        "POST", "/v1/enroll", {"enrollment_token": minted["data"]["enrollment_token"]}, headers=receipt
    ).json
    further = daemon.operator("POST", f"/v1/agents/{world.agent}/keys", {}, headers=receipt).json
    hooked = daemon.call(
        "POST", "/v1/inboxes", {"inbound_webhook_url": NOWHERE, "client_id": "x"}, key=world.agent_key, headers=receipt
    ).json
    rotated = daemon.call("POST", f"/v1/webhooks/{world.webhook}/rotate", key=world.agent_key, headers=receipt).json
    answers = (minted, operator, enrolled, further, hooked, rotated)
    tokens = [answer["link"]["url"].rpartition("/")[2] for answer in answers]
    keys = [
        world.agent_key,
        world.enrollment_token,
        minted["data"]["enrollment_token"],
        operator["data"]["operator_key"],
        enrolled["data"]["agent_key"],
        further["data"]["agent_key"],
        hooked["data"]["webhook"]["secret"],
        rotated["data"]["secret"],
    ]
    for token in tokens:
        for method in ("GET", "POST", "POST", "PUT"):
            daemon.call(method, f"/l/{token}")
    for secret in [*keys, *tokens]:
        misplace(daemon, world.address, secret)
    daemon.call("GET", "/v1/whoami", key=world.agent_key)
    daemon.call("POST", f"/v1/inboxes/{world.inbox}/wait", {"timeout_seconds": 0}, key=world.agent_key)
    store = database_bytes(daemon)
    assert daemon.stop() == 0
    return Session(daemon, keys, tokens, store + database_bytes(daemon))


def misplace(daemon: RunningDaemon, address: str, secret: str) -> None:
    """Put a secret where it does not belong."""
    for path in (f"/{secret}", f"/v1/inboxes/{secret}", f"/v1/messages/{secret}", f"/v1/inboxes?cursor={secret}"):
        daemon.call("GET", path)
        daemon.call("GET", path, key=secret)
    for path in (f"/l/{secret}/x", f"/l/x{secret}", f"/l?token={secret}", f"//l/{secret}"):
        daemon.call("POST", path, {"secret": secret})
    daemon.call("GET", "/v1/whoami", headers={"Authorization": f"Basic {secret}", "X-Key": secret, "Referer": secret})
    daemon.call("POST", "/v1/inboxes", {"username": secret, secret: secret}, headers={"Idempotency-Key": secret})
    daemon.call("POST", "/v1/enroll", {"enrollment_token": secret[:-1]})
    spoiled = secret[:4] + "\x01" + secret[4:]
    host, _, port = daemon.ready["http"].rpartition(":")
    for request in (
        f"GET /l/{secret} HTTP/9.9\r\n\r\n",
        f"GET /{spoiled} HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization: Bearer {spoiled}\r\n\r\n",
        f"{secret} / HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nContent-Length: {secret}\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(request.encode())
            assert connection.recv(10_000)
    with smtplib.SMTP(*daemon.smtp, timeout=10) as server:
        for command in (f"HELO {secret}", f"AUTH PLAIN {secret}", secret, f"VRFY {secret}", f"MAIL FROM:<{secret}>"):
            server.docmd(command)
    daemon.deliver(address, mail(address, subject="no secret here"))


def pieces(secret: str) -> list[str]:
    """Return the parts of a key that are secret; all of a token is."""
    return [secret.rpartition("_")[2]] if secret.startswith(("pk_", "whsec_")) else [secret, secret[16:]]


def test_no_key_and_no_token_is_in_the_log(session: Session) -> None:
    log = session.daemon.log
    assert '"route": "/l/{token}"' in log
    for secret in [*session.keys, *session.tokens]:
        for piece in pieces(secret):
            assert piece not in log
            assert piece[8:] not in log


def test_no_key_and_no_token_is_in_the_store(session: Session) -> None:
    """At rest there are digests; what a link is to reveal is sealed."""
    for secret in [*session.keys, *session.tokens]:
        for piece in pieces(secret):
            assert piece.encode() not in session.store
    assert re.search(rb"pk_[a-z]+_[a-z2-7]{24}_[a-z2-7]{20}", session.store) is None


def test_nothing_unexpected_happened(session: Session) -> None:
    assert "unexpected error" not in session.daemon.log
    assert '"status": 500' not in session.daemon.log


def test_every_line_of_the_log_is_one_json_object(session: Session) -> None:
    assert all(line.startswith('{"time": ') for line in session.daemon.log.splitlines())
