"""Many agents waiting over MCP: what each costs, how fast each is woken, and that none is left behind.

The load is in a process of its own and speaks by hand; beside each figure stands the same wait over REST.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import time
from typing import Any

from benchmarks.clients import Http, Mails, Smtp, connections
from benchmarks.first_light import figure, heading, percentiles
from benchmarks.latency import Latency, asleep, wait_for
from benchmarks.rig import Rig, started, workshop

WAITERS, SAMPLES, PER_SESSION = 1_000, 300, 50
WAIT_SECONDS = 280
OPEN_MAX_FILES = 8_192
LEGACY, MODERN = "2025-11-25", "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Host(Http):
    """A connection that speaks MCP; `session` is shared by the connections of one host."""

    session = ""
    number = 0

    async def wait(self, address: str) -> None:
        """Ask for a mail; `answer` reads what comes."""
        self.number += 1
        params: dict[str, Any] = {
            "name": "wait_for_email",
            "arguments": {"addr": address, "timeout_seconds": WAIT_SECONDS},
        }
        headers = f"Mcp-Session-Id: {self.session}\r\nMCP-Protocol-Version: {LEGACY}\r\n"
        if not self.session:
            params["_meta"] = META
            headers = f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: tools/call\r\nMcp-Name: wait_for_email\r\n"
        # the address stands for the request's id: unique in its session
        await self.post(
            {"jsonrpc": "2.0", "id": f"{address} {self.number}", "method": "tools/call", "params": params}, headers
        )

    async def post(self, message: dict[str, Any], headers: str = "") -> None:
        """Send one message."""
        content = json.dumps(message).encode()
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.key}\r\n{headers}"
            "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        self.writer.write(head.encode() + content)
        await self.writer.drain()

    async def answer(self, expected: int = 200) -> tuple[Any, float]:
        """Return the data of the answer, from a body or a stream, and the instant at which it was here."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 "), head
        if b"content-length:" in head:
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            text = (await self.reader.readexactly(length)).decode()
        else:
            while b"structuredContent" not in (line := await self.reader.readline()):
                assert line, "the connection ended"
            text = line.decode().removeprefix("data:").strip()
        arrived = time.perf_counter()
        return json.loads(text)["result"]["structuredContent"], arrived


async def hosts(rig: Rig, count: int, *, sessions: bool) -> list[Host]:
    """Open that many connections, in sessions of 2025-11-25, or without any as 2026-07-28 has it."""
    opened: list[Host] = []
    session = ""
    for number in range(count):
        host = await Host.connect(rig.http)
        host.key = rig.key
        if sessions and number % PER_SESSION == 0:
            session = await begin(rig)
        host.session = session
        opened.append(host)
    return opened


async def begin(rig: Rig) -> str:
    """Open a session and return its id."""
    host = await Host.connect(rig.http)
    host.key = rig.key
    info = {"name": "benchmark", "version": "1"}
    params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": info}
    await host.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
    head = await host.reader.readuntil(b"\r\n\r\n")
    session = head.lower().partition(b"mcp-session-id:")[2].partition(b"\r\n")[0].strip().decode()
    await host.reader.readuntil(b"\r\n0\r\n\r\n")  # whoever hangs up earlier has no session
    await host.close()
    return session


async def measured(rig: Rig, mails: Mails, clients: list[Any], samples: int) -> tuple[Latency, float]:
    """Let all wait; return how fast those are woken whose mail comes, and what each waiting one holds in KiB."""
    before_kib = rig.rss_kib
    for number, client in enumerate(clients):
        await begun(client, rig.addresses[number])
    await asleep(rig, len(clients))
    held_kib = (rig.rss_kib - before_kib) / len(clients)
    smtp = await Smtp.connect(rig.smtp)
    await smtp.greet()
    dice, times = random.Random(3), []
    for _ in range(samples):
        number = dice.randrange(len(clients))
        code, raw = mails.next()
        (found, arrived), accepted = await asyncio.gather(
            clients[number].answer(), smtp.deliver(rig.addresses[number], raw)
        )
        assert found["extracted"]["otp_code"] == code, found
        times.append(max(arrived - accepted, 0) * 1000)
        if isinstance(clients[number], Host):  # a stream ends with its answer; another connection takes its place
            fresh = await Host.connect(rig.http)
            fresh.key, fresh.session, fresh.number = rig.key, clients[number].session, clients[number].number
            await clients[number].close()
            clients[number] = fresh
        await begun(clients[number], rig.addresses[number])
        await asleep(rig, len(clients))
    await smtp.quit()
    return Latency(times), held_kib


async def begun(client: Any, address: str) -> None:
    """Let one client wait, as it speaks."""
    await (client.wait(address) if isinstance(client, Host) else wait_for(client, address))


async def measure(rig: Rig, waiters: int, samples: int) -> None:
    """Measure each way of waiting, one after another."""
    mails = Mails()
    await rig.add_mailboxes(waiters)
    await begin(rig)  # the first request loads what MCP needs
    heading(f"From SMTP's 250 to the code, {waiters:,} waiting (ms)", f"{'p50':>7}{'p95':>9}{'p99':>9}{'n':>8}")
    ways: dict[str, list[Any]] = {}
    held: dict[str, float] = {}
    for title in ("REST", f"MCP {MODERN}, no sessions", f"MCP {LEGACY}, {PER_SESSION} to a session"):
        if title == "REST":
            clients: list[Any] = list(await connections(rig.http, rig.key, waiters))
        else:
            clients = list(await hosts(rig, waiters, sessions=LEGACY in title))
        found, held[title] = await measured(rig, mails, clients, samples)
        percentiles(title, found)
        ways[title] = clients
        begun_at = time.perf_counter()
        for client in clients:
            client.writer.transport.abort()
        await asleep(rig, 0)
        figure("  all hung up: none is left after", f"{time.perf_counter() - begun_at:.2f} s")
    heading("Memory that each waiting one holds", "")
    for title, kib in held.items():
        figure(title, f"{kib:.1f} KiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--waiters", type=int, default=WAITERS)
    given = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_MAX_FILES, hard), hard))
    with workshop() as home, started(home) as rig:
        asyncio.run(measure(rig, given.waiters, 30 if given.quick else SAMPLES))


if __name__ == "__main__":
    main()
