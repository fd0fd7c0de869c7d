from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.support import POSTERNCTL, Daemon, data, environment


@dataclass
class Running:
    """A daemon on free ports."""

    data_dir: Path
    http: str
    smtp: tuple[str, int]
    env: dict[str, str]

    def ctl(
        self, *args: str, input: str | None = None, key: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run posternctl against it."""
        env = self.env if key is None else {**self.env, "POSTERN_API_KEY": key}
        done = subprocess.run(
            [*POSTERNCTL, *args],
            input=input if input is not None else "",
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return done


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("postern")
    env = environment(POSTERN_DATA_DIR=str(home / "d"))
    words = [sys.executable, "-P", "-m", "daemon", "run", "--json"]
    words += ["--http-listen", "127.0.0.1:0", "--smtp-listen", "127.0.0.1:0", "--log-level", "warning"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        host, _, port = ready["smtp"].rpartition(":")
        yield Running(home / "d", f"http://{ready['http']}", (host, int(port)), env)
        process.send_signal(signal.SIGTERM)


@dataclass(frozen=True)
class World:
    """A tenant, its enrollment key, an agent with its key, and the agent's mailbox."""

    tenant: str
    key: str
    enrollment_token: str
    agent: str
    agent_key: str
    address: str
    inbox: str


@pytest.fixture(scope="module")
def world(daemon: Daemon) -> World:
    tenant = data(daemon.ctl("tenant", "create", "acme", "--json"))["id"]
    mint = ["key", "mint", "--tenant", "acme", "--label", "ci", "--scope", "create,read", "--max-mailboxes", "50"]
    minted = data(daemon.ctl(*mint, "--reusable", "--reveal", "--json"))
    token = minted["enrollment_token"]
    enrolled = data(daemon.ctl("enroll", "--token-stdin", "--handle", "one", "--reveal", "--json", input=token))
    inbox = data(daemon.ctl("inbox", "create", "--json", key=enrolled["agent_key"]))
    return World(
        tenant, minted["id"], token, enrolled["agent_id"], enrolled["agent_key"], inbox["address"], inbox["id"]
    )
