"""`posternctl daemon`."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from dataclasses import Field, fields
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from daemon.settings import Settings
from postern_ctl import diagnostics, invocation, output
from postern_ctl.app import command, noun
from postern_ctl.diagnostics import Exit, Failed
from postern_ctl.invocation import WrongUsage
from postern_ctl.session import is_local, postern

STOP_MAX_SECONDS = 30.0
STOP_LOOK_SECONDS = 0.05
CLIENT_SETTINGS = ("api_base_url", "api_key", "data_dir")  # the first two are not the daemon's, the third is global

app = noun("Run, inspect and stop the daemon.")


def run(**given: str | None) -> None:
    """Run the daemon in the foreground; one line on stdout tells when it is ready, and where."""
    words = [sys.executable, "-P", "-m", "daemon", "run"]
    flags = invocation.current()
    if flags.json:
        words.append("--json")
    for name, value in {"data_dir": flags.data_dir, **given}.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", value]
    output.flush()
    os.execv(words[0], words)  # noqa: S606  # this process becomes the daemon: no parent is left to forward signals


def _settings_signature() -> Signature:
    """Return one option for each of the daemon's settings."""
    taken = [item for item in fields(Settings) if item.name not in CLIENT_SETTINGS]
    options = [Parameter(item.name, Parameter.KEYWORD_ONLY, default=None, annotation=_option(item)) for item in taken]
    return Signature(options)


def _option(item: Field[Any]) -> Any:
    text, unit = item.metadata["help"], item.metadata["unit"]
    default = ", ".join(item.default) if type(item.default) is tuple else item.default
    shown = text[0].upper() + text[1:] + ("" if default in (None, "") else f" [{default}]")
    return Annotated[str | None, typer.Option(metavar=unit.upper() or "VALUE", help=shown)]


run.__signature__ = _settings_signature()  # type: ignore[attr-defined]  # typer reads the options from it
command(app, "run", "daemon run --http-listen 127.0.0.1:0 --json")(run)


@command(app, "status", "daemon status --json")
def status() -> None:
    """Show the running daemon: its addresses, age and counts."""
    output.show(postern().stats.get().data, essential="pid")


@command(app, "stop", "daemon stop")
def stop() -> None:
    """Stop the daemon that has this data directory, and wait until it is gone."""
    if not is_local():
        raise WrongUsage("Only a daemon on this machine can be stopped. Leave out --url.")
    pid = int(postern(with_key=False).stats.get().data["pid"])
    with diagnostics.progress("Stopping"):
        gone = _terminate(pid)
    if not gone:
        raise Failed("still_running", f"Process {pid} did not stop within {STOP_MAX_SECONDS:g} s. See its log.")
    output.show({"pid": pid, "stopped": True}, essential="pid")


def _terminate(pid: int) -> bool:
    """Send SIGTERM and tell whether the process ended in time."""
    try:
        if not hasattr(os, "pidfd_open"):
            os.kill(pid, signal.SIGTERM)
            return _gone(pid)
        process = os.pidfd_open(pid)  # names this very process, even if its number is used again
        try:
            signal.pidfd_send_signal(process, signal.SIGTERM)
            return bool(select.select([process], [], [], STOP_MAX_SECONDS)[0])
        finally:
            os.close(process)
    except ProcessLookupError:
        return True
    except PermissionError:
        raise Failed(
            "not_allowed", f"Process {pid} is another user's. Stop it as that user.", Exit.NOT_ALLOWED
        ) from None


def _gone(pid: int) -> bool:
    """Look until the process is gone; for systems that cannot wait for a process which is no child."""
    deadline = time.monotonic() + STOP_MAX_SECONDS
    while time.monotonic() < deadline:
        time.sleep(STOP_LOOK_SECONDS)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
    return False
