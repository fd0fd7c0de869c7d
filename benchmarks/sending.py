"""Sending, measured: how many mails are taken and delivered between mailboxes, and how soon one is in the other's hand.

Everything is on the loopback, the load in a process of its own, and every answer is checked.

    python -m benchmarks.sending [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass

from benchmarks.clients import Http, connections
from benchmarks.latency import Latency
from benchmarks.rig import Rig, fsync_ms, started, workshop

WAIT_SECONDS = 60
SETTLE_MAX_SECONDS = 60.0


@dataclass(frozen=True)
class Amount:
    """How much is measured."""

    seconds: float
    samples: int


WHOLE, QUICK = Amount(5.0, 300), Amount(0.5, 30)


@dataclass(frozen=True)
class Rate:
    """Mails per second: taken (202), and in the other mailbox."""

    taken: float
    delivered: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, with figures to match")
    amount = QUICK if parser.parse_args().quick else WHOLE
    with workshop() as home, started(home) as rig:
        print(f"one fsync of 4 KiB here: {fsync_ms(home):.2f} ms")
        asyncio.run(measure(rig, amount))


async def measure(rig: Rig, amount: Amount) -> None:
    """Run every part."""
    await rig.add_mailboxes(34)
    for senders in (1, 16):
        rate = await rates(rig, senders, amount.seconds)
        print(f"{senders:2} senders: {rate.taken:6.0f} mails/s taken, {rate.delivered:6.0f} mails/s delivered")
    latency = await from_send_to_wait(rig, amount.samples)
    print(f"send → the other's wait: p50 {latency.percentile(50):.2f} ms, p99 {latency.percentile(99):.2f} ms")


async def rates(rig: Rig, senders: int, seconds: float) -> Rate:
    """Send from so many mailboxes at once, each to another; count until all has arrived."""
    clients = await connections(rig.http, rig.key, senders)
    before, begun = _delivered(rig), time.perf_counter()
    deadline = begun + seconds

    async def work(number: int) -> int:
        count = 0
        path = f"/v1/inboxes/{rig.addresses[number]}/send"
        while time.perf_counter() < deadline:
            await clients[number].call("POST", path, _mail(rig.addresses[number + senders], count), expected=202)
            count += 1
        return count

    sent = sum(await asyncio.gather(*(work(number) for number in range(senders))))
    taken = sent / (time.perf_counter() - begun)
    async with asyncio.timeout(SETTLE_MAX_SECONDS):
        while await asyncio.to_thread(_delivered, rig) - before < sent:
            pass
    delivered = sent / (time.perf_counter() - begun)
    assert _delivered(rig) - before == sent, "a mail was delivered twice"
    for client in clients:
        await client.close()
    return Rate(taken, delivered)


async def from_send_to_wait(rig: Rig, samples: int) -> Latency:
    """One mail at a time to an agent that is asleep in its wait, from the sending of the request on."""
    [sender, waiter] = await connections(rig.http, rig.key, 2)
    ours, theirs, times = rig.addresses[0], rig.addresses[33], []
    for number in range(samples):
        await waiter.ask("POST", f"/v1/inboxes/{theirs}/wait", {"timeout_seconds": WAIT_SECONDS})
        await _asleep(rig)
        begun = time.perf_counter()
        _, (found, arrived) = await asyncio.gather(_send(sender, ours, theirs, number), waiter.answer())
        assert found["extracted"]["otp_code"] == _code(number), found
        times.append((arrived - begun) * 1000)
    await sender.close()
    await waiter.close()
    return Latency(times)


async def _send(sender: Http, ours: str, theirs: str, number: int) -> None:
    await sender.call("POST", f"/v1/inboxes/{ours}/send", _mail(theirs, number), expected=202)


def _mail(to: str, number: int) -> dict[str, str]:
    text = f"Hello,\n\nyour verification code is {_code(number)}.\n"
    return {"to": to, "subject": f"Your code {number}", "text": text, "html": f"<p>{text}</p>"}


def _code(number: int) -> str:
    return str(100_000 + number * 7_919 % 900_000)


def _delivered(rig: Rig) -> int:
    return int(rig.daemon.operator("GET", "/v1/stats").json["outbox"]["delivered"])


async def _asleep(rig: Rig) -> None:
    async with asyncio.timeout(SETTLE_MAX_SECONDS):
        while int((await asyncio.to_thread(rig.daemon.operator, "GET", "/v1/stats")).json["waits_active"]) != 1:
            pass


if __name__ == "__main__":
    main()
