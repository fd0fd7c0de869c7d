from __future__ import annotations

import errno
import os
import resource
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.launcher import FULL_NAME, launcher
from tests.crash.load import World
from tests.crash.proof import pages, prove_file
from tests.support import Answer, RunningDaemon, mail

DISK_BYTES = 3 * 1024 * 1024
FILLER_BYTES = 64 * 1024
CREATIONS_MAX = 100


@dataclass
class Disk:
    """A daemon whose disk can be full, and have room again."""

    daemon: RunningDaemon
    fill: Callable[[], None]
    make_room: Callable[[], None]
    wholly: bool = True  # not a single page can be written; else only a mutation that needs a new one is refused


@pytest.fixture(params=["no page more", "no space left", "no longer file"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """SQLite's own refusal in the middle of a transaction, ENOSPC from a small file system, EFBIG from the kernel."""
    makers = {"no page more": _paged, "no space left": _mounted, "no longer file": _limited}
    yield from makers[request.param](tmp_path)


def _paged(tmp_path: Path) -> Iterator[Disk]:
    full = tmp_path / FULL_NAME
    daemon = RunningDaemon(tmp_path / "data", launcher=launcher()).start()
    yield Disk(daemon, full.touch, full.unlink, wholly=False)
    assert daemon.stop() == 0


def _limited(tmp_path: Path) -> Iterator[Disk]:
    daemon = RunningDaemon(tmp_path / "data").start()
    assert daemon.process is not None
    pid = daemon.process.pid
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]

    def limit(most_bytes: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))

    yield Disk(daemon, lambda: limit(1), lambda: limit(hard))
    assert daemon.stop() == 0


def _mounted(tmp_path: Path) -> Iterator[Disk]:
    """A small tmpfs where mounting is permitted; a limit on the files' length where it is not."""
    point = tmp_path / "disk"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "postern-test", str(point)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        yield from _limited(tmp_path)
        return
    filler = point / "filler"
    try:
        daemon = RunningDaemon(point / "data").start()
        yield Disk(daemon, lambda: _fill(filler), filler.unlink)
        assert daemon.stop() == 0
    finally:
        subprocess.run(["umount", "--lazy", str(point)], check=True)


def _fill(filler: Path) -> None:
    """Write until nothing more fits, not even a byte."""
    block = FILLER_BYTES
    with filler.open("ab", buffering=0) as file:
        while block:
            try:
                file.write(b"\0" * block)
            except OSError as problem:
                if problem.errno != errno.ENOSPC:
                    raise
                block //= 2


def test_with_a_full_disk_mutations_are_refused_reads_go_on_and_room_heals_it(disk: Disk) -> None:
    daemon = disk.daemon
    world = World.settle(daemon, mailboxes=1)
    address = world.addresses[0]
    big = mail(address, text="".join(f"{number:078d}\n" for number in range(200)))
    daemon.deliver(address)
    disk.fill()

    codes = [_delivered(daemon, address, os.urandom(20_000).hex().encode()) for _ in range(3)]
    assert codes == [451, 451, 451]
    refused, made = _refused(daemon, world)
    assert (refused.status, refused.code) == (503, "backend_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert daemon.call("GET", "/readyz").status == (503 if disk.wholly else 200)
    assert daemon.call("GET", "/healthz").status == 200
    listed = daemon.call("GET", f"/v1/inboxes/{address}/messages", key=world.wide)
    assert len(listed.json["data"]) == 1
    waited = daemon.call("POST", f"/v1/inboxes/{address}/wait", {"timeout_seconds": 0}, key=world.wide)
    assert waited.status == 200
    assert daemon.operator("GET", "/v1/audit/verify").json["ok"] is True

    disk.make_room()
    assert daemon.call("GET", "/readyz").status == 200
    daemon.deliver(address, big)
    daemon.inbox(world.wide)
    assert len(list(pages(daemon, "/v1/inboxes", world.wide))) == 2 + made
    assert len(daemon.call("GET", f"/v1/inboxes/{address}/messages", key=world.wide).json["data"]) == 2
    prove_file(daemon)


def _refused(daemon: RunningDaemon, world: World) -> tuple[Answer, int]:
    """Create mailboxes until one is refused; what still fits into half-empty pages may be made."""
    for made in range(CREATIONS_MAX):
        answer = daemon.call("POST", "/v1/inboxes", {"display_name": "x" * 200}, key=world.wide)
        if answer.status != 201:
            return answer, made
    raise AssertionError("the disk is not full")


def _delivered(daemon: RunningDaemon, address: str, content: bytes) -> int:
    """Return the code after DATA."""
    lines = [content[start : start + 76] for start in range(0, len(content), 76)]
    raw = b"Subject: too much\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"
    with smtplib.SMTP(*daemon.smtp, timeout=60) as server:
        server.helo()
        server.mail("a@foreign.test")
        server.rcpt(address)
        return server.data(raw)[0]
