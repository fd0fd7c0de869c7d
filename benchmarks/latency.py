"""From SMTP's 250 to the code in the caller's hand: by wait_for_email, and by the loop one would write instead."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from benchmarks.clients import Http, Mails, Smtp, connections
from benchmarks.rig import Rig

WAIT_SECONDS = 120
SETTLE_MAX_SECONDS = 120.0
POLL_SECONDS = 1.0
POLLERS = 10


@dataclass(frozen=True)
class Latency:
    """Milliseconds, as they came."""

    samples_ms: list[float]

    def percentile(self, percent: int) -> float:
        """Return the nearest-rank percentile."""
        ranked = sorted(self.samples_ms)
        return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


async def by_waiting(rig: Rig, mails: Mails, waiters: int, samples: int) -> Latency:
    """One mail at a time to one of `waiters` sleeping agents, each on a mailbox of its own."""
    clients = await connections(rig.http, rig.key, waiters)
    for number, client in enumerate(clients):
        await wait_for(client, rig.addresses[number])
    await asleep(rig, waiters)
    smtp = await Smtp.connect(rig.smtp)
    await smtp.greet()
    dice, times = random.Random(1), []
    for _ in range(samples):
        number = dice.randrange(waiters)
        code, raw = mails.next()
        (found, arrived), accepted = await asyncio.gather(
            clients[number].answer(), smtp.deliver(rig.addresses[number], raw)
        )
        assert found["extracted"]["otp_code"] == code, found
        times.append(max(arrived - accepted, 0) * 1000)
        await wait_for(clients[number], rig.addresses[number])
        await asleep(rig, waiters)
    await smtp.quit()
    await _leave(rig, clients)
    return Latency(times)


async def by_waiting_together(rig: Rig, mails: Mails, waiters: int, rounds: int) -> Latency:
    """One mail to a mailbox on which all are waiting; every one of them is counted."""
    address, times = rig.addresses[0], []
    clients = await connections(rig.http, rig.key, waiters)
    smtp = await Smtp.connect(rig.smtp)
    await smtp.greet()
    for _ in range(rounds):
        for client in clients:
            await wait_for(client, address)
        await asleep(rig, waiters)
        code, raw = mails.next()
        delivery = asyncio.create_task(smtp.deliver(address, raw))
        answers = await asyncio.gather(*(client.answer() for client in clients))
        accepted = await delivery
        for found, arrived in answers:
            assert found["extracted"]["otp_code"] == code, found
            times.append(max(arrived - accepted, 0) * 1000)
    await smtp.quit()
    await _leave(rig, clients)
    return Latency(times)


async def by_polling(rig: Rig, mails: Mails, rounds: int) -> Latency:
    """A loop that lists the messages every second and then shows the new one, at a random moment of its second."""
    dice, times = random.Random(2), []

    async def poll(number: int) -> None:
        address = rig.addresses[number]
        [client] = await connections(rig.http, rig.key, 1)
        smtp = await Smtp.connect(rig.smtp)
        await smtp.greet()
        seen = {one["id"] for one in (await client.call("GET", f"/v1/inboxes/{address}/messages"))["data"]}
        for _ in range(rounds):
            code, raw = mails.next()
            delivery = asyncio.create_task(_deliver_later(smtp, dice.uniform(0, POLL_SECONDS), address, raw))
            new: list[str] = []
            while not new:
                await asyncio.sleep(POLL_SECONDS)
                listed = await client.call("GET", f"/v1/inboxes/{address}/messages")
                new = [one["id"] for one in listed["data"] if one["id"] not in seen]
            seen.update(new)
            await client.ask("GET", f"/v1/messages/{new[0]}")
            shown, arrived = await client.answer()
            assert shown["extracted"]["otp_code"] == code, shown
            times.append(max(arrived - await delivery, 0) * 1000)
        await smtp.quit()
        await client.close()

    await asyncio.gather(*(poll(number) for number in range(POLLERS)))
    return Latency(times)


async def sleeping(rig: Rig, waiters: int) -> int:
    """Return the daemon's memory in KiB while that many agents wait."""
    clients = await connections(rig.http, rig.key, waiters)
    for number, client in enumerate(clients):
        await wait_for(client, rig.addresses[number])
    await asleep(rig, waiters)
    rss = rig.rss_kib
    await _leave(rig, clients)
    return rss


async def _deliver_later(smtp: Smtp, seconds: float, address: str, raw: bytes) -> float:
    await asyncio.sleep(seconds)
    return await smtp.deliver(address, raw)


async def wait_for(client: Http, address: str) -> None:
    await client.ask("POST", f"/v1/inboxes/{address}/wait", {"timeout_seconds": WAIT_SECONDS})


async def asleep(rig: Rig, waiters: int) -> None:
    """Return once that many waits are in progress: it is the wake-up that is measured, not a look into the store."""
    async with asyncio.timeout(SETTLE_MAX_SECONDS):
        while await asyncio.to_thread(_active, rig) != waiters:
            pass


def _active(rig: Rig) -> int:
    return int(rig.daemon.operator("GET", "/v1/stats").json["waits_active"])


async def _leave(rig: Rig, clients: list[Http]) -> None:
    for client in clients:
        await client.close()
    await asleep(rig, 0)
