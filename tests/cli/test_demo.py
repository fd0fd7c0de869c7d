"""`posternctl demo`: the first thing that a visitor sees."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import POSTERNCTL, data, environment, posternctl


@pytest.fixture
def room() -> Iterator[Path]:
    """The temporary directory of the demo; its path is short, since a socket's has to be."""
    with tempfile.TemporaryDirectory(prefix="p") as name:
        yield Path(name)


@pytest.fixture
def env(room: Path) -> dict[str, str]:
    """Settings of a caller that must not reach the demo's daemon."""
    return environment(
        TMPDIR=str(room),
        POSTERN_BASE_DOMAIN="callers.example",
        POSTERN_DATA_DIR=str(room / "callers"),
        POSTERN_SMTP_LISTEN="127.0.0.1:1",
        POSTERN_API_BASE_URL="http://127.0.0.1:1",
        POSTERN_API_KEY="pk_agent_callers_own",
    )


def test_it_tells_the_whole_path(env: dict[str, str], room: Path) -> None:
    done = posternctl("demo", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^ +code +\d{6}$", done.stdout, re.MULTILINE)
    assert re.search(r"^ +link +https://northwind\.example/verify\?token=\S+$", done.stdout, re.MULTILINE)
    assert re.search(r"\d ms from SMTP's 250 to this answer", done.stdout)
    assert "chain whole" in done.stdout
    assert "callers" not in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "\x1b" not in done.stdout
    assert list(room.iterdir()) == [], "everything is removed"


def test_it_is_one_document(env: dict[str, str]) -> None:
    done = posternctl("demo", "--json", env=env)
    told = data(done)
    assert re.fullmatch(r"\d{6}", told["code"])
    assert told["link"].startswith("https://northwind.example/verify?token=")
    assert 0 <= told["latency_ms"] < 1000
    assert told["audit"]["ok"]
    assert all(step.keys() == {"title", "command", "ms"} for step in told["steps"])
    assert [step["command"].split()[1] for step in told["steps"]] == [
        "daemon",
        "tenant",
        "key",
        "enroll",
        "inbox",
        "inbox",
        "audit",
        "audit",
    ]


def test_quiet_prints_the_code(env: dict[str, str]) -> None:
    assert re.fullmatch(r"\d{6}\n", posternctl("demo", "-q", env=env).stdout)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing_behind(number: signal.Signals, env: dict[str, str], room: Path) -> None:
    words = [*POSTERNCTL, "demo"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "HTTP" in line:  # the daemon runs
                break
        process.send_signal(number)
        process.stdout.read()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 130
    assert list(room.iterdir()) == []
