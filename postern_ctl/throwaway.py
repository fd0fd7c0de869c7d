"""A real daemon that lives for one `with` block: in a directory of its own, or for a moment in one that is to stay."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from daemon.settings import ENV_PREFIX
from postern_ctl.diagnostics import Failed

START_MAX_SECONDS = 30.0
STOP_MAX_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ready:
    """Where the daemon listens."""

    http: str
    smtp: str
    socket: str


@contextmanager
def throwaway_daemon() -> Iterator[Ready]:
    """Start a daemon on free ports; stop it and remove all that it wrote, whatever happens meanwhile."""
    with (
        tempfile.TemporaryDirectory(prefix="postern-") as name,
        _ended_by_signals(),
        _running(Path(name) / "data", _environ(Path(name))) as ready,
    ):
        yield ready


@contextmanager
def passing_daemon(home: Path, config: Path) -> Iterator[Ready]:
    """Start a daemon on free ports in a directory that stays, with the settings of a file; stop it afterwards."""
    with _ended_by_signals(), _running(home, {**os.environ, "POSTERN_CONFIG": str(config)}) as ready:
        yield ready


@contextmanager
def _running(home: Path, environ: dict[str, str]) -> Iterator[Ready]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(_words(home), stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        try:
            yield _ready(process, log)
        finally:
            _stop(process)


def _words(home: Path) -> list[str]:
    listen = ["--http-listen", "127.0.0.1:0", "--smtp-listen", "127.0.0.1:0", "--dns-workers", "0"]
    return [sys.executable, "-P", "-m", "daemon", "run", "--json", "--data-dir", str(home), *listen]


def _environ(home: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    return {**own, "POSTERN_CONFIG": str(home / "postern.toml")}  # which is not there, so the user's is not read either


def _ready(process: subprocess.Popen[str], log: IO[str]) -> Ready:
    """Wait for the daemon's one line. Raises `Failed` with what it said instead."""
    assert process.stdout is not None  # noqa: S101  # for the type checker: it is a pipe
    if not select.select([process.stdout], [], [], START_MAX_SECONDS)[0]:
        raise Failed("not_ready", f"The daemon was not ready within {START_MAX_SECONDS:g} s.")
    line = process.stdout.readline()
    try:
        ready = json.loads(line)
        return Ready(ready["http"], ready["smtp"], ready["socket"])
    except (ValueError, KeyError):
        log.seek(0)
        said = log.read().strip().splitlines() or ["it said nothing"]
        raise Failed("not_ready", f"The daemon did not start: {said[-1]}") from None


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_MAX_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does, so that nothing is left behind."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
