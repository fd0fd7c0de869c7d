"""`mock` in the place of a base URL: a daemon on fixtures, offline, for as long as this process lives."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from daemon.settings import ENV_PREFIX
from postern_ctl.answers import Unreachable

BASE_URL = "mock"
STOP_MAX_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Mock:
    """A running mock: its socket, an agent's key, and the enrollment key that this came from. Any other will do."""

    socket: str
    http: str
    agent_key: str
    enrollment_token: str


@cache
def mock() -> Mock:
    """Return this process's mock, started the first time. Raises `Unreachable` when it does not start."""
    process, told = begun()
    atexit.register(stop, process)
    return told


def begun() -> tuple[subprocess.Popen[str], Mock]:
    """Start a mock, to be stopped by whoever did. Raises `Unreachable` when it does not start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "daemon", "mock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101  # for the type checker: it is a pipe
    try:
        return process, Mock(**json.loads(process.stdout.readline()))
    except ValueError:
        stop(process)
        raise Unreachable(BASE_URL, "it did not start") from None


def stop(process: subprocess.Popen[str]) -> None:
    """End it: it lives as long as its stdin is open."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(STOP_MAX_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
