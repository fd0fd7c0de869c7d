"""`posternctl mcp config`: hosts are told where to find the key, never the key."""

from __future__ import annotations

import json
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.cli.support import POSTERNCTL, data, environment

FILES = {
    "claude": ".mcp.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".vscode/mcp.json",
    "codex": ".codex/config.toml",
}
SECRET = "pk_agent_abc_verysecretindeed"


def config(home: Path, client: str, *arguments: str, input: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command with `home` as home and working directory, and a key in the environment."""
    env = environment(HOME=str(home), POSTERN_API_KEY=SECRET, **more)
    env.pop("CODEX_HOME", None)
    words = [*POSTERNCTL, "mcp", "config", "--client", client, *arguments]
    done = subprocess.run(words, env=env, input=input, capture_output=True, text=True, check=False, cwd=home)
    assert SECRET not in done.stdout + done.stderr
    return done


def server(client: str, text: str) -> dict[str, object]:
    """Return the entry of the server in a host's file."""
    if client == "codex":
        entry: dict[str, object] = tomllib.loads(text)["mcp_servers"]["postern"]
        return entry
    document = json.loads(text)
    found: dict[str, object] = document["servers" if client == "vscode" else "mcpServers"]["postern"]
    return found


@pytest.mark.parametrize("client", FILES)
def test_it_prints_what_belongs_where(tmp_path: Path, client: str) -> None:
    done = config(tmp_path, client, POSTERN_DATA_DIR="/srv/postern")
    entry = server(client, done.stdout)
    assert entry["args"] == ["-m", "postern_ctl", "mcp"] or entry["args"] == ["mcp"]
    assert Path(str(entry["command"])).is_absolute()
    assert entry["env"]["POSTERN_DATA_DIR"] == "/srv/postern"  # type: ignore[index]  # a dictionary
    assert "POSTERN_API_KEY" in json.dumps(entry)
    assert str(tmp_path / FILES[client]) in done.stderr
    assert not (tmp_path / FILES[client]).exists()


@pytest.mark.parametrize("client", FILES)
def test_it_writes_after_a_yes_and_keeps_what_was_there(tmp_path: Path, client: str) -> None:
    path = tmp_path / FILES[client]
    path.parent.mkdir(exist_ok=True)
    before = 'model = "x"\n\n[mcp_servers.other]\ncommand = "y"\n' if client == "codex" else '{"other": {"a": 1}}'
    path.write_text(before)
    path.chmod(0o600)
    refused = config(tmp_path, client, "--write")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert path.read_text() == before
    assert config(tmp_path, client, "--write", "--yes").returncode == 0
    text = path.read_text()
    assert server(client, text)
    assert SECRET not in text
    assert "other" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir() if "postern" in one.name] == []


def test_writing_twice_changes_nothing_more(tmp_path: Path) -> None:
    assert config(tmp_path, "vscode", "--write", "--yes").returncode == 0
    once = (tmp_path / FILES["vscode"]).read_text()
    assert config(tmp_path, "vscode", "--write", "--yes").returncode == 0
    assert (tmp_path / FILES["vscode"]).read_text() == once
    assert config(tmp_path, "codex", "--write", "--yes").returncode == 0
    again = config(tmp_path, "codex", "--write", "--yes")
    assert (again.returncode, "already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("client", "text"), [("claude", "{ // a comment\n}"), ("cursor", "[]"), ("codex", "= no toml")]
)
def test_what_cannot_be_merged_is_left_alone(tmp_path: Path, client: str, text: str) -> None:
    path = tmp_path / FILES[client]
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    done = config(tmp_path, client, "--write", "--yes")
    assert done.returncode == 1
    assert "left as it is" in done.stderr
    assert path.read_text() == text


def test_as_json_it_is_one_document(tmp_path: Path) -> None:
    told = data(config(tmp_path, "claude", "--json"))
    assert (told["client"], told["written"], told["path"]) == ("claude", False, str(tmp_path / ".mcp.json"))
    assert server("claude", told["text"])


def test_another_client_is_wrong_usage(tmp_path: Path) -> None:
    done = config(tmp_path, "netscape")
    assert done.returncode == 2
    assert "claude, cursor, vscode, codex" in done.stderr
