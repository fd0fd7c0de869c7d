"""What the interop tests share: one daemon with a certificate, an agent and a mailbox."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.signing import certificate
from tests.support import RunningDaemon

MESSAGE_MAX_BYTES = 100_000
HOST = "mx.postern.test"


@dataclass
class Place:
    """A daemon that knows TLS, and a mailbox in it."""

    daemon: RunningDaemon
    key: str
    address: str
    certificate: Path

    def messages(self) -> list[dict[str, Any]]:
        """Return what the mailbox holds, newest first."""
        answer = self.daemon.call("GET", f"/v1/inboxes/{self.address}/messages", key=self.key)
        listed: list[dict[str, Any]] = answer.json["data"]
        return listed

    def message(self, subject: str) -> dict[str, Any]:
        """Return the one message with this subject, whole."""
        [summary] = [one for one in self.messages() if one["subject"] == subject]
        whole: dict[str, Any] = self.daemon.call("GET", f"/v1/messages/{summary['id']}", key=self.key).json
        return whole


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, certify: Callable[[Path], Path]) -> Iterator[RunningDaemon]:
    home = tmp_path_factory.mktemp("i")
    certificate = certify(home)
    settings = {
        "TLS_CERT": str(certificate),
        "TLS_KEY": str(certificate.with_suffix(".key")),
        "MAX_MESSAGE_BYTES": str(MESSAGE_MAX_BYTES),
        "MAIL_HOST": HOST,
    }
    running = RunningDaemon(home / "data", settings).start()
    yield running
    running.stop()


@pytest.fixture
def place(secured: RunningDaemon) -> Place:
    """A mailbox of this test's own."""
    key = secured.agent()["agent_key"]
    return Place(secured, key, secured.inbox(key)["address"], Path(secured.settings["TLS_CERT"]))


@pytest.fixture(scope="module")
def certify() -> Callable[[Path], Path]:
    """Return what makes a self-signed certificate with its key beside it."""

    return lambda home: certificate(home, HOST)


@pytest.fixture
def run(program: Callable[[str], str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program that is not ours: `run("curl", …)`."""

    def begin(name: str, *arguments: object, input: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program(name), *(str(one) for one in arguments)],
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return begin
