"""`posternctl daemon`: it becomes the daemon, tells how it is, and stops it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import dns.message
import dns.query
import pytest

from daemon.settings import Settings
from postern_ctl.commands.daemon import CLIENT_SETTINGS
from tests.cli.support import POSTERNCTL, data, environment, posternctl

DEFAULT_DOMAIN = str(Settings().base_domain)
FREE_PORTS = [
    *("--http-listen", "127.0.0.1:0", "--smtp-listen", "127.0.0.1:0", "--dns-listen", "127.0.0.1:0"),
    *("--log-level", "warning"),
]


def test_run_status_and_stop(tmp_path: Path) -> None:
    env = environment(POSTERN_DATA_DIR="/nowhere")
    home = ["--data-dir", str(tmp_path / "d")]
    words = [*POSTERNCTL, "daemon", "run", *home, "--json", *FREE_PORTS, "--agent-key-ttl", "1h"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        assert ready["pid"] == process.pid, "posternctl is the daemon: no parent is left in between"
        status = data(posternctl("daemon", "status", "--json", *home, env=env))
        shown = ("http", "smtp", "dns", "socket", "pid")
        assert {name: status[name] for name in shown} == {name: ready[name] for name in shown}
        assert ready["dns"].startswith("127.0.0.1:")
        assert posternctl("daemon", "status", "-q", *home, env=env).stdout == f"{process.pid}\n"
        stopped = posternctl("daemon", "stop", "--json", *home, env=env)
        assert data(stopped) == {"pid": process.pid, "stopped": True}
        assert process.wait(10) == 0
    assert posternctl("daemon", "status", *home, env=env).returncode == 3
    assert data(posternctl("audit", "verify", "--json", *home, env=env))["ok"], "works with the daemon stopped"


@pytest.mark.parametrize(
    ("only", "named"), [("dns", {"dns"}), ("smtp, http", {"http", "smtp"}), ("http,smtp,dns", {"http", "smtp", "dns"})]
)
def test_what_listens_can_be_chosen(only: str, named: set[str], tmp_path: Path) -> None:
    words = [*POSTERNCTL, "daemon", "run", "--data-dir", str(tmp_path / "d"), "--only", only, "--json", *FREE_PORTS]
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            assert set(ready) == {"ready", "socket", "pid"} | named
            status = data(
                posternctl("daemon", "status", "--json", "--data-dir", str(tmp_path / "d"), env=environment())
            )
            assert {name for name in ("http", "smtp", "dns") if status[name]} == named
            if "dns" in named:
                host, _, port = ready["dns"].rpartition(":")
                asked = dns.message.make_query(DEFAULT_DOMAIN, "SOA")
                assert dns.query.udp(asked, host, port=int(port), timeout=10).answer
            listening = _listening(process.pid)
            assert len(listening) == len(named & {"http", "smtp"}), listening
        finally:
            process.terminate()
        assert process.wait(20) == 0


def _listening(pid: int) -> list[str]:
    """Return the TCP sockets on which a process listens."""
    inodes = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]


def test_every_setting_of_the_daemon_is_a_flag() -> None:
    told = posternctl("daemon", "run", "--help").stdout
    for name in Settings.__dataclass_fields__:
        assert (f"--{name.replace('_', '-')} " in told) is (name not in CLIENT_SETTINGS), name


@pytest.mark.parametrize(
    "flags", [["--http-listen", "nonsense"], ["--log-level", "loud"], ["--only", "dns,ftp"], ["--only", ""]]
)
def test_a_setting_that_cannot_be_used(flags: list[str], tmp_path: Path) -> None:
    done = posternctl("daemon", "run", "--data-dir", str(tmp_path), *flags, env=environment())
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
