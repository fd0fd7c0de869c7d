"""The name server beside NSD, Knot DNS, BIND and PowerDNS: same core, same zones, same questions.

    python -m benchmarks.dns [--quick] [--flood 60] [--many 100000] [--picture docs/pictures/dns.svg]

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
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import dns_hard, dns_picture, dns_questions, dns_servers
from benchmarks.dns_hard import Figures, Load, said
from benchmarks.dns_servers import HOST, LOAD_CORE, PEERS, Server
from zones.packed import pack
from zones.zone import Zone

ZONES = 1_000
WINDOW_QUESTIONS, SOCKETS = 512, 16
ALIKE_SAMPLES = 300
TCP_CONNECTIONS, TCP_PIPELINED = 16, 50
BAR_COLUMNS = 28
BARS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Amount:
    """How much is measured."""

    rounds: int
    seconds: float
    warm_answers: int


WHOLE = Amount(rounds=3, seconds=3.0, warm_answers=60_000)
QUICK = Amount(rounds=1, seconds=1.0, warm_answers=60_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--many", type=int, default=0, help="also measure ours with that many zones")
    parser.add_argument("--flood", type=int, default=0, help="also flood ours and NSD for that many seconds each")
    parser.add_argument("--picture", type=Path, help="write the rates as an SVG picture, too")
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
        results = {}
        for title, load in loads.items():
            if all(word in title for word in given.loads.split()):
                results[title] = measured(servers, load, amount)
                show(title, results[title])
        if given.picture:
            rates = {title: {name: one.rate for name, one in rows.items()} for title, rows in results.items()}
            given.picture.write_text(dns_picture.bars(rates))
        print()
        for server in servers:
            print(f"  {server.name:<12}{server.memory_mib():7.0f} MiB")
        if not given.loads or "change" in given.loads:
            dns_hard.while_changing(servers[0], zones, loads["UDP, mixed"], amount.rounds, amount.seconds)
            dns_hard.killed(home, zones)
            dns_hard.notified(home)
        if given.flood:
            flooded = [one for one in servers if one.name in ("Postern", "NSD")]
            dns_hard.under_flood(flooded, home, flood, names, given.flood)
    if given.many:
        with tempfile.TemporaryDirectory(prefix="postern-dns-") as name:
            many(Path(name), given.many, amount)
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


def warm(server: Server, load: Load, amount: Amount) -> None:
    """Let a server see every question once, however slow the machine is."""
    received = 0
    while received < amount.warm_answers:
        received += load(server, amount.seconds)[0]


def measured(servers: Sequence[Server], load: Load, amount: Amount) -> dict[str, Figures]:
    """Measure in alternating rounds."""
    figures = {server.name: Figures() for server in servers}
    for server in servers:
        warm(server, load, amount)
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
    """Print a table, with a bar for each rate. Ratios are of the same round, for others may load the machine."""
    ours, best = figures["Postern"], max(one.rate for one in figures.values())
    print(f"\n{title:<24}{'answers/s':>10}{'ours is':>10}{'CPU µs':>9}{'ours is':>9}{'lost':>7}")
    for name, one in figures.items():
        faster = "" if one is ours else f"{_ratio(ours.rates, one.rates):.2f} x"
        cheaper = "" if one is ours else f"{_ratio(ours.cpu_us, one.cpu_us):.2f} x"
        cpu = statistics.median(one.cpu_us)
        print(f"  {name:<22}{one.rate:>10,.0f}{faster:>10}{cpu:>9.2f}{cheaper:>9}{one.lost:>7}  {bar(one.rate / best)}")


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(mine / max(other, 0.001) for mine, other in zip(ours, theirs, strict=True))


def bar(share: float) -> str:
    """Return a bar of eighths of a column."""
    eighths = round(share * BAR_COLUMNS * 8)
    return BARS[8] * (eighths // 8) + BARS[eighths % 8].strip()


def many(home: Path, count: int, amount: Amount) -> None:
    """Measure ours with many zones: until it answers, memory, rate."""
    names = dns_questions.names(count)
    packed = [pack(dns_questions.zone(name)) for name in names]
    dns_questions.write(home / "many", dns_questions.mixed(names))
    begun = time.perf_counter()
    with dns_servers.postern(home, packed) as server:
        took, before = time.perf_counter() - begun, server.memory_mib()
        figures = measured([server], flooding(compiled(home), home / "many"), amount)[server.name]
        print(f"\nOurs with {count:,} zones: started, fed and answering after {took:.1f} s, {before:.0f} MiB;")
        print(f"  {figures.rate:,.0f} answers/s, then {server.memory_mib():.0f} MiB")


if __name__ == "__main__":
    main()
