"""What reading costs in a mailbox of 100 messages, and in one of 10,000: the ratio is to stay near 1.

    python -m benchmarks.growth [--many 10000]

Half of the messages are one long thread, the others a thread each. Every figure is the median of fresh requests over
one kept connection, put to both mailboxes in turn; pages are so short that both fill them, and `wait` finds a stored
match among the newest.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from benchmarks.clients import Http, Smtp, connections
from benchmarks.rig import Rig, started, workshop
from tests.support import mail

FEW = 100
MANY = 10_000
PAGE_ROWS = 5
SAMPLES = 100
DELIVERERS = 8
EPOCH = "2020-01-01T00:00:00Z"
WORDS = "harbour lantern meadow orchard pebble quarry ribbon saddle thicket valley willow".split()

Ask = Callable[[Http], Awaitable[object]]


def composed(address: str, number: int) -> bytes:
    """Return one of the mails: words that are in many, one word of its own, every second an answer."""
    text = (
        f"{WORDS[number % len(WORDS)]} and more words, among them unique{number}.\nYour code is {100_000 + number}.\n"
    )
    long_thread = {"References": "<long@bench.test>"} if number % 2 else {}
    return mail(address, subject=f"Mail {number} of {WORDS[number % 7]}", text=text, headers=long_thread)


async def fill(rig: Rig, address: str, count: int) -> None:
    """Deliver that many mails over a few connections."""

    async def deliver(first: int) -> None:
        smtp = await Smtp.connect(rig.smtp)
        await smtp.greet()
        for number in range(first, count, DELIVERERS):
            await smtp.deliver(address, composed(address, number))
        await smtp.quit()

    await asyncio.gather(*(deliver(first) for first in range(DELIVERERS)))


async def once_ms(client: Http, ask: Ask) -> float:
    """Return the time of one request."""
    begun = time.perf_counter()
    await ask(client)
    return (time.perf_counter() - begun) * 1000


async def questions(client: Http, address: str) -> dict[str, Ask]:
    """Return what is asked of a mailbox, by name."""
    listed = (await client.call("GET", f"/v1/inboxes/{address}/threads?limit=2"))["data"]
    long = max(listed, key=lambda thread: int(thread["message_count"]))["id"]

    def get(path: str, **query: object) -> Ask:
        return lambda on: on.call("GET", f"{path}?{urlencode({'limit': PAGE_ROWS, **query})}")

    waiting = {"since": EPOCH, "timeout_seconds": 0}
    return {
        "list messages": get(f"/v1/inboxes/{address}/messages"),
        "list threads": get(f"/v1/inboxes/{address}/threads"),
        "show a long thread": get(f"/v1/threads/{long}"),
        "search, a word of many": get("/v1/search", q="harbour", inbox=address),
        "search, a word of one": get("/v1/search", q="unique42", inbox=address),
        "search, a beginning": get("/v1/search", q="lant*", inbox=address),
        "search, a sender": get("/v1/search", q="from:foreign.test code", inbox=address),
        "search, no such word": get("/v1/search", q="nowhere", inbox=address),
        "wait, a stored match": lambda on: on.call("POST", f"/v1/inboxes/{address}/wait", waiting),
    }


async def measured(rig: Rig, counts: tuple[int, ...]) -> list[dict[str, float]]:
    """Return each question's median by mailbox size."""
    await rig.add_mailboxes(len(counts))
    for address, count in zip(rig.addresses, counts, strict=True):
        await fill(rig, address, count)
    [client] = await connections(rig.http, rig.key, 1)  # now: the daemon closes what is idle for long
    asked = [await questions(client, address) for address in rig.addresses]
    found: list[dict[str, float]] = [{} for _ in counts]
    for name in asked[0]:
        times = [[await once_ms(client, ask[name]) for ask in asked] for _ in range(SAMPLES)]
        for of_size, samples in zip(found, zip(*times, strict=True), strict=True):
            of_size[name] = statistics.median(samples)
    await client.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--many", type=int, default=MANY, metavar="N", help=f"the larger mailbox; {MANY} unless told")
    many = parser.parse_args().many
    with workshop() as home, started(home) as rig:
        few_ms, many_ms = asyncio.run(measured(rig, (FEW, many)))
    print(f"{'':26}{FEW:>9,} {many:>10,}   ratio")
    for name, small in few_ms.items():
        print(f"{name:26}{small:6.2f} ms {many_ms[name]:7.2f} ms {many_ms[name] / small:6.2f}")


if __name__ == "__main__":
    main()
