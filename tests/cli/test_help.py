"""Help is complete, quick to load, and completion knows the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command

from postern_ctl.cli import NOUNS, root
from tests.cli.support import environment, inside, posternctl
from tests.support import RunningDaemon

HEAVY = {"pydantic", "aiohttp", "textual", "mcp", "rich", "cryptography", "sqlite_utils", "aiosmtpd"}
LOADED = "import json, sys; from postern_ctl.cli import run; run(sys.argv[1:]); print(json.dumps(sorted(sys.modules)))"


def commands() -> list[tuple[str, ...]]:
    """Return every command as its words."""
    found: list[tuple[str, ...]] = []
    program = get_command(root)
    for noun in NOUNS:
        loaded = program.get_command(None, noun)  # type: ignore[attr-defined]  # the root is a group
        found += below(loaded, noun)
    return found


def below(loaded: Any, *words: str) -> list[tuple[str, ...]]:
    """Return the commands of a noun, those of a noun inside it, too."""
    verbs = getattr(loaded, "commands", None)
    return [words] if verbs is None else [one for verb in verbs for one in below(verbs[verb], *words, verb)]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_has_a_sentence_and_an_example(words: tuple[str, ...]) -> None:
    told = inside(*words, "--help")
    usage, blank, *rest = told.stdout.splitlines()
    assert usage.startswith(f"Usage: posternctl {' '.join(words)}")
    assert blank == ""
    assert told.stdout.partition("\n\n")[2].partition("\n\n")[0].rstrip().endswith((".", "keys."))
    assert rest[-2] == "Example:"
    assert rest[-1].startswith(f"  posternctl {' '.join(words)}")
    assert all(len(line) <= 80 for line in (usage, *rest[:-1]))
    assert told.stderr == ""


def test_the_help_names_every_noun_and_every_flag() -> None:
    told = posternctl("--help").stdout
    assert posternctl().stdout == told
    for name in (*NOUNS, "--json", "--quiet, -q", "--data-dir DIR", "--api-key-stdin", "--install-completion"):
        assert f"  {name} " in told
    assert all(len(line) <= 80 for line in told.splitlines())


@pytest.mark.parametrize(
    "line", ["--help", "inbox --help", "inbox wait --help", "--version", "tenant list", "nonsense"]
)
def test_nothing_heavy_is_loaded(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOADED, *line.split()],
        env=environment(POSTERN_DATA_DIR="/nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "typer" in loaded
    assert not loaded & HEAVY
    if "help" in line:
        assert "http.client" not in loaded


def test_the_version_is_told() -> None:
    assert posternctl("--version").stdout.startswith("posternctl 0.")
    assert json.loads(posternctl("--json", "--version").stdout)["data"]["version"].startswith("0.")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("posternctl te", {"tenant"}),
        ("posternctl audit check", {"checkpoint", "checkpoints"}),
        ("posternctl k", {"key", "keyring"}),
    ],
)
def test_completion_knows_nouns_and_verbs(typed: str, offered: set[str]) -> None:
    env = environment(_POSTERNCTL_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(len(typed.split()) - 1))
    assert set(posternctl(env=env).stdout.split()) == offered


def completed(daemon: RunningDaemon, typed: str) -> set[str]:
    words = typed.split(" ")
    env = environment(
        _POSTERNCTL_COMPLETE="complete_bash",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(words) - 1),
        POSTERN_DATA_DIR=str(daemon.data_dir),
    )
    return set(posternctl(env=env).stdout.split())


def test_completion_knows_what_there_is(daemon: RunningDaemon) -> None:
    tenant = daemon.operator("POST", "/v1/tenants", {"name": "completed-tenant"}).json["id"]
    agent = daemon.agent(tenant, "completed-agent")
    address = daemon.inbox(agent["agent_key"])["address"]
    assert completed(daemon, "posternctl tenant show completed-") == {"completed-tenant"}
    assert completed(daemon, f"posternctl tenant show {tenant[:20]}") == {tenant}
    assert completed(daemon, "posternctl key list --tenant completed-") == {"completed-tenant"}
    assert completed(daemon, f"posternctl agent show {agent['agent_id'][:20]}") == {agent["agent_id"]}
    assert completed(daemon, f"posternctl inbox wait {address[:10]}") == {address}


def test_completion_is_silent_where_nobody_answers() -> None:
    env = environment(_POSTERNCTL_COMPLETE="complete_bash", COMP_WORDS="posternctl tenant show ", COMP_CWORD="3")
    done = posternctl(env=env | {"POSTERN_DATA_DIR": "/nowhere"})
    assert (done.stdout.strip(), done.stderr) == ("", "")
