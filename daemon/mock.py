"""The mock: the whole daemon on a throw-away store, where every wait gets its mail and every run is like the last.

Nothing in it is pretended but the world outside: services, store, SMTP and HTTP are the real ones. Ids and keys come
from counters, the clock stands still but for a step at each wait and each mail, and any enrollment key will do. It ends
with its stdin.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import smtplib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from daemon.api.enrollment import EnrollRequest
from daemon.api.models import model
from daemon.api.operations import BY_NAME, Scope
from daemon.api.waits import WaitRequest
from daemon.app import running
from daemon.clock import SECOND_MS, ManualClock, parse_iso
from daemon.ids import Ids
from daemon.keys import KEY_FILE_NAME, MASTER_KEY_BYTES
from daemon.service.context import LOCAL_OPERATOR, NOBODY, Call, Source
from daemon.service.services import Services
from daemon.settings import HostPort, Settings

BEGIN = "2026-01-15T09:00:00Z"
PUBLIC_URL = "http://mock.postern.test"
MOMENT_SECONDS = 0.2
STEP_SECONDS = 2
MAILBOXES_MAX = 1_000
SENDER_DOMAIN = "northwind.example"
_TEXT = """\
Hello,

{code} is your Northwind verification code. It is valid for 10 minutes.

Or confirm your address here:
https://{domain}/verify?token={token}
"""


class CountedIds(Ids):
    """Each kind of id is counted by itself, so that one more request changes no mailbox's address."""

    def __init__(self) -> None:
        super().__init__(lambda size: self._drawn("bytes", size))
        self._counts: Counter[str] = Counter()

    def new(self, prefix: str) -> str:
        """Return the next id of a kind."""
        return f"{prefix}_{self._letters(prefix, super().new(prefix))}"

    def bare(self) -> str:
        """Return the next id for the middle of a key."""
        return self._letters("bare", super().bare())

    def secret(self) -> str:
        """Return the next secret."""
        return self._letters("secret", super().secret())

    def local_part(self) -> str:
        """Return the next left side of an address."""
        return self._letters("local part", super().local_part())

    def _letters(self, kind: str, like: str) -> str:
        length = len(like.rpartition("_")[2])
        return base64.b32encode(self._drawn(kind, length)).decode().lower()[:length]

    def _drawn(self, kind: str, size: int) -> bytes:
        self._counts[kind] += 1
        return hashlib.shake_256(f"{kind} {self._counts[kind]}".encode()).digest(size)


class StandingClock(ManualClock):
    """The day stands still; durations are real."""

    def monotonic(self) -> float:
        return time.monotonic()


class MailedWaits:
    """The service of waits; a moment after one begins, the mail that it waits for is sent by SMTP."""

    def __init__(self, services: Services, clock: StandingClock) -> None:
        self._services, self._real, self._clock = services, services.waits, clock
        self._known: dict[str, tuple[str, WaitRequest]] = {}
        self._sent = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def wait(self, call: Call, address: str, request: WaitRequest) -> Any:
        """Wait, for a mail that will come."""
        inbox = await self._services.inboxes.get(call, address)
        self._clock.advance(seconds=STEP_SECONDS)  # what came for an earlier wait came earlier
        if request.wait_id is not None:
            self._known[request.wait_id] = (inbox.address, request)
        async with self._mailed(inbox.address, request):
            return await self._real.wait(call, address, request)

    async def resume(self, call: Call, wait_id: str, query: Any) -> Any:
        """Go on waiting, for a mail that will come."""
        address, request = self._known.get(wait_id, ("", None))
        if request is None:
            return await self._real.resume(call, wait_id, query)
        async with self._mailed(address, request):
            return await self._real.resume(call, wait_id, query)

    @asynccontextmanager
    async def _mailed(self, address: str, request: WaitRequest) -> AsyncIterator[None]:
        task = asyncio.create_task(self._mail(address, request))
        try:
            yield
        finally:
            task.cancel()

    async def _mail(self, address: str, request: WaitRequest) -> None:
        await asyncio.sleep(MOMENT_SECONDS)
        self._sent += 1
        mail, smtp = verification(address, request, self._sent), self._services.stats.listeners.smtp or ""
        self._clock.advance(seconds=STEP_SECONDS)
        await asyncio.to_thread(_send, smtp, mail)


class AnyEnrollment:
    """The service of enrollment, where any enrollment key stands for the one that there is."""

    def __init__(self, services: Services, token: str) -> None:
        self._real, self._token = services.enrollment, token

    async def redeem(self, call: Call, request: EnrollRequest) -> Any:
        """Redeem the one key."""
        return await self._real.redeem(call, request.model_copy(update={"enrollment_token": self._token}))

    async def holder(self, token: str) -> Any:
        """Tell who holds the one key."""
        return await self._real.holder(self._token)


def verification(address: str, request: WaitRequest, number: int) -> EmailMessage:
    """Return the mail that a wait is for: its sender and subject are those it asked for."""
    drawn = hashlib.sha256(f"mail {number}".encode()).digest()
    code, token = int.from_bytes(drawn[:8], "big") % 900_000 + 100_000, drawn[8:16].hex()
    mail, sender = EmailMessage(policy=SMTP), _sender(request.from_ or "Northwind")
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = " ".join((request.subject or "Verify your e-mail address").split())
    mail["Message-ID"] = f"<{token}@{SENDER_DOMAIN}>"
    mail.set_content(_TEXT.format(code=code, token=token, domain=sender.domain))
    return mail


def _sender(asked: str) -> Address:
    local, at, domain = asked.rpartition("@")
    with suppress(ValueError, IndexError):
        if at and domain:
            return Address("", local or "no-reply", domain)
        if "." in asked and " " not in asked:
            return Address("", "no-reply", asked.strip("."))
    return Address(" ".join(asked.split()), "no-reply", SENDER_DOMAIN)


def _send(smtp: str, mail: EmailMessage) -> None:
    host, _, port = smtp.rpartition(":")
    with smtplib.SMTP(host, int(port), f"mx.{SENDER_DOMAIN}", 10) as server:
        server.send_message(mail, f"no-reply@{SENDER_DOMAIN}")


async def serve() -> None:
    """Run until stdin ends; say on stdout, in one JSON line, where it is and which keys there are."""
    with tempfile.TemporaryDirectory(prefix="postern-mock-") as name:
        home = Path(name) / "data"
        home.mkdir(mode=0o700)
        key = base64.b64encode(hashlib.shake_256(b"master key").digest(MASTER_KEY_BYTES)).decode()
        with os.fdopen(os.open(home / KEY_FILE_NAME, os.O_CREAT | os.O_WRONLY, 0o600), "w") as target:
            json.dump({"current": "00000000", "keys": {"00000000": key}}, target)
        free = HostPort("127.0.0.1", 0)
        settings = Settings(
            data_dir=home, http_listen=free, smtp_listen=free, dns_workers=0, public_url=PUBLIC_URL, log_level="error"
        )
        clock = StandingClock(parse_iso(BEGIN) // SECOND_MS * SECOND_MS)
        async with running(settings, clock, CountedIds()) as services:
            told = await _furnished(services, clock)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


async def _furnished(services: Services, clock: StandingClock) -> dict[str, str]:
    """Make a tenant, an enrollment key and an agent; return the keys and where to come in."""
    operator = Call(principal=LOCAL_OPERATOR, request_id="req_mock", source=Source.SYSTEM)

    async def done(call: Call, operation_name: str, /, **fields: Any) -> Any:
        operation = BY_NAME[operation_name]
        asked = model(operation.request or "").model_validate_json(json.dumps(fields))
        return (await services.perform(call, operation, asked)).data

    tenant = await done(operator, "tenants.create", name="mock")
    minted = await done(
        operator,
        "keys.mint",
        tenant_id=tenant.id,
        label="mock",
        scopes=list(Scope),
        max_mailboxes=MAILBOXES_MAX,
        reusable=True,
        expires_at="2036-01-15T09:00:00Z",
    )
    nobody = Call(principal=NOBODY, request_id="req_mock", source=Source.SYSTEM)
    enrolled = await done(nobody, "enrollment.redeem", enrollment_token=minted.enrollment_token)
    services.waits = MailedWaits(services, clock)  # type: ignore[assignment]  # stands in for it
    services.enrollment = AnyEnrollment(services, minted.enrollment_token)  # type: ignore[assignment]  # likewise
    return {
        "socket": services.stats.listeners.socket,
        "http": services.stats.listeners.http or "",
        "enrollment_token": minted.enrollment_token,
        "agent_key": enrolled.agent_key,
    }
