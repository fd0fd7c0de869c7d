"""First light, measured: how fast a code is in hand, how many mails are kept, what it costs to run.

Everything is on the loopback, the load in a process of its own, and every answer is checked: a wrong one stops the
benchmark. Beside each figure stands what a user would write instead, measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import command, latency, throughput
from benchmarks.clients import Mails
from benchmarks.latency import POLL_SECONDS, POLLERS, Latency
from benchmarks.rig import Rig, fsync_ms, peer, started, workshop
from benchmarks.throughput import CASES, Case, Receiver

MANY, CROWD = 1_000, 100
TITLE_COLUMNS = 45
OPEN_MAX_FILES = 8_192


@dataclass(frozen=True)
class Amount:
    """How much is measured."""

    samples: int
    rounds: int
    poll_rounds: int
    send_seconds: float
    turns: int


WHOLE = Amount(samples=300, rounds=20, poll_rounds=5, send_seconds=1.5, turns=3)
QUICK = Amount(samples=40, rounds=3, poll_rounds=1, send_seconds=0.3, turns=1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about 15 seconds, with figures to match")
    amount = QUICK if parser.parse_args().quick else WHOLE
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_MAX_FILES, hard), hard))
    begun = time.monotonic()
    with workshop() as home, started(home) as rig:
        asyncio.run(measure(rig, home, amount))
    print(f"\n{time.monotonic() - begun:.0f} s in all")


async def measure(rig: Rig, home: Path, amount: Amount) -> None:
    """Take every measurement and print each part as soon as it is known."""
    mails, at_rest_kib = Mails(), rig.rss_kib
    conditions(home, mails, amount)
    await rig.add_mailboxes(MANY)
    await latency.by_waiting(rig, mails, 1, samples=20)  # the first of everything is slower
    before_kib = rig.rss_kib
    waiting_kib = await latency.sleeping(rig, MANY)
    await latencies(rig, mails, amount)
    await throughputs(rig, home, mails, amount)
    commands(rig, home)
    heading("Memory (resident)", "")
    figure("daemon at rest, after its start", f"{at_rest_kib / 1024:.0f} MiB")
    figure(f"each waiting agent, of {MANY:,}", f"{(waiting_kib - before_kib) / MANY:.1f} KiB")


def conditions(home: Path, mails: Mails, amount: Amount) -> None:
    """Say what was measured, where."""
    print(f"Postern {version('postern')}, first light, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, aiosmtpd {version('aiosmtpd')}")
    print(f"an fsync of 4 KiB where the data is takes {fsync_ms(home):.2f} ms (median)")
    print(f"mails of {mails.size_bytes / 1024:.1f} KiB with text and HTML, each with a code of its own")
    print("loopback; load generator, daemon and peer in a process each; answers checked")
    if amount is QUICK:
        print("--quick: few samples, the figures are rough")


async def latencies(rig: Rig, mails: Mails, amount: Amount) -> None:
    """From the 250 to the code."""
    heading("From SMTP's 250 to the code in hand (ms)", f"{'p50':>7}{'p95':>9}{'p99':>9}{'n':>8}")
    one = Latency([])
    for waiters in (1, CROWD, MANY):
        found = await latency.by_waiting(rig, mails, waiters, amount.samples)
        percentiles(f"wait, {waiters:,} waiting, a mailbox each", found)
        one = one if one.samples_ms else found
    percentiles(
        f"wait, {CROWD} waiting on one mailbox",
        await latency.by_waiting_together(rig, mails, CROWD, amount.rounds),
    )
    polled = await latency.by_polling(rig, mails, amount.poll_rounds)
    percentiles(f"a loop that lists every {POLL_SECONDS:g} s, {POLLERS} of them", polled)
    arithmetic_ms = POLL_SECONDS * 1000 / 2
    figure("the same by arithmetic: half a period", f"{arithmetic_ms:.0f}")
    p50 = one.percentile(50)
    figure(
        "loop / wait at p50, measured (arithmetic)", f"{polled.percentile(50) / p50:.0f} ({arithmetic_ms / p50:.0f})"
    )


async def throughputs(rig: Rig, home: Path, mails: Mails, amount: Amount) -> None:
    """Mails per second, beside the peer."""
    heading("Durable mails per second through SMTP", f"{'Postern':>9}{'Maildir':>9}{'ratio':>8}")
    maildir = home / "maildir"
    with peer(maildir) as address:
        ours = Receiver(rig.smtp, rig.addresses, lambda: rig.stored)
        theirs = Receiver(address, rig.addresses, lambda: sum(1 for _ in (maildir / "new").iterdir()))
        plain = Case(sessions=16, reused=True, note=", plain text")
        for case, sent in [*((case, mails) for case in CASES), (plain, Mails(plain=True))]:
            own, other = await throughput.compare(ours, theirs, sent, case, amount.send_seconds, amount.turns)
            figure(case.title, f"{own:>9,.0f}{other:>9,.0f}{own / other:>8.2f}")
    print("  (Maildir: a bare aiosmtpd handler that syncs file and directory; it neither")
    print("  parses nor indexes, wakes nobody, and takes mail for anybody)")


def commands(rig: Rig, home: Path) -> None:
    """The command line."""
    heading("Command line, the whole process (median of 10)", "")
    for arguments, expected in ((["--help"], "posternctl"), (["tenant", "list"], "Acme")):
        took_ms = command.median_ms(rig.daemon, home / "bytecode", *arguments, expected=expected)
        figure(f"posternctl {' '.join(arguments)}", f"{took_ms:.0f} ms")
    for line, expected in (
        ("posternctl ten", "tenant"),
        ("posternctl tenant sh", "show"),
        ("posternctl tenant show A", "Acme"),
    ):
        took_ms = command.median_ms(rig.daemon, home / "bytecode", expected=expected, completed=line)
        figure(f"{line}<TAB>", f"{took_ms:.0f} ms")


def heading(title: str, columns: str) -> None:
    """Begin a part."""
    print(f"\n{title:<{TITLE_COLUMNS + 2}}{columns}".rstrip())


def figure(title: str, value: str) -> None:
    """Print one line."""
    print(f"  {title:<{TITLE_COLUMNS}}{value if value.startswith(' ') else ' ' + value:>8}".rstrip(), flush=True)


def percentiles(title: str, found: Latency) -> None:
    """Print one line of a distribution."""
    ranks = [found.percentile(percent) for percent in (50, 95, 99)]
    figure(title, f"{ranks[0]:>7.2f}{ranks[1]:>9.2f}{ranks[2]:>9.2f}{len(found.samples_ms):>8}")


if __name__ == "__main__":
    main()
