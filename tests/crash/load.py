"""Clients that keep a daemon busy until it is gone, and remember what it acknowledged."""

from __future__ import annotations

import http.client
import json
import random
import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support import RunningDaemon, mail

CLIENT_MAX_SECONDS = 30
MAILS_PER_SESSION_MAX = 8
TEXT_MAX_LINES = 120
MOMENTS = ("mail handed over", "mail acknowledged", "mailbox asked for", "mailbox acknowledged", "wait answered")


@dataclass
class World:
    """Whose mailboxes they are: one key with room, one that is soon used up, and the addresses that get mail."""

    wide: str
    narrow: str
    narrow_max: int
    addresses: list[str]

    @classmethod
    def settle(cls, daemon: RunningDaemon, *, narrow_max: int = 6, mailboxes: int = 3) -> World:
        """Make a world in an empty daemon."""
        tenant = daemon.tenant()
        wide = daemon.agent(tenant, max_mailboxes=5_000)["agent_key"]
        narrow = daemon.agent(tenant, max_mailboxes=narrow_max)["agent_key"]
        addresses = [daemon.inbox(wide)["address"] for _ in range(mailboxes)]
        return cls(wide, narrow, narrow_max, addresses)


@dataclass
class Kept:
    """What clients were told, or asked for without hearing the answer."""

    mails: dict[str, bytes] = field(default_factory=dict)  # by token: got its 250
    tried_mails: set[str] = field(default_factory=set)
    mailboxes: dict[str, tuple[str, int]] = field(default_factory=dict)  # by client_id: id and audit line
    tried_mailboxes: dict[str, str] = field(default_factory=dict)  # client_id → the key that asked
    waited: set[str] = field(default_factory=set)  # ids of messages that a wait answered with


class Load:
    """SMTP clients, creators and waiters in threads. At the `after`-th passing of `moment`, `strike` is called."""

    def __init__(
        self,
        daemon: RunningDaemon,
        world: World,
        kept: Kept,
        *,
        seed: int,
        strike: Callable[[], None] = lambda: None,
        moment: str = "mail acknowledged",
        after: int = 0,
    ) -> None:
        self._daemon, self._world, self._kept = daemon, world, kept
        self._strike, self._moment, self._left = strike, moment, after
        self._lock = threading.Lock()
        self._unexpected: list[BaseException] = []
        jobs = [self._send, self._send, self._send, self._create, self._create, self._wait, self._wait]
        self._threads = [
            threading.Thread(target=self._until_gone, args=(job, random.Random(f"{seed} {number}")))
            for number, job in enumerate(jobs)
        ]

    def run(self) -> None:
        """Go on until the daemon is gone for every client."""
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join(CLIENT_MAX_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), "a client was left hanging"
        assert not self._unexpected, self._unexpected

    def _until_gone(self, job: Callable[[random.Random], None], dice: random.Random) -> None:
        try:
            while True:
                job(dice)
        except (OSError, smtplib.SMTPException, http.client.HTTPException):
            pass  # the daemon is gone; SMTPException is an OSError, too
        except BaseException as error:  # noqa: BLE001  raised in `run`
            self._unexpected.append(error)

    def _passed(self, moment: str) -> None:
        if moment != self._moment:
            return
        with self._lock:
            self._left -= 1
            if self._left != 0:
                return
        self._strike()

    def _send(self, dice: random.Random) -> None:
        with smtplib.SMTP(*self._daemon.smtp, timeout=CLIENT_MAX_SECONDS) as server:
            server.ehlo_or_helo_if_needed()
            for _ in range(dice.randint(1, MAILS_PER_SESSION_MAX)):
                token = f"mail-{dice.getrandbits(64):016x}"
                address = dice.choice(self._world.addresses)
                raw = _crlf(mail(address, subject=token, text=_text(dice, token)))
                self._kept.tried_mails.add(token)
                for command in ("MAIL FROM:<load@foreign.test>", f"RCPT TO:<{address}>", "DATA"):
                    code, answer = server.docmd(command)
                    if code not in (250, 354):
                        raise smtplib.SMTPResponseException(code, answer)
                server.send(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                self._passed("mail handed over")
                code, answer = server.getreply()
                if code != 250:
                    raise smtplib.SMTPResponseException(code, answer)
                self._kept.mails[token] = raw
                self._passed("mail acknowledged")

    def _create(self, dice: random.Random) -> None:
        client_id = f"box-{dice.getrandbits(64):016x}"
        key = dice.choice((self._world.wide, self._world.wide, self._world.narrow))
        self._kept.tried_mailboxes[client_id] = key
        self._passed("mailbox asked for")
        answer = self._daemon.call("POST", "/v1/inboxes", {"client_id": client_id}, key=key)
        if answer.status == 503:
            raise ConnectionError("stopping")
        if answer.status == 409:
            assert answer.code == "enrollment_token_exhausted"
            assert key == self._world.narrow
            return
        assert answer.status == 201, answer.body
        self._kept.mailboxes[client_id] = (answer.json["id"], int(answer.headers["X-Postern-Audit"]))
        self._passed("mailbox acknowledged")

    def _wait(self, dice: random.Random) -> None:
        path = f"/v1/inboxes/{dice.choice(self._world.addresses)}/wait"
        answer = self._daemon.call("POST", path, {"timeout_seconds": CLIENT_MAX_SECONDS}, key=self._world.wide)
        if answer.status == 503:
            raise ConnectionError("stopping")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = json.loads(answer.body)
        assert not found["timed_out"]
        self._kept.waited.add(found["message"]["id"])
        self._passed("wait answered")


def _text(dice: random.Random, token: str) -> str:
    lines = [f"{token} line {number} {dice.getrandbits(256):064x}" for number in range(dice.randint(1, TEXT_MAX_LINES))]
    return "\n".join(["Your verification code is 482913.", *lines, ""])


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
