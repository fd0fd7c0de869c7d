"""How long the daemon's event loop stands still while mail that was made to cost comes in by SMTP.

    python -m benchmarks.hostile [NAME …]

The daemon runs in this process, beside a heart that beats every millisecond; the mails are sent by another process.
A gap is the time between two beats beyond that millisecond: `wall` as a clock on the wall sees it, with whatever else
the machine did meanwhile, `own` what the loop's thread itself computed. Every answer of the receiver is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

from benchmarks.clients import BUFFER_BYTES, Smtp
from benchmarks.rig import workshop
from daemon.api.enrollment import EnrollmentKeyMint, EnrollRequest
from daemon.api.inboxes import InboxCreate
from daemon.api.operation import Scope
from daemon.api.tenants import TenantCreate
from daemon.app import running
from daemon.service.context import LOCAL_OPERATOR, NOBODY, Call, Source
from daemon.service.services import Services
from daemon.settings import HostPort, Settings
from tests.mail.hostile import HOSTILE, ON_THE_WIRE

BEAT_SECONDS = 0.001
ROUNDS = 3
AIM_MS = 50
MAILS = HOSTILE | ON_THE_WIRE


class Heart:
    """Beats in the loop, and remembers the longest gaps: wall and own, in milliseconds."""

    def __init__(self) -> None:
        self.wall_ms = self.own_ms = 0.0

    async def beat(self) -> None:
        """Beat until cancelled."""
        wall, own = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now, used = time.perf_counter(), time.thread_time()
            self.wall_ms = max(self.wall_ms, (now - wall - BEAT_SECONDS) * 1000)
            self.own_ms = max(self.own_ms, (used - own) * 1000)
            wall, own = now, used


async def mailbox(services: Services) -> str:
    """Return the address of a new mailbox."""

    def call(principal: object = LOCAL_OPERATOR) -> Call:
        return Call(principal=principal, request_id="req_bench", source=Source.SYSTEM)  # type: ignore[arg-type]  # one of context's

    tenant = (await services.tenants.create(call(), TenantCreate(name="Bench"))).data
    mint = EnrollmentKeyMint(tenant_id=tenant.id, label="bench", scopes=[Scope.CREATE], max_mailboxes=1)
    minted = (await services.keys.mint(call(), mint)).data
    redeem = EnrollRequest(enrollment_token=minted.enrollment_token)
    enrolled = (await services.enrollment.redeem(call(NOBODY), redeem)).data
    agent = await services.access.authenticate(enrolled.agent_key)
    return (await services.inboxes.create(call(agent), InboxCreate())).data.address


async def measured(address: str, server: str, name: str) -> tuple[Heart, str]:
    """Send one mail; return the heart, and what the receiver said."""
    heart = Heart()
    words = (sys.executable, "-P", "-m", "benchmarks.hostile", "--send", server, address, name)
    sender = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert sender.stdout is not None
    await sender.stdout.readline()  # it has made the mail and is connected
    beating = asyncio.create_task(heart.beat())
    said = (await sender.stdout.read()).decode().strip()
    beating.cancel()
    await sender.wait()
    return heart, said


async def send(server: str, address: str, name: str) -> None:
    """Be the foreign server: print a line when all is ready, and then the answer to the mail."""
    raw = MAILS[name]
    wire = raw.replace(b"\r\n.", b"\r\n..") + (b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")
    smtp = await Smtp.connect(server)
    await smtp.greet()
    print("ready", flush=True)
    for line in (b"MAIL FROM:<a@b.example>", f"RCPT TO:<{address}>".encode(), b"DATA"):
        smtp.writer.write(line + b"\r\n")
        await smtp.reader.readline()
    for start in range(0, len(wire), BUFFER_BYTES):
        smtp.writer.write(wire[start : start + BUFFER_BYTES])
        await smtp.writer.drain()
    print((await smtp.reader.readline()).decode().strip(), flush=True)
    await smtp.close()


async def compare(home: Path, names: list[str]) -> None:
    """Measure each mail and print a line for it: of the rounds, the worst."""
    free = HostPort("127.0.0.1", 0)
    settings = Settings(data_dir=home / "data", http_listen=free, smtp_listen=free, log_level="error")
    worst_wall = worst_own = 0.0
    async with running(settings) as services:
        address, server = await mailbox(services), services.stats.listeners.smtp or ""
        await measured(address, server, "letters")  # whatever is done once is done
        print(f"{'longest gap, ms':34}{'wall':>8}{'own':>8}   answer")
        for name in names:
            rounds = [await measured(address, server, name) for _ in range(ROUNDS)]
            wall, own = (max(getattr(heart, kind) for heart, _ in rounds) for kind in ("wall_ms", "own_ms"))
            worst_wall, worst_own = max(worst_wall, wall), max(worst_own, own)
            print(f"{name:34}{wall:8.1f}{own:8.1f}   {rounds[-1][1]}", flush=True)
    verdict = "within" if worst_wall < AIM_MS else "over"
    print(f"\nworst: {worst_wall:.1f} ms on the wall, {worst_own:.1f} ms of its own: {verdict} the aim of {AIM_MS} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these mails, by how their name begins")
    parser.add_argument("--send", nargs=3, metavar=("SERVER", "ADDRESS", "NAME"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.send:
        asyncio.run(send(*asked.send))
        return
    names = [name for name in MAILS if not asked.names or name.startswith(tuple(asked.names))]
    os.environ.setdefault("PYTHONPATH", str(Path.cwd()))
    with workshop() as home:
        asyncio.run(compare(home, names))


if __name__ == "__main__":
    main()
