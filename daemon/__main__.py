"""`python -m daemon`: run the daemon, or its mock; check its settings, or the audit log, while none runs."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from daemon.settings import Loaded, Settings, SettingsError, load

FAILED, WRONG_USAGE = 1, 2
_FLAGS = [item for item in fields(Settings) if not item.metadata["secret"]]  # a process list is for everybody to read


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m daemon", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="serve until SIGTERM")
    run.add_argument("--json", action="store_true", help="say that it is ready, or why not, as one JSON object")
    verify = verbs.add_parser("audit-verify", help="recompute the hash chain of the audit log")
    verify.add_argument("--checkpoint", type=Path, help="a checkpoint that was kept elsewhere (JSON)")
    check = verbs.add_parser("check", help="try what the settings name outside: both backends")
    verbs.add_parser("mock", help="serve fixtures from a throw-away store until stdin ends")
    kept = [
        verbs.add_parser("backup-verify", help="check a backup, in a temporary place"),
        verbs.add_parser("backup-restore", help="put the database of a backup where there is none"),
        verbs.add_parser("keyring-recovery", help="write the master keys to a file under a passphrase"),
        verbs.add_parser("keyring-recover", help="put the master keys of such a file where there are none"),
    ]
    for verb in kept:
        verb.add_argument("file", type=Path)
        verb.add_argument("--passphrase-stdin", action="store_true", help="read a passphrase from stdin")
    doctor = verbs.add_parser("doctor", help="look at everything that could be wrong")
    for verb in (run, verify, check, doctor, *kept):
        for item in _FLAGS:
            verb.add_argument(f"--{item.name.replace('_', '-')}", help=item.metadata["help"], default=None)
    given = parser.parse_args(arguments)
    if given.verb == "mock":
        return _mock()
    flags = {item.name: text for item in _FLAGS if (text := getattr(given, item.name)) is not None}
    as_json = given.verb == "run" and given.json
    try:
        loaded = load(flags)
    except SettingsError as problem:
        return _fail(str(problem), WRONG_USAGE, "wrong_usage", as_json=as_json)
    settings = loaded.settings
    if given.verb == "run":
        return _run(loaded, as_json=as_json)
    if given.verb == "check":
        return _check(settings)
    if given.verb == "doctor":
        return _examine(settings)
    if given.verb == "audit-verify":
        return _verify(settings, given.checkpoint)
    return _keep(
        given.verb, settings, given.file, sys.stdin.readline().rstrip("\n") if given.passphrase_stdin else None
    )


def _run(loaded: Loaded, *, as_json: bool) -> int:
    from daemon.app import StartError, serve
    from daemon.service.status import Listeners

    def ready(listeners: Listeners) -> None:
        where = asdict(listeners)
        where["socket"] = where.pop("socket")  # last
        if as_json:
            line = json.dumps({"ready": True, **where, "pid": os.getpid()})
        else:
            line = "Postern is ready: " + ", ".join(f"{name} {at}" for name, at in where.items() if at)
        _say(line)

    try:
        asyncio.run(serve(loaded, ready))
    except StartError as problem:
        return _fail(str(problem), FAILED, "not_started", as_json=as_json)
    return 0


def _check(settings: Settings) -> int:
    from daemon.clock import SystemClock
    from daemon.doctor import Finding, Health, receiving, sending

    async def both() -> list[Finding]:
        return [await sending(settings, SystemClock()), await receiving(settings)]

    findings = asyncio.run(both())
    if failed := [one.detail for one in findings if one.status is Health.FAILED]:
        return _fail(" ".join(failed), FAILED, "not_ready")
    _say(json.dumps({"findings": [asdict(one) for one in findings]}))
    return 0


def _mock() -> int:
    from daemon.mock import serve

    asyncio.run(serve())
    return 0


def _verify(settings: Settings, kept: Path | None) -> int:
    from daemon.service.auditing import verify_offline

    try:
        result = verify_offline(settings.home, settings.database_path, kept)
    except (OSError, ValueError) as problem:
        return _fail(str(problem), FAILED, "audit_unreadable")
    _say(result.model_dump_json())
    return 0 if result.ok else FAILED


def _examine(settings: Settings) -> int:
    from daemon.clock import SystemClock
    from daemon.doctor import Health, examine

    found = asyncio.run(examine(settings, SystemClock()))
    _say(json.dumps({"findings": [asdict(one) for one in found]}))
    return FAILED if any(one.status is Health.FAILED for one in found) else 0


def _keep(verb: str, settings: Settings, file: Path, passphrase: str | None) -> int:
    """Do offline work on a backup or the master keys; its answer is one JSON object."""
    from daemon.app import StartError, locked, prepared_home
    from daemon.archive import ArchiveError
    from daemon.service.keeping import offline

    home = settings.home
    try:
        if verb == "backup-verify":
            found = offline.verify_backup(file, passphrase, home)
        elif verb == "backup-restore":
            with locked(prepared_home(home)):
                found = offline.restore_backup(file, passphrase, home, settings.database_path)
        elif verb == "keyring-recovery":
            offline.write_recovery(home, file, passphrase or "")
            _say(json.dumps({"file": str(file)}))
            return 0
        else:
            _say(json.dumps({"file": str(offline.recover_keys(file, passphrase or "", prepared_home(home)))}))
            return 0
    except (ArchiveError, StartError) as problem:
        return _fail(str(problem), FAILED, "not_kept")
    except OSError as problem:
        return _fail(f"{problem.filename or file}: {(problem.strerror or str(problem)).lower()}", FAILED, "not_kept")
    _say(found.model_dump_json())
    return 0 if found.ok else FAILED


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _fail(message: str, exit_code: int, code: str, *, as_json: bool = False) -> int:
    if as_json:
        _say(json.dumps({"error": {"code": code, "message": message, "details": [], "request_id": None}}))
    else:
        sys.stderr.write(f"postern: {message}\n")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
