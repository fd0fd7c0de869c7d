"""Hostile mail does not hold up the event loop, and a worker that fails or is not wanted any more is gone."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from daemon.mail import bounded
from daemon.mail.bounded import extract_bounded, parse_bounded
from daemon.mail.extract import extract
from daemon.mail.limits import INLINE, TooMuch
from daemon.mail.model import Address
from daemon.mail.parse import parse, parse_within
from daemon.mail.warm import warm
from tests.mail.builder import build
from tests.mail.hostile import HOSTILE, HTML

# The aim is 50 ms. Counted is this process's own time, so that a busy machine does not fail the test; a slow one may.
HEARTBEAT_GAP_MAX_SECONDS = 0.25
T = TypeVar("T")


async def with_heartbeat(work: Awaitable[T]) -> tuple[T, float]:
    """The result of `work`, and the longest processor time that went by without the loop turning."""
    gaps = [0.0]

    async def beat() -> None:
        last = time.process_time()
        while True:
            await asyncio.sleep(0)
            now = time.process_time()
            gaps.append(now - last)
            last = now

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)  # the first beat, or what is done on the spot would not be counted
    try:
        result = await work
        await asyncio.sleep(0)
        return result, max(gaps)
    finally:
        beating.cancel()


@pytest.fixture(scope="module", autouse=True)
def _warmed() -> None:
    warm()


@pytest.mark.parametrize("name", HOSTILE)
async def test_the_loop_keeps_turning(name: str) -> None:
    found, gap = await with_heartbeat(parse_bounded(HOSTILE[name]))
    assert gap < HEARTBEAT_GAP_MAX_SECONDS
    assert found.from_ == Address(None, "a@b.example")
    _, gap = await with_heartbeat(extract_bounded(found))
    assert gap < HEARTBEAT_GAP_MAX_SECONDS


async def test_ordinary_mail_needs_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    found = await parse_bounded(build("Your code", "Your code is 907135"))
    assert found.problem is None
    assert (await extract_bounded(found)).otp_code == "907135"


async def test_without_a_worker_the_header_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    found = await parse_bounded(HOSTILE["20,000 parts"])
    assert found.subject == "hello"
    assert found.problem is not None
    assert found.problem.startswith("could not be read: no worker")


async def test_a_slow_worker_is_killed_and_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = _never_ending(tmp_path, monkeypatch)
    found = await parse_bounded(HOSTILE["20,000 parts"], timeout_seconds=1.0)
    assert found.problem == "could not be read: took too long"
    assert found.subject == "hello"
    _assert_gone(pid_file)


async def test_a_cancelled_caller_takes_its_worker_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = _never_ending(tmp_path, monkeypatch)
    task = asyncio.create_task(parse_bounded(HOSTILE["20,000 parts"]))
    await _until(lambda: pid_file.exists() and pid_file.read_text())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    _assert_gone(pid_file)


async def test_a_worker_that_dies_is_an_answer_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(tmp_path, monkeypatch, "exit 1")
    found = await parse_bounded(HOSTILE["20,000 parts"])
    assert found.problem == "could not be read: exceeded the limits of its process"


async def test_at_most_two_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _stand_in(tmp_path, monkeypatch, f"echo x >> {tmp_path}/started; cat > /dev/null; exec sleep 60")
    tasks = [asyncio.create_task(parse_bounded(HOSTILE["20,000 parts"])) for _ in range(5)]
    started = tmp_path / "started"
    await _until(lambda: started.exists() and len(started.read_text().splitlines()) >= bounded.WORKERS_MAX)
    assert len(started.read_text().splitlines()) == bounded.WORKERS_MAX
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another process writes the file that is looked at
            await asyncio.sleep(0)


def _stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def _never_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pid_file = tmp_path / "pid"
    _stand_in(tmp_path, monkeypatch, f"echo $$ > {pid_file}; cat > /dev/null; exec sleep 600")
    return pid_file


def _assert_gone(pid_file: Path) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_collector_is_left_as_it_was_found(is_enabled: bool) -> None:
    was_enabled = gc.isenabled()
    (gc.enable if is_enabled else gc.disable)()
    try:
        extract(parse(HTML + b"<p>Your code is 482913"))
        assert gc.isenabled() == is_enabled
        with pytest.raises(TooMuch):
            parse_within(HTML + b"<p>" * 5_000, INLINE)
        assert gc.isenabled() == is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_nothing_of_a_mail_waits_for_the_collector() -> None:
    rows = "<style>.a .b{color:red}td+td{font-size:9px}</style>" + "<tr><td class=a><p class=b>x<td><a href=y>z</a>" * 9
    raws = [build("Sign in", None, f"<table>{rows}</table><p>Your code is {code}") for code in (482913, 771204)]
    extract(parse(raws[0]))
    gc.collect()
    gc.disable()
    try:
        extract(parse(raws[1]))
        assert gc.collect() == 0
    finally:
        gc.enable()
