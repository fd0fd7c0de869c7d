"""When a DNS process begins, goes on and ends; and the feeder that starts, adopts and replaces it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import dns.message
import pytest

from daemon.backends.nameserver.feeder import Nameserver, Plan
from daemon.backends.protocols import Feed
from daemon.dns.link import Link
from tests.dns.support import HOST, Start, query, read, received, zone
from tests.support import cannot_run
from zones.packed import pack
from zones.zone import Zone, with_serial

ENDED_MAX_SECONDS = 20
AGAIN_MAX_SECONDS = 30
RACES = 1000


def test_it_goes_on_without_its_feeder_and_is_found_by_the_next(launch: Start) -> None:
    server = launch()
    server.feed(zone(), zone(name="old.test."))
    server.let_go()
    assert read(server.udp(query("example.test", "MX")) or b"").answer
    server.link = server.run(Link.connect(server.control))
    assert server.ask("hello")["zones"] == 2
    server.feed(with_serial(zone(), 2))
    assert server.answer("example.test", "SOA").answer[0][0].serial == 2
    assert server.answer("old.test", "SOA").rcode() == 5, "what the new feeder does not have is no longer served"


def test_it_ends_when_nobody_feeds_it_for_long(launch: Start) -> None:
    server = launch("--linger", "1")
    server.feed(zone())
    server.let_go()
    assert server.process.wait(ENDED_MAX_SECONDS) == 0


def test_it_ends_with_its_directory(launch: Start) -> None:
    server = launch()
    server.feed(zone())
    shutil.rmtree(server.home)
    assert server.process.wait(ENDED_MAX_SECONDS) == 0


def test_a_taken_port_is_told_of(launch: Start, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, 0))
        plan = _plan(tmp_path, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            asyncio.run(Nameserver(plan, _nothing).start())


def test_it_becomes_another_user_for_good(launch: Start) -> None:
    if os.getuid() != 0:
        cannot_run("only root can become somebody else")
    server = launch("--user", "nobody")
    server.feed(zone())
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    ids = {line.split()[0]: set(line.split()[1:]) for line in status.splitlines() if line.startswith(("Uid", "Gid"))}
    assert "0" not in ids["Uid:"] | ids["Gid:"]
    assert read(server.udp(query("example.test", "MX")) or b"").answer
    shutil.rmtree(server.home)
    assert server.process.wait(ENDED_MAX_SECONDS) == 0


# ----------------------------------------------------------------------------------------------------------- the feeder


def _plan(home: Path, *, port: int = 0, workers: int = 1, rate: int = 200) -> Plan:
    sockets = tuple(home / f"dns{number}" for number in range(workers))
    return Plan(host=HOST, port=port, home=home, sockets=sockets, linger_seconds=30, rate_per_second=rate)


async def _nothing() -> AsyncIterator[Feed]:
    return
    yield


class Store:
    """Zones as a database has them."""

    def __init__(self, *zones: Zone) -> None:
        self.feeds = {one.origin: _feed(one) for one in zones}

    async def __call__(self) -> AsyncIterator[Feed]:
        for feed in self.feeds.values():
            yield feed

    async def commit(self, nameserver: Nameserver, one: Zone) -> None:
        self.feeds[one.origin] = _feed(one)
        await nameserver.publish(self.feeds[one.origin])


def _feed(one: Zone) -> Feed:
    return Feed(pack(one), "example.test.")


async def _serial(address: str, *, patient: bool = False) -> int:
    """Ask a process of those that listen there; a new socket each time, so whichever. Return the SOA's serial."""

    def ask() -> int:
        host, _, port = address.rpartition(":")
        deadline = time.monotonic() + AGAIN_MAX_SECONDS
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.settimeout(0.2 if patient else 10)
                asking.connect((host, int(port)))
                with contextlib.suppress(OSError):
                    asking.send(query("example.test", "SOA"))
                    return int(read(asking.recv(65535)).answer[0][0].serial)
            assert patient
            assert time.monotonic() < deadline

    return await asyncio.to_thread(ask)


def _pids(plan: Plan) -> list[int]:
    done = subprocess.run(
        ["pgrep", "-f", f"daemon.dns --control {plan.home}"], capture_output=True, text=True, check=False
    )
    return [int(word) for word in done.stdout.split()]


def _until_gone(plan: Plan, pids: list[int]) -> None:
    deadline = time.monotonic() + ENDED_MAX_SECONDS
    while set(pids) & set(_pids(plan)):
        assert time.monotonic() < deadline


async def _reaped(nameserver: Nameserver) -> None:
    """Take note of the end of the processes that it started and left: here, their parent goes on."""
    for process in nameserver._processes:
        if process._child is not None:
            await process._child.wait()


async def test_publishing_returns_when_every_process_answers_so(tmp_path: Path) -> None:
    store, plan = Store(zone()), _plan(tmp_path, workers=3)
    nameserver = Nameserver(plan, store)
    address = await nameserver.start()
    assert len(_pids(plan)) == 3
    for serial in range(2, 30):
        await store.commit(nameserver, with_serial(zone(), serial))
        assert {await _serial(address) for _ in range(6)} == {serial}
    assert [one["zones"] for one in await nameserver.stats()] == [1, 1, 1]
    await nameserver.remove("example.test.")
    assert [one["zones"] for one in await nameserver.stats()] == [0, 0, 0]
    await nameserver.stop()
    assert _pids(plan) == []
    assert not any(path.exists() for path in plan.sockets)


async def test_the_next_question_sees_the_change_whoever_asks_meanwhile(tmp_path: Path) -> None:
    """A thousand times: what is remembered, and how names are denied, is void once `publish` has returned."""
    store, plan = Store(zone()), _plan(tmp_path, rate=0)
    nameserver = Nameserver(plan, store)
    host, _, port = (await nameserver.start()).rpartition(":")
    packets = [query(name, "SOA") for name in ("example.test", "nothing.example.test", "mx.example.test")]
    done = threading.Event()

    def ask(asking: socket.socket, packet: bytes) -> int:
        if asking.type == socket.SOCK_STREAM:
            asking.sendall(len(packet).to_bytes(2, "big") + packet)
            message = dns.message.from_wire(received(asking))
        else:
            asking.send(packet)
            message = dns.message.from_wire(asking.recv(65535))
        return int((message.answer or message.authority)[0][0].serial)

    def others() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(1)
            asking.connect((host, int(port)))
            while not done.is_set():
                for packet in packets:
                    asking.send(packet)
                with contextlib.suppress(TimeoutError):
                    for _ in packets:
                        asking.recv(65535)

    threads = [threading.Thread(target=others) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as by_udp,
            socket.create_connection((host, int(port)), timeout=10) as by_tcp,
        ):
            by_udp.settimeout(10)
            by_udp.connect((host, int(port)))
            for serial in range(2, RACES + 2):
                await store.commit(nameserver, with_serial(zone(), serial))
                found = [ask(asking, packet) for asking in (by_udp, by_tcp) for packet in packets]
                assert found == [serial] * len(found)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        await nameserver.stop()


async def test_one_that_is_killed_is_replaced_and_has_the_latest(tmp_path: Path) -> None:
    store, plan = Store(zone()), _plan(tmp_path)
    nameserver = Nameserver(plan, store)
    address = await nameserver.start()
    for serial in range(2, 5):
        [pid] = _pids(plan)
        os.kill(pid, signal.SIGKILL)
        await store.commit(nameserver, with_serial(zone(), serial))
        assert await _serial(address, patient=True) == serial
        assert _pids(plan) != [pid]
    await nameserver.stop()


async def test_the_next_feeder_adopts_what_runs(tmp_path: Path) -> None:
    plan = _plan(tmp_path, workers=2)
    first = Nameserver(plan, Store(zone()))
    address = await first.start()
    pids = _pids(plan)
    await first.stop(leave=True)
    assert await _serial(address) == 1
    second = Nameserver(plan, Store(with_serial(zone(), 7)))
    assert await second.start() == address
    assert await _serial(address) == 7
    assert _pids(plan) == pids
    await second.stop()
    await asyncio.to_thread(_until_gone, plan, pids)  # they said that they end
    await _reaped(first)


async def test_what_would_be_started_differently_is_replaced_without_a_gap(tmp_path: Path) -> None:
    first = Nameserver(_plan(tmp_path), Store(zone()))
    address = await first.start()
    [pid] = _pids(_plan(tmp_path))
    await first.stop(leave=True)
    plan = _plan(tmp_path, port=int(address.rpartition(":")[2]), rate=99)
    second = Nameserver(plan, Store(with_serial(zone(), 7)))
    assert await second.start() == address
    assert await _serial(address, patient=True) in (1, 7)
    await asyncio.to_thread(_until_gone, plan, [pid])
    assert await _serial(address, patient=True) == 7
    await second.stop()
    await _reaped(first)
