"""What the tests of the command line share."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import Any
from unittest import mock

from postern_ctl import cli, session
from tests.support import BARE_ENV, RunningDaemon, mail

POSTERNCTL = (sys.executable, "-P", "-m", "postern_ctl")
NOWHERE = "http://127.0.0.1:1"  # nobody listens on port 1 of the loopback
LOOKS_MAX = 10_000
SECRET = r"pk_(enroll|agent|operator)_[a-z0-9]+_[a-z0-9]+"


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without its POSTERN_* settings."""
    kept = {name: value for name, value in BARE_ENV.items() if name != "COLUMNS"}
    return {**kept, "POSTERN_CONFIG": "/nowhere/postern.toml", **more}


def posternctl(
    *args: str, input: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run posternctl without any daemon."""
    return subprocess.run(
        [*POSTERNCTL, *args],
        input=input if input is not None else "",
        env=env or environment(POSTERN_DATA_DIR="/nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )


def inside(*args: str, input: str | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run posternctl inside this process: for what is run so often that starting Python each time would tell."""
    streams: dict[str, Any] = {
        name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for name in ("stdin", "stdout", "stderr")
    }
    streams["stdin"].write(input or "")
    streams["stdin"].seek(0)
    for remembered in (session.loaded, session.key, session.postern):
        remembered.cache_clear()
    settings = env or environment(POSTERN_DATA_DIR="/nowhere")
    with mock.patch.dict(os.environ, settings, clear=True), mock.patch.multiple(sys, **streams):
        code = cli.run(args)
    for stream in streams.values():
        stream.seek(0)
    return subprocess.CompletedProcess(args, code, streams["stdout"].read(), streams["stderr"].read())


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the one document on stdout."""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def data(done: subprocess.CompletedProcess[str]) -> Any:
    """Return the `data` of the one document on stdout."""
    return document(done)["data"]


def deliver(daemon: RunningDaemon, address: str, subject: str, text: str) -> None:
    """Deliver a mail by SMTP, as a foreign server would."""
    daemon.deliver(address, mail(address, subject=subject, text=text))


def until_waiting(daemon: RunningDaemon) -> None:
    """Return when a wait is registered. Each look is a request, so that this needs no pause."""
    for _ in range(LOOKS_MAX):
        if daemon.operator("GET", "/v1/stats").json["waits_active"]:
            return
    raise AssertionError("nobody waits")
