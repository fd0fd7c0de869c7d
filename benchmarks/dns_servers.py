"""The name servers that are compared, each started by hand on the loopback with the same zones, on core 0."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.dns.link import Link
from tests.dns.support import free_port
from zones.labels import to_text
from zones.packed import pack
from zones.records import data_text, type_name
from zones.zone import Zone
from zones.zonefile import export

SERVER_CORE, LOAD_CORE = "0", "1"
START_MAX_SECONDS = 120
HOST = "127.0.0.1"
PDNS_SCHEMA = Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server."""

    name: str
    port: int
    pid: int
    control: Path | None = None

    def cpu_seconds(self) -> float:
        """Return what the process and its children have used of the processor."""
        total = 0
        for pid in (self.pid, *_children(self.pid)):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total / _TICKS_A_SECOND

    def memory_mib(self) -> float:
        """Return resident memory, shared pages divided among those who share them."""
        total = 0
        for pid in (self.pid, *_children(self.pid)):
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(rollup.partition("\nPss:")[2].split()[0])
        return total / 1024


def _children(pid: int) -> list[int]:
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    direct = [int(word) for word in done.stdout.split()]
    return [*direct, *(below for child in direct for below in _children(child))]


@contextlib.contextmanager
def postern(home: Path, zones: Sequence[Zone | bytes]) -> Iterator[Server]:
    """Ours, rate limit and statistics on; the limit above the load, for it comes from one address."""
    control = home / "control"
    words = [
        "-P",
        "-m",
        "daemon.dns",
        "--control",
        str(control),
        "--port",
        "0",
        "--rate",
        "1000000000",
        "--limit-loopback",
    ]
    with _process([sys.executable, *words], home, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        asyncio.run(feed(control, zones))
        yield Server("Postern", int(ready["address"].rpartition(":")[2]), process.pid, control)


async def feed(control: Path, zones: Sequence[Zone | bytes]) -> None:
    """Have a process serve exactly these zones, some perhaps packed already."""
    link = await Link.connect(control)
    await link.ask("begin")
    await link.put(one if isinstance(one, bytes) else pack(one) for one in zones)
    await link.ask("end")
    await link.close()


@contextlib.contextmanager
def nsd(home: Path, zones: Sequence[Zone]) -> Iterator[Server]:
    """NSD, one server process."""
    port = free_port()
    config = [
        f'server:\n ip-address: {HOST}@{port}\n username: ""\n database: ""\n zonesdir: "{home}"',
        f' pidfile: "{home}/pid"',
        f' logfile: "{home}/log"\n xfrdfile: "{home}/xfrd"\n zonelistfile: "{home}/list"\n xfrdir: "{home}"',
        " server-count: 1\n minimal-responses: yes\n rrl-ratelimit: 0\nremote-control:\n control-enable: no",
        *(f'zone:\n name: "{name}"\n zonefile: "{path}"' for name, path in _files(home, zones)),
    ]
    (home / "conf").write_text("\n".join(config) + "\n")
    with _process([program("nsd"), "-d", "-c", home / "conf"], home) as process:
        yield _answering("NSD", port, process, zones)


@contextlib.contextmanager
def knot(home: Path, zones: Sequence[Zone]) -> Iterator[Server]:
    """Knot DNS, one UDP worker."""
    port = free_port()
    config = [
        f"server:\n  rundir: {home}\n  listen: {HOST}@{port}",
        "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1",
        f"database:\n  storage: {home}/db",
        "template:\n  - id: default\n    zonefile-sync: -1\n    journal-content: none\nzone:",
        *(f'  - domain: {name}\n    file: "{path}"' for name, path in _files(home, zones)),
    ]
    (home / "db").mkdir()
    (home / "conf").write_text("\n".join(config) + "\n")
    with _process([program("knotd"), "-c", home / "conf"], home) as process:
        yield _answering("Knot DNS", port, process, zones)


@contextlib.contextmanager
def bind(home: Path, zones: Sequence[Zone]) -> Iterator[Server]:
    """BIND 9, one thread."""
    port = free_port()
    config = [
        f'options {{ directory "{home}"; listen-on port {port} {{ {HOST}; }}; listen-on-v6 {{ none; }};',
        f' pid-file "{home}/pid"; session-keyfile "{home}/key"; recursion no; minimal-responses yes; notify no;',
        " allow-transfer { none; }; empty-zones-enable no; dnssec-validation no; tcp-clients 1000; };",
        "controls { };",
        *(f'zone "{name}" {{ type primary; file "{path}"; }};' for name, path in _files(home, zones)),
    ]
    (home / "conf").write_text("\n".join(config) + "\n")
    with _process([program("named"), "-g", "-n", "1", "-c", home / "conf"], home) as process:
        yield _answering("BIND 9", port, process, zones)


@contextlib.contextmanager
def powerdns(home: Path, zones: Sequence[Zone]) -> Iterator[Server]:
    """PowerDNS over SQLite, its caches on."""
    port, database = free_port(), home / "pdns.db"
    connection = sqlite3.connect(database)
    connection.executescript(PDNS_SCHEMA.read_text())
    for number, zone in enumerate(zones, 1):
        connection.execute(
            "INSERT INTO domains (id, name, type) VALUES (?, ?, 'NATIVE')", (number, to_text(zone.origin)[:-1])
        )
        connection.executemany(
            "INSERT INTO records (domain_id, name, type, content, ttl, prio, auth) VALUES (?, ?, ?, ?, ?, ?, 1)",
            [(number, *row) for row in _rows(zone)],
        )
    connection.commit()
    connection.close()
    (home / "pdns.conf").write_text(
        f"launch=gsqlite3\ngsqlite3-database={database}\nlocal-address={HOST}\nlocal-port={port}\nsocket-dir={home}\n"
        "receiver-threads=1\ndistributor-threads=1\ncache-ttl=20\nquery-cache-ttl=20\nnegquery-cache-ttl=60\n"
        "daemon=no\nguardian=no\nwebserver=no\napi=no\nmax-tcp-connections=1000\n"
    )
    done = subprocess.run(
        [program("pdnsutil"), "--config-dir", home, "rectify-all-zones"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with _process([program("pdns_server"), f"--config-dir={home}"], home) as process:
        yield _answering("PowerDNS", port, process, zones)


def _rows(zone: Zone) -> Iterator[tuple[str, str, str, int, int]]:
    """Yield name, type, content, TTL and priority, as PowerDNS keeps them."""
    for one in zone:
        for data in one.data:
            content, priority = data_text(one.type, data), 0
            if type_name(one.type) == "MX":
                first, _, content = content.partition(" ")
                priority = int(first)
            names_end = type_name(one.type) in ("MX", "NS", "CNAME", "SOA")
            content = content.replace(". ", " ") if names_end else content
            yield (
                to_text(one.name)[:-1],
                type_name(one.type),
                content.rstrip(".") if names_end else content,
                one.ttl,
                priority,
            )


PEERS: dict[str, Callable[[Path, Sequence[Zone]], contextlib.AbstractContextManager[Server]]] = {
    "nsd": nsd,
    "knot": knot,
    "bind": bind,
    "powerdns": powerdns,
}


def _files(home: Path, zones: Sequence[Zone]) -> Iterator[tuple[str, Path]]:
    for zone in zones:
        name = to_text(zone.origin)[:-1]
        path = home / f"{name}.zone"
        path.write_text(export(zone))
        yield name, path


def program(name: str) -> str:
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if found is None:
        raise FileNotFoundError(f"{name} is not installed")
    return found


@contextlib.contextmanager
def _process(words: Sequence[str | Path], home: Path, stdout: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a program on the server's core, and stop it afterwards."""
    with (home / "output").open("w") as output:
        process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *words], stdout=stdout or output, stderr=output, text=True, cwd=home
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(START_MAX_SECONDS)
            if process.stdout is not None:
                process.stdout.close()


def _answering(name: str, port: int, process: subprocess.Popen[str], zones: Sequence[Zone]) -> Server:
    """Return the server once it answers for its last zone."""
    import struct

    packet = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + zones[-1].origin + struct.pack("!HH", 6, 1)
    deadline = time.monotonic() + START_MAX_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        while time.monotonic() < deadline and process.poll() is None:
            asking.sendto(packet, (HOST, port))
            with contextlib.suppress(OSError):
                if asking.recv(4096)[3] & 15 == 0:
                    return Server(name, port, process.pid)
            time.sleep(0.1)
    raise RuntimeError(f"{name} did not start")
