"""A real daemon for tests: its own process, data directory and free ports, and the ways in."""

from __future__ import annotations

import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.declared import undeclared

START_MAX_SECONDS = 30
STOP_MAX_SECONDS = 30
REQUEST_MAX_SECONDS = 60
BARE_ENV = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.json["error"]["code"])


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("postern", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass
class RunningDaemon:
    """A daemon in a process of its own. `settings` are `POSTERN_*` names without the prefix."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    launcher: tuple[str, ...] = ("-P", "-m", "daemon")

    def __post_init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.ready: dict[str, Any] = {}

    @property
    def env(self) -> dict[str, str]:
        """The environment in which posternctl and the daemon see this data directory and nothing of the caller's."""
        own = {
            "DATA_DIR": str(self.data_dir),
            "HTTP_LISTEN": "127.0.0.1:0",
            "SMTP_LISTEN": "127.0.0.1:0",
            "DNS_LISTEN": "127.0.0.1:0",
            "DNS_WORKERS": "0",  # a process more, which most tests have no use for
            "DNS_LINGER": "20s",
            "CONFIG": str(self.data_dir.parent / "no-such-postern.toml"),
        } | self.settings
        return BARE_ENV | {f"POSTERN_{name}": value for name, value in own.items()}

    def start(self) -> RunningDaemon:
        """Start and wait until it is ready."""
        log = (self.data_dir.parent / f"{self.data_dir.name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *self.launcher, "run", "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self.env,
        )
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the daemon did not start:\n{self.log[-4000:]}")
        self.ready = json.loads(line)
        return self

    @property
    def log(self) -> str:
        """Everything that all runs wrote to stderr."""
        return (self.data_dir.parent / f"{self.data_dir.name}.log").read_text()

    @property
    def http(self) -> str:
        return f"http://{self.ready['http']}"

    @property
    def smtp(self) -> tuple[str, int]:
        host, _, port = self.ready["smtp"].rpartition(":")
        return host, int(port)

    @property
    def database(self) -> Path:
        return self.data_dir / "postern.db"

    def stop(self) -> int:
        """Stop gracefully and return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_MAX_SECONDS)
        self._drop()
        return code

    def kill(self) -> None:
        """Stop as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_MAX_SECONDS)
        self._drop()

    def _drop(self) -> None:
        assert self.process is not None
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def connection(self, *, local: bool = False, timeout: float = REQUEST_MAX_SECONDS) -> HTTPConnection:
        """Return a connection over HTTP, or over the control socket."""
        if local:
            return _UnixConnection(self.ready["socket"], timeout)
        host, _, port = self.ready["http"].rpartition(":")
        return HTTPConnection(host, int(port), timeout=timeout)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        local: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request. `body` is bytes as they are, or anything that becomes JSON."""
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        content: bytes | None = None
        if isinstance(body, bytes):
            content = body
        elif body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = self.connection(local=local)
        try:
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            stream = response.headers.get_content_type() == "text/event-stream"
            # A stream has no end: of it there is what comes first.
            answer = Answer(response.status, response.headers, response.readline() if stream else response.read())
        finally:
            connection.close()
        wrong = undeclared(method, path, answer.status, answer.body)
        assert wrong is None, wrong
        return answer

    def operator(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """Make one request over the control socket."""
        return self.call(method, path, body, local=True, **more)

    def ctl(
        self, *arguments: str, input: str | None = None, key: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run posternctl against this daemon; `key` makes it speak HTTP with that key."""
        env = dict(self.env)
        if key is not None:
            env |= {"POSTERN_API_KEY": key, "POSTERN_API_BASE_URL": self.http}
        return subprocess.run(
            [sys.executable, "-P", "-m", "postern_ctl", *arguments],
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=env,
            check=check,
            timeout=REQUEST_MAX_SECONDS,
        )

    def tenant(self, name: str = "Acme") -> str:
        """Create a tenant and return its id."""
        answer = self.operator("POST", "/v1/tenants", {"name": name})
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    def enrollment_key(self, tenant_id: str, **more: Any) -> dict[str, Any]:
        """Mint an enrollment key and return the answer."""
        body = {
            "tenant_id": tenant_id,
            "label": "test",
            "scopes": ["mailbox:create", "mailbox:read", "mailbox:send"],
            "max_mailboxes": 100,
        } | more
        answer = self.operator("POST", "/v1/enrollment-tokens", body)
        assert answer.status == 201, answer.body
        minted: dict[str, Any] = answer.json
        return minted

    def agent(self, tenant_id: str | None = None, handle: str = "default", **more: Any) -> dict[str, Any]:
        """Mint a key, redeem it, and return the redemption's answer with `tenant_id` and `enrollment_key_id`."""
        tenant_id = tenant_id or self.tenant()
        minted = self.enrollment_key(tenant_id, **more)
        body = {"enrollment_token": minted["enrollment_token"], "agent_handle": handle}
        answer = self.call("POST", "/v1/enroll", body)
        assert answer.status == 200, answer.body
        return {**answer.json, "tenant_id": tenant_id, "enrollment_key_id": minted["id"]}

    def inbox(self, key: str, **body: Any) -> dict[str, Any]:
        """Create a mailbox as an agent and return it."""
        answer = self.call("POST", "/v1/inboxes", body, key=key)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json
        return made

    def deliver(self, to: str | list[str], raw: bytes | None = None, *, sender: str = "sender@foreign.test") -> None:
        """Hand a mail to the SMTP port as a foreign server would; returns after the 250."""
        recipients = [to] if isinstance(to, str) else to
        content = raw if raw is not None else mail(recipients[0])
        with smtplib.SMTP(*self.smtp, timeout=REQUEST_MAX_SECONDS) as server:
            server.sendmail(sender, recipients, content)


def as_sent(stored: bytes) -> bytes:
    """Return a stored mail without the trace lines that the receiver put before it."""
    trace = re.match(rb"Return-Path: <[^\r\n]*>\r\nReceived: from [^\r\n]+\r\n\t[^\r\n]+;\r\n\t[^\r\n]+\r\n", stored)
    assert trace is not None, stored[:500]
    return stored[trace.end() :]


def cannot_run(why: str) -> NoReturn:
    """Skip a test that this machine cannot run, by what is missing; on CI, where nothing may be, fail it."""
    if os.environ.get("POSTERN_REQUIRE_INTEROP"):
        pytest.fail(why)
    pytest.skip(why)


def mail(
    to: str,
    *,
    subject: str = "Your verification code",
    text: str = "Your verification code is 482913.\n",
    sender: str = "Example <no-reply@foreign.test>",
    headers: Mapping[str, str] | None = None,
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """Compose a plain mail, perhaps with files."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    for name, content in (attachments or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes(policy=SMTP)
