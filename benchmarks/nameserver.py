"""The name server beside NSD, Knot DNS, BIND and PowerDNS: same core, same zones, same questions.

    python -m benchmarks.nameserver [--quick] [--flood 60] [--many 100000]

Every server is started by hand on the loopback, on core 0; the load is on core 1. Before anything is measured, all have
to answer alike. Rounds alternate between the servers, figures are medians, and CPU time per answer stands beside each,
for others may load the machine. Our rate limit and counts are on. Needs a C compiler and the peers' programs; what is
missing is left out, and said.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import random
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dns.message

from benchmarks import dns_questions, dns_servers
from benchmarks.dns_servers import HOST, LOAD_CORE, PEERS, Server
from daemon.dns.link import Link
from zones.packed import pack
from zones.zone import Zone

ZONES = 1_000
WINDOW_QUESTIONS, SOCKETS = 512, 16
FLOOD_QUESTIONS = 65_536  # in flight, for most of a flood is never answered
ALIKE_SAMPLES = 300
TCP_CONNECTIONS, TCP_PIPELINED = 16, 50
CHANGES = (10, 100)  # a second
BAR_COLUMNS = 28
BARS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Amount:
    """How much is measured."""

    rounds: int
    seconds: float
    warm_seconds: float


WHOLE = Amount(rounds=3, seconds=3.0, warm_seconds=2.0)
QUICK = Amount(rounds=1, seconds=1.0, warm_seconds=1.0)


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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--many", type=int, default=0, help="also measure ours with that many zones")
    parser.add_argument("--flood", type=int, default=0, help="also flood ours with noise for that many seconds")
    parser.add_argument("--only", default=",".join(PEERS), help="peers, separated by commas")
    parser.add_argument("--loads", default="", help="words in the names of the loads that are wanted")
    given = parser.parse_args()
    amount = QUICK if given.quick else WHOLE
    print(f"{platform.platform()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the beginning")
    with tempfile.TemporaryDirectory(prefix="postern-dns-") as name, contextlib.ExitStack() as stack:
        home = Path(name)
        flood = compiled(home)
        names = dns_questions.names(ZONES)
        zones = [dns_questions.zone(one) for one in names]
        loads = prepared(home, flood, names)
        servers = [stack.enter_context(one) for one in starting(home, zones, given.only.split(","))]
        alike(servers, dns_questions.read(home / "mixed"))
        for title, load in loads.items():
            if all(word in title for word in given.loads.split()):
                show(title, measured(servers, load, amount))
        print()
        for server in servers:
            print(f"  {server.name:<12}{server.memory_mib():7.0f} MiB")
        if not given.loads or "change" in given.loads:
            while_changing(servers[0], zones, loads["UDP, mixed"], amount)
        if given.flood:
            under_flood(servers[0], home, flood, names, given.flood)
        if given.many:
            many(home, flood, given.many, amount)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def compiled(home: Path) -> Path:
    """Compile the load generator."""
    source, program = Path(__file__).with_name("flood.c"), home / "flood"
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    return program


def starting(
    home: Path, zones: Sequence[Zone], wanted: Sequence[str]
) -> Iterator[contextlib.AbstractContextManager[Server]]:
    """Yield every server, ours first; a peer that is not installed is told of and left out."""
    for name, start in {"postern": dns_servers.postern, **PEERS}.items():
        if name != "postern" and name not in wanted:
            continue
        (home / name).mkdir()
        try:
            if name != "postern":
                dns_servers.program({"knot": "knotd", "bind": "named", "powerdns": "pdns_server"}.get(name, name))
        except FileNotFoundError as problem:
            print(f"  {problem}: left out")
            continue
        yield start(home / name, zones)


def alike(servers: Sequence[Server], packets: Sequence[bytes]) -> None:
    """Hold that every server gives the same answers; else nothing that follows would mean anything."""
    for packet in random.Random(5).sample(list(packets), ALIKE_SAMPLES):
        answers = {server.name: said(server, packet) for server in servers}
        assert len(set(answers.values())) == 1, answers


def said(server: Server, packet: bytes, patience_seconds: float = 5.0) -> tuple[object, ...]:
    """Return what an answer says: code, AA, and its sections in any order."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(patience_seconds)
        asking.sendto(packet, (HOST, server.port))
        message = dns.message.from_wire(asking.recv(65535))
    sections = tuple(
        tuple(sorted(f"{one.name} {one.ttl} {data}".lower() for one in section for data in one))
        for section in (message.answer, message.authority)
    )
    return message.rcode(), message.flags & 0x0400, *sections


def prepared(home: Path, flood: Path, names: Sequence[str]) -> dict[str, Load]:
    """Write the questions, and return the loads by title."""
    files = {"mixed": dns_questions.mixed, "mixed case": dns_questions.mixed_case, "random": dns_questions.random_names}
    for name, questions in files.items():
        dns_questions.write(home / name, questions(names))
    pipelined = dns_questions.read(home / "mixed")
    return {
        "UDP, mixed": flooding(flood, home / "mixed"),
        "UDP, mixed case": flooding(flood, home / "mixed case"),
        "UDP, random names": flooding(flood, home / "random"),
        "TCP, pipelined": lambda server, seconds: asyncio.run(over_tcp(server, pipelined, seconds)),
    }


def flooding(flood: Path, questions: Path) -> Load:
    """Return the load of the closed-loop sender."""

    def load(server: Server, seconds: float) -> tuple[int, int, float]:
        words = [str(flood), str(server.port), str(questions), str(seconds), str(WINDOW_QUESTIONS), str(SOCKETS)]
        done = subprocess.run(["taskset", "-c", LOAD_CORE, *words], capture_output=True, text=True, check=True)
        _, _, received, lost, wrong = done.stdout.split()
        assert wrong == "0", done.stdout
        return int(received), int(lost), seconds

    return load


async def over_tcp(server: Server, packets: Sequence[bytes], seconds: float) -> tuple[int, int, float]:
    """Keep questions in flight over connections, from this process."""
    framed = [len(packet).to_bytes(2, "big") + packet for packet in packets]
    groups = [b"".join(framed[at : at + TCP_PIPELINED]) for at in range(0, len(framed), TCP_PIPELINED)]
    deadline, received = time.perf_counter() + seconds, 0

    async def ask(first: int) -> None:
        nonlocal received
        reader, writer = await asyncio.open_connection(HOST, server.port, limit=2**20)
        at, whole = first, b""
        while time.perf_counter() < deadline:
            writer.write(groups[at % len(groups)])
            at, missing = at + 1, TCP_PIPELINED
            while missing:
                whole += await reader.read(2**18)
                place, size = 0, len(whole)
                while place + 2 <= size and place + 2 + (whole[place] << 8 | whole[place + 1]) <= size:
                    place += 2 + (whole[place] << 8 | whole[place + 1])
                    missing -= 1
                whole = whole[place:]
            received += TCP_PIPELINED
        writer.close()

    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    begun = time.perf_counter()
    try:
        await asyncio.gather(*(ask(number * 7) for number in range(TCP_CONNECTIONS)))
    finally:
        os.sched_setaffinity(0, before)
    return received, 0, time.perf_counter() - begun


def measured(servers: Sequence[Server], load: Load, amount: Amount) -> dict[str, Figures]:
    """Measure in alternating rounds."""
    figures = {server.name: Figures() for server in servers}
    for server in servers:
        load(server, amount.warm_seconds)
    for _ in range(amount.rounds):
        for server in servers:
            before = server.cpu_seconds()
            received, lost, took = load(server, amount.seconds)
            mine = figures[server.name]
            mine.rates.append(received / took)
            mine.cpu_us.append((server.cpu_seconds() - before) * 1e6 / max(received, 1))
            mine.lost += lost
    return figures


def show(title: str, figures: dict[str, Figures]) -> None:
    """Print a table, ratios first, with a bar for each rate."""
    ours, best = figures["Postern"], max(one.rate for one in figures.values())
    print(f"\n{title:<24}{'answers/s':>10}{'ours is':>10}{'CPU µs':>9}{'ours is':>9}{'lost':>6}")
    for name, one in figures.items():
        cpu = statistics.median(one.cpu_us)
        ratio = f"{ours.rate / one.rate:.2f} x" if one is not ours else ""
        cheaper = f"{statistics.median(ours.cpu_us) / cpu:.2f} x" if one is not ours and cpu else ""
        print(f"  {name:<22}{one.rate:>10,.0f}{ratio:>10}{cpu:>9.2f}{cheaper:>9}{one.lost:>6}  {bar(one.rate / best)}")


def bar(share: float) -> str:
    """Return a bar of eighths of a column."""
    eighths = round(share * BAR_COLUMNS * 8)
    return BARS[8] * (eighths // 8) + BARS[eighths % 8].strip()


def while_changing(server: Server, zones: Sequence[Zone], load: Load, amount: Amount) -> None:
    """Measure ours while zones change, beside ours while none does."""
    print(f"\n{'Ours, UDP, mixed, while':<32}{'answers/s':>10}{'kept':>8}{'CPU µs':>9}{'a change, ms':>14}")
    control = server.control
    assert control is not None
    kinds = (0, *CHANGES)
    figures = {kind: Figures() for kind in kinds}
    took_ms: dict[int, list[float]] = {kind: [] for kind in kinds}
    for _ in range(amount.rounds):
        for kind in kinds:
            with changing(control, zones, kind, took_ms[kind]):
                before = server.cpu_seconds()
                received, _, took = load(server, amount.seconds)
                figures[kind].rates.append(received / took)
                figures[kind].cpu_us.append((server.cpu_seconds() - before) * 1e6 / received)
    for kind, one in figures.items():
        times = f"{statistics.median(took_ms[kind]):.2f}" if took_ms[kind] else ""
        title = f"{kind} zones change a second" if kind else "nothing changes"
        kept = f"{one.rate / figures[0].rate:.1%}"
        print(f"  {title:<30}{one.rate:>10,.0f}{kept:>8}{statistics.median(one.cpu_us):>9.2f}{times:>14}")


@contextlib.contextmanager
def changing(control: Path, zones: Sequence[Zone], per_second: int, took_ms: list[float]) -> Iterator[None]:
    """Change zones at that pace while the block runs, each to a new key, and note how long each takes to be served."""
    done = threading.Event()
    count = 200
    names = [dns_questions.names(ZONES)[number] for number in range(count)]
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
        await link.put([pack(one) for one in zones[:count]])
        await link.close()

    thread = threading.Thread(target=lambda: asyncio.run(change()))
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def under_flood(server: Server, home: Path, flood: Path, names: Sequence[str], seconds: int) -> None:
    """Flood ours with noise, and see whether memory stays and others are still answered. A resolver asks again after a
    second without an answer, so that is what counts as one that failed."""
    dns_questions.write(home / "garbage", dns_questions.garbage(names))
    before, asked, failed, slowest_ms = server.memory_mib(), 0, 0, 0.0
    words = [str(flood), str(server.port), str(home / "garbage"), str(seconds), str(FLOOD_QUESTIONS), str(SOCKETS)]
    with subprocess.Popen(["taskset", "-c", LOAD_CORE, *words], stdout=subprocess.PIPE, text=True) as flooding_it:
        while flooding_it.poll() is None:
            begun = time.perf_counter()
            try:
                code, *_ = said(server, dns_questions.question(random.choice(names), "MX"), patience_seconds=1.0)
                failed += code != 0
            except TimeoutError:
                failed += 1
            asked, slowest_ms = asked + 1, max(slowest_ms, (time.perf_counter() - begun) * 1000)
            time.sleep(0.01)
        assert flooding_it.stdout is not None
        _, sent, received, _, _ = map(int, flooding_it.stdout.read().split())
    print(f"\nOurs, flooded for {seconds} s with {sent // seconds:,} datagrams/s ({received // seconds:,} answered):")
    print(f"  {asked - failed} of {asked} others were answered, the slowest in {slowest_ms:.0f} ms;")
    print(f"  memory {before:.0f} MiB before, {server.memory_mib():.0f} MiB after")


def many(home: Path, flood: Path, count: int, amount: Amount) -> None:
    """Measure ours with many zones: until it answers, memory, rate."""
    names = dns_questions.names(count)
    zones = [dns_questions.zone(name) for name in names]
    dns_questions.write(home / "many", dns_questions.mixed(names))
    (home / "many-zones").mkdir()
    begun = time.perf_counter()
    with dns_servers.postern(home / "many-zones", zones) as server:
        took, before = time.perf_counter() - begun, server.memory_mib()
        figures = measured([server], flooding(flood, home / "many"), amount)[server.name]
        print(f"\nOurs with {count:,} zones: packed, sent and answering after {took:.1f} s, {before:.0f} MiB,")
        print(f"  {figures.rate:,.0f} answers/s, then {server.memory_mib():.0f} MiB")


if __name__ == "__main__":
    main()
