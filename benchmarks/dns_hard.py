"""What a name server has to bear beside questions: changes, floods, a death, and secondaries that wait for news."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import truediv
from pathlib import Path

import dns.message

from benchmarks import dns_questions
from benchmarks.dns_servers import HOST, LOAD_CORE, Server
from daemon.backends.nameserver.feeder import Nameserver, Plan, of
from daemon.backends.protocols import Feed
from daemon.dns.link import Link
from tests.dns.support import DnsProcess, free_port
from tests.interop import test_dns_secondaries as secondaries
from zones.labels import to_text
from zones.packed import pack
from zones.zone import Zone, with_serial

CHANGES = (10, 100)  # a second
TURNS = 6
FLOOD_QUESTIONS, FLOOD_SOCKETS = 65_536, 64  # in flight, for most of a flood is never answered
FLOOD_ADDRESSES = {"one address": 1, "64 addresses": 64}
HONEST, HONEST_ASKERS = "127.0.0.2", 4
TRIES, TRY_SECONDS = 3, 2.0  # like dig, and kinder than resolvers are
DEATHS, NEWS = 5, 5


@dataclass
class Figures:
    """Of one server under one load: answers a second, and microseconds of processor for each."""

    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


Load = Callable[[Server, float], tuple[int, int, float]]
"""Puts load on a server for so many seconds; returns answers, lost questions, and how long it took."""


def said(server: Server, packet: bytes, patience_seconds: float = 5.0, source: str = HOST) -> tuple[object, ...]:
    """Return what an answer says: code, AA, and its sections in any order."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(patience_seconds)
        asking.bind((source, 0))
        asking.sendto(packet, (HOST, server.port))
        message = dns.message.from_wire(asking.recv(65535))
    sections = tuple(
        tuple(sorted(f"{one.name} {one.ttl} {data}".lower() for one in section for data in one))
        for section in (message.answer, message.authority)
    )
    return message.rcode(), message.flags & 0x0400, *sections


def while_changing(server: Server, zones: Sequence[Zone], load: Load, rounds: int, seconds: float) -> None:
    """Measure ours while zones change, beside ours while none does."""
    print(f"\n{'Ours, UDP, mixed, while':<32}{'answers/s':>10}{'kept':>8}{'CPU µs':>9}{'a change, ms':>14}")
    control = server.control
    assert control is not None
    kinds = (0, *CHANGES)
    figures = {kind: Figures() for kind in kinds}
    took_ms: dict[int, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds * TURNS):  # short ones, for the machine's pace changes from one second to the next
        for kind in kinds:
            with changing(control, zones, kind, took_ms[kind]):
                load(server, seconds / TURNS)  # what the turn before changed is asked for first
                before = server.cpu_seconds()
                received, _, took = load(server, seconds / TURNS)
                figures[kind].rates.append(received / took)
                figures[kind].cpu_us.append((server.cpu_seconds() - before) * 1e6 / received)
    for kind, one in figures.items():
        times = f"{statistics.median(took_ms[kind]):.2f}" if took_ms[kind] else ""
        title = f"{kind} zones change a second" if kind else "nothing changes"
        kept = f"{statistics.median(map(truediv, one.rates, figures[0].rates)):.1%}"
        print(f"  {title:<30}{one.rate:>10,.0f}{kept:>8}{statistics.median(one.cpu_us):>9.2f}{times:>14}")


@contextlib.contextmanager
def changing(control: Path, zones: Sequence[Zone], per_second: int, took_ms: list[float]) -> Iterator[None]:
    """Change zones at that pace while the block runs, each to a new key, and note how long each takes to be served."""
    done = threading.Event()
    count = 200
    names = [to_text(zones[number].origin).removesuffix(".") for number in range(count)]
    packed = [pack(dns_questions.zone(name, serial=2 + number % 7)) for number, name in enumerate(names)]

    async def change() -> None:
        link = await Link.connect(control)
        number, begun = 0, time.perf_counter()
        while per_second and not done.is_set():
            started = time.perf_counter()
            await link.put([packed[number % count]])
            packed[number % count], number = pack(zones[number % count]), number + 1
            took_ms.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
        await asyncio.to_thread(done.wait)
        await link.put([pack(one) for one in zones[:count]])
        await link.close()

    thread = threading.Thread(target=lambda: asyncio.run(change()))
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def under_flood(servers: Sequence[Server], home: Path, flood: Path, names: Sequence[str], seconds: int) -> None:
    """Flood each server with noise, and see whether its memory stays and others are still answered."""
    dns_questions.write(home / "garbage", dns_questions.garbage(names))
    title = f"Flooded for {seconds} s, others ask from {HONEST}"
    print(f"\n{title:<42}{'sent/s':>10}{'answered/s':>11}{'others':>8}{'1st try':>9}{'3 tries':>9}{'MiB':>12}")
    for kind, addresses in FLOOD_ADDRESSES.items():
        for server in servers:
            before, tries = server.memory_mib(), list[int]()
            words = [flood, server.port, home / "garbage", seconds, FLOOD_QUESTIONS, FLOOD_SOCKETS, addresses]
            with subprocess.Popen(
                ["taskset", "-c", LOAD_CORE, *map(str, words)], stdout=subprocess.PIPE, text=True
            ) as flooding:
                ended = threading.Event()
                askers = [
                    threading.Thread(target=_ask, args=(server, names, ended, tries)) for _ in range(HONEST_ASKERS)
                ]
                for one in askers:
                    one.start()
                assert flooding.stdout is not None
                _, sent, received, _, _ = map(int, flooding.stdout.read().split())
                ended.set()
                for one in askers:
                    one.join()
            first, answered = tries.count(1) / len(tries), 1 - tries.count(0) / len(tries)
            print(
                f"  {server.name + ', from ' + kind:<40}{sent // seconds:>10,}{received // seconds:>11,}{len(tries):>8}"
                f"{first:>9.1%}{answered:>9.1%}{before:>6.0f} → {server.memory_mib():.0f}"
            )


def _ask(server: Server, names: Sequence[str], ended: threading.Event, tries: list[int]) -> None:
    """Ask as an honest client does until the flood ends; note how many tries each question took, 0: no answer."""
    while not ended.is_set():
        packet = dns_questions.question(random.choice(names), "MX", number=random.randrange(65536))
        tries.append(0)
        place = len(tries) - 1
        for number in range(1, TRIES + 1):
            with contextlib.suppress(TimeoutError):
                said(server, packet, TRY_SECONDS, source=HONEST)
                tries[place] = number
                break
        time.sleep(0.01)


def killed(home: Path, zones: Sequence[Zone]) -> None:
    """Kill ours as the kernel does when memory is short, and see how long nobody answers."""

    async def measure(own: Path) -> list[float]:
        feeds = [Feed(pack(zone), to_text(zone.origin)) for zone in zones]
        plan = Plan(host=HOST, port=0, home=own, sockets=(own / "dns",), linger_seconds=30, rate_per_second=0)
        nameserver = Nameserver(plan, of(feeds))
        port = int((await nameserver.start()).rpartition(":")[2])
        took = []
        for _ in range(DEATHS):
            link = await Link.connect(own / "dns")
            pid = (await link.ask("hello"))["pid"]
            await link.close()
            begun = time.perf_counter()
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(_until_answered, port, zones[-1])
            took.append(time.perf_counter() - begun)
            await nameserver.stats()
        await nameserver.stop()
        return took

    with tempfile.TemporaryDirectory(dir=home) as name:
        took = asyncio.run(measure(Path(name)))
    print(f"\nOurs, killed with {len(zones):,} zones: answers again after {statistics.median(took):.2f} s", end="")
    print(f", at most {max(took):.2f} s")


def _until_answered(port: int, zone: Zone) -> None:
    packet = dns_questions.question(to_text(zone.origin).removesuffix("."), "SOA")
    while True:
        with contextlib.suppress(OSError):
            said(Server("", port, 0), packet, 0.05)
            return
        time.sleep(0.01)


def notified(home: Path) -> None:
    """Change a zone, and see how long a Knot DNS that was told of it needs to have it."""
    try:
        host, port = secondaries.SECONDARY, free_port(secondaries.SECONDARY)
        with tempfile.TemporaryDirectory(dir=home) as name:
            own = Path(name)
            (own / "primary").mkdir()
            primary = DnsProcess(own / "primary").start()
            try:
                took = _news(primary, own, host, port)
            finally:
                primary.stop()
    except BaseException as problem:
        if type(problem).__name__ not in ("Skipped", "Failed"):
            raise
        print(f"  {problem}: no secondary")
        return
    print(f"A secondary (Knot DNS) has a change after {statistics.median(took) * 1000:.0f} ms", end="")
    print(f", at most {max(took) * 1000:.0f} ms")


def _news(primary: DnsProcess, own: Path, host: str, port: int) -> list[float]:
    from tests.dns.support import zone

    primary.ask("keys", keys={"secondary": secondaries.SECRET})
    secondaries.tell(primary, host, port)
    primary.feed(zone())
    took = []
    with secondaries.running(secondaries.knot(own, port, primary.port, secondaries.SECRET), own) as log:
        secondaries.until(lambda: secondaries.serial_at(host, port) == 1, secondaries.START_MAX_SECONDS, log)
        for serial in range(2, 2 + NEWS):
            primary.put(with_serial(zone(), serial))
            has_it = _serial_is(host, port, serial)
            took.append(secondaries.until(has_it, secondaries.NOTIFIED_MAX_SECONDS, log))
    return took


def _serial_is(host: str, port: int, serial: int) -> Callable[[], bool]:
    return lambda: secondaries.serial_at(host, port) == serial
