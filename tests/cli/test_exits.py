"""How posternctl ends: each exit code, one line or one document, and never a traceback."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import Code, PosternError
from postern_ctl import diagnostics
from postern_ctl.diagnostics import EXIT_BY_CODE, Exit, explain
from tests.cli.conftest import World
from tests.cli.support import NOWHERE, POSTERNCTL, document, environment, inside, posternctl, until_waiting
from tests.support import RunningDaemon


@pytest.mark.parametrize("code", Code)
def test_each_code_has_its_exit(code: Code) -> None:
    expected = {
        Exit.USAGE: {"bad_request", "validation_failed"},
        Exit.NOT_FOUND: {"not_found"},
        Exit.NOT_ALLOWED: {
            "invalid_api_key",
            "invalid_enrollment_token",
            "enrollment_token_revoked",
            "enrollment_token_expired",
            "scope_denied",
            "domain_not_allowed",
        },
    }
    wanted = next((leaving for leaving, codes in expected.items() if code.value in codes), Exit.FAILED)
    assert EXIT_BY_CODE.get(code, Exit.FAILED) is wanted
    assert explain(PosternError(code, "Do this.")).exit_code is wanted


def test_a_bug_is_one_line_without_its_message() -> None:
    shown = explain(RuntimeError("secret detail"))
    assert (shown.exit_code, shown.code) == (Exit.FAILED, "internal_error")
    assert "secret" not in shown.message


def test_waiting_time_is_told() -> None:
    assert explain(PosternError(Code.RATE_LIMITED, "Slower.", retry_after_seconds=3)).message.endswith("in 3 s.")


def both(words: list[str], wanted: Exit, daemon: RunningDaemon | None = None, **more: str) -> str:
    """Run a failing command for people and for programs, and return its error code."""
    env = environment(**{"POSTERN_DATA_DIR": "/nowhere", **(daemon.env if daemon else {}), **more})
    human = inside(*words, env=env)
    assert (human.returncode, human.stdout) == (wanted, "")
    assert len(human.stderr.splitlines()) == 1
    assert human.stderr.startswith("posternctl: ")
    program = inside("--json", *words, env=env)
    assert (program.returncode, program.stderr) == (wanted, "")
    told = document(program)
    assert told.keys() == {"error"}
    assert told["error"].keys() == {"code", "message", "details", "request_id"}
    assert told["error"]["message"] in human.stderr
    return str(told["error"]["code"])


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "tenant",
        "tenant nonsense",
        "tenant create",
        "tenant create a b",
        "tenant list --nonsense",
        "audit tail -n many",
        "audit tail -n 0",
        "audit hash pk_agent_a_b",
        "inbox wait a@b --timeout -1",
        "inbox wait a@b --timeout inf",
        "message list a@b --direction sideways",
        "link create --audit 1 --expires soon",
        "key mint --tenant cus_a --label x --scope sing --max-mailboxes 1",
        "enroll",
        "enroll --token-stdin",
        "link open /",
        "daemon stop --url " + NOWHERE,
        "whoami --url gopher://x",
        "whoami --url",
        "whoami --api-key-stdin",
        "audit verify --url " + NOWHERE + " --checkpoint /nowhere/x",
        "daemon run --nonsense",
    ],
)
def test_wrong_usage_is_2(line: str) -> None:
    assert both(line.split(), Exit.USAGE) == "wrong_usage"


def test_json_without_a_command_is_wrong_usage() -> None:
    done = inside("--json")
    assert (done.returncode, done.stderr, document(done)["error"]["code"]) == (Exit.USAGE, "", "wrong_usage")


@pytest.mark.parametrize(
    ("more", "code", "leaving"),
    [([], "not_started", Exit.FAILED), (["--http-listen", "nowhere"], "wrong_usage", Exit.USAGE)],
)
def test_a_daemon_that_does_not_start_says_so_in_one_document(
    more: list[str], code: str, leaving: Exit, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "postern.db").mkdir(parents=True)
    done = posternctl("--json", "daemon", "run", "--data-dir", str(home), *more, env=environment())
    error = document(done)["error"]
    assert (done.returncode, done.stderr, error["code"]) == (leaving, "", code)
    assert (error["details"], error["request_id"]) == ([], None)


def test_settings_that_cannot_be_read_are_2() -> None:
    both(["config", "show"], Exit.USAGE, POSTERN_HTTP_LISTEN="nonsense")


def test_nobody_there_is_3() -> None:
    assert both(["tenant", "list"], Exit.UNREACHABLE) == "unreachable"
    assert both(["tenant", "list", "--url", NOWHERE], Exit.UNREACHABLE) == "unreachable"
    assert both(["daemon", "stop"], Exit.UNREACHABLE) == "unreachable"


def test_the_servers_refusals(daemon: RunningDaemon, world: World) -> None:
    assert both(["tenant", "show", "cus_nobody"], Exit.NOT_FOUND, daemon) == "not_found"
    assert both(["tenant", "show", "Nobody Inc"], Exit.NOT_FOUND, daemon) == "not_found"
    assert both(["inbox", "show", "nobody@acme.postern.test"], Exit.NOT_FOUND, daemon) == "not_found"
    assert both(["audit", "show", "999999"], Exit.NOT_FOUND, daemon) == "not_found"
    assert both(["inbox", "create"], Exit.USAGE, daemon) == "validation_failed"
    assert both(["inbox", "wait", world.address, "--regex", "("], Exit.USAGE, daemon) == "validation_failed"
    assert both(["whoami"], Exit.NOT_ALLOWED, daemon, POSTERN_API_KEY="pk_agent_a_b") == "invalid_api_key"
    assert both(["whoami", "--url", daemon.http], Exit.NOT_ALLOWED, daemon) == "invalid_api_key"
    both(["tenant", "list"], Exit.NOT_ALLOWED, daemon, POSTERN_API_KEY=world.agent_key)
    taken = ["inbox", "create", "--username", "taken"]
    daemon.ctl(*taken, key=world.agent_key)
    assert both(taken, Exit.FAILED, daemon, POSTERN_API_KEY=world.agent_key) == "address_taken"


def test_deleting_needs_the_name_again(daemon: RunningDaemon, world: World) -> None:
    assert both(["tenant", "delete", "acme"], Exit.USAGE, daemon) == "wrong_usage"
    assert both(["tenant", "delete", "acme", "--confirm", "acne"], Exit.USAGE, daemon) == "wrong_usage"
    assert both(["inbox", "delete", world.address], Exit.USAGE, daemon) == "wrong_usage"
    assert both(["inbox", "delete", world.address, "--confirm", "x"], Exit.USAGE, daemon) == "wrong_usage"
    daemon.ctl("inbox", "show", world.address)


def test_a_name_of_two_is_no_name(daemon: RunningDaemon, world: World) -> None:
    for label in ("twin-a", "twin-b"):
        daemon.ctl("tenant", "create", "Twin", "--label", label)
    done = daemon.ctl("tenant", "show", "Twin", check=False)
    assert (done.returncode, done.stderr.count("cus_")) == (2, 2)


def test_a_broken_chain_is_1_and_named(daemon: RunningDaemon, world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    with sqlite3.connect(daemon.data_dir / "postern.db") as source, sqlite3.connect(copy / "postern.db") as target:
        source.backup(target)
        for (trigger,) in target.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        ):
            target.execute(f'DROP TRIGGER "{trigger}"')
        target.execute("UPDATE audit SET line = replace(line, 'tenant:create', 'tenant:update') WHERE seq = 1")
    source.close()
    target.close()
    for file in daemon.data_dir.iterdir():
        if file.is_file() and not file.name.startswith("postern."):
            (copy / file.name).write_bytes(file.read_bytes())
            (copy / file.name).chmod(0o600)
    done = posternctl("audit", "verify", "--json", "--data-dir", str(copy), env=environment())
    error = document(done)["error"]
    assert (done.returncode, error["code"]) == (1, "audit_broken"), error
    assert error["details"] == [{"field": "seq", "message": "1"}]
    assert "at line 1" in error["message"]


def test_a_chain_that_is_not_there_is_1(tmp_path: Path) -> None:
    done = posternctl("audit", "verify", "--data-dir", str(tmp_path), env=environment())
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


# ------------------------------------------------------------------------------------------------------- rude endings


def test_a_closed_pipe_is_quiet(daemon: RunningDaemon, world: World) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [*POSTERNCTL, "audit", "export"],
            env=daemon.env,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (Exit.BROKEN_PIPE, "")


def test_ctrl_c_is_130_and_quiet(daemon: RunningDaemon, world: World) -> None:
    words = [*POSTERNCTL, "inbox", "wait", world.address, "--timeout", "60"]
    with subprocess.Popen(words, env=daemon.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waiting:
        until_waiting(daemon)
        waiting.send_signal(signal.SIGINT)
        assert waiting.communicate(timeout=10) == ("", "")
    assert waiting.returncode == Exit.INTERRUPTED


def test_a_traceback_only_on_request() -> None:
    words = [sys.executable, "-P", "-c"]
    program = (
        "from postern_ctl import cli, session\n"
        "def broken(**_): raise RuntimeError('boom')\n"
        "session.postern = broken\n"
        "raise SystemExit(cli.run(['whoami']))"
    )
    for debug, shown in ("", False), ("1", True):
        done = subprocess.run(
            [*words, program], env=environment(POSTERN_DEBUG=debug), capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert ("Traceback" in done.stderr) is shown
        assert "Unexpected RuntimeError" in done.stderr


def test_the_debug_variable_is_what_the_message_names() -> None:
    assert diagnostics.DEBUG_VARIABLE in explain(RuntimeError()).message
